"""The house rules as docs/architecture.md states them, and the source files that they hold for."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("collab", "storage", "server", "tests", "bench")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Room:
    may: frozenset[str]
    never: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A Python file: its path from the root, its room, and what it imports and reaches for."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def tables(page: str = "architecture.md") -> dict[str, list[list[str]]]:
    """The tables of a page in docs/ by their heading: rows of cells, without the head."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").strip()
        elif line.startswith("|"):
            found.setdefault(heading, []).append([cell.strip() for cell in line[1:-1].split("|")])
    return {name: rows[2:] for name, rows in found.items()}


def rooms() -> dict[str, Room]:
    return {
        CODE.findall(name)[0]: Room(frozenset(CODE.findall(may)), frozenset(CODE.findall(never)))
        for name, _, may, never in tables()["Rooms"]
    }


def floors(room: str) -> list[str]:
    return [CODE.findall(name)[0] for name, _ in tables().get(f"Floors of {room}", [])]


def short_modules() -> set[str]:
    return {CODE.findall(name)[0] for name, _ in tables()["Short modules"]}


def doors() -> dict[str, list[str]]:
    return {CODE.findall(thing)[0]: CODE.findall(where) for thing, where in tables()["Doors"]}


def shape(rule: str) -> list[str]:
    return next(CODE.findall(cell) for name, cell in tables()["Shape"] if name.startswith(rule))


def banned_words() -> set[str]:
    rows = tables("glossary.md")["Words we do not use"]
    return {word for words, _ in rows for word in words.split(", ")}


@cache
def sources() -> tuple[Source, ...]:
    # A quarter of the time: trees are many objects, and the collector would look at all of them.
    gc.disable()
    try:
        return _sources()
    finally:
        gc.enable()


def _sources() -> tuple[Source, ...]:
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))
        for path in paths
        if "node_modules" not in path.parts
        for text in [path.read_text(encoding="utf-8")]
    )


@cache
def imports(source: Source) -> tuple[tuple[int, str], ...]:
    """Every module that the file names, those inside functions and TYPE_CHECKING included.

    `from a import b` gives `a.b`, for it may be a module; a rule for `a` covers it.
    """
    return tuple(_imports(source))


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(source, node)
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _loads(node) and isinstance(node.args[0], ast.Constant):
            yield node.lineno, str(node.args[0].value)


def _loads(node: ast.Call) -> bool:
    name = ast.unparse(node.func)
    return bool(node.args) and name.endswith(("import_module", "__import__"))


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    up = node.level - source.path.endswith("__init__.py")
    start = package[: len(package) - up]
    return ".".join([*start, node.module] if node.module else start)


@cache
def reaches(source: Source) -> tuple[tuple[int, str], ...]:
    """Every `name.attribute` of the file, by its last two parts: `datetime.now`, `os.environ`."""
    return tuple(_reaches(source))


def _reaches(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield node.lineno, f"{name}.{node.attr}"


@cache
def modules() -> frozenset[str]:
    """Every module of the three rooms; packages are none."""
    halls = ("collab", "server", "storage")
    return frozenset(s.module for s in sources() if s.room in halls and not s.is_package)


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Our own modules among what the file imports: `from a import b` names `a.b`, or `a`."""
    for line, name in imports(source):
        for module in (name, name.rpartition(".")[0]):
            if module in modules() and module != source.module:
                yield line, module
                break


def covers(rule: str, module: str) -> bool:
    """`a.b` covers `a.b` and `a.b.c`; `*` covers all."""
    return rule == "*" or module == rule or module.startswith(rule + ".")


def is_at(path: str, places: list[str]) -> bool:
    return any(fnmatch(path, place) for place in places)
