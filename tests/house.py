"""The rules of docs/architecture.md, and the source files that they apply to."""

from __future__ import annotations

import ast
import builtins
import gc
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("collab", "storage", "server", "weft", "tests", "bench")
CODE = re.compile(r"`([^`]+)`")
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
QUOTED = re.compile(r"[\w.\[\], |]{1,200}")
LOADERS = ("import_module", "__import__", "find_spec", "run_module", "resolve_name")


@dataclass(frozen=True, slots=True)
class Part:
    may: frozenset[str]
    never: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A Python file: its path from the root, its part, and what it imports and reaches for."""

    path: str
    text: str

    @property
    def part(self) -> str:
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


@cache
def parts() -> dict[str, Part]:
    return {
        CODE.findall(name)[0]: Part(frozenset(CODE.findall(may)), frozenset(CODE.findall(never)))
        for name, _, may, never in tables()["Parts"]
    }


def floors(part: str) -> list[str]:
    return [CODE.findall(name)[0] for name, _ in tables().get(f"Floors of {part}", [])]


def short_modules() -> set[str]:
    return {CODE.findall(name)[0] for name, _ in tables()["Short modules"]}


@cache
def doors() -> dict[str, list[str]]:
    return {CODE.findall(thing)[0]: CODE.findall(where) for thing, where in tables()["Doors"]}


def shape(rule: str) -> list[str]:
    return next(CODE.findall(cell) for name, cell in tables()["Shape"] if name.startswith(rule))


def banned_words() -> set[str]:
    rows = tables("glossary.md")["Words we do not use"]
    return {word.strip("`") for words, _ in rows for word in words.split(", ")}


@cache
def sources() -> tuple[Source, ...]:
    paths = sorted(path for part in PARTS for path in _python_files(ROOT / part))
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in paths
    )


def _python_files(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        if "node_modules" in folders:
            folders.remove("node_modules")
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


@cache
def nodes(source: Source) -> list[ast.AST]:
    """The nodes of the file's syntax tree, read once, and only when a rule looks into the file."""
    return syntax(source.text)


def syntax(text: str, without: Collection[type] = ()) -> list[ast.AST]:
    """Return the nodes of a syntax tree, the module first; without `Load()`, `Add()` and others.

    Nodes of the types `without` are left out too, with all that they hold.
    """
    # This saves three quarters of the time: the collector would visit every object of the trees.
    gc.disable()
    try:
        found: list[ast.AST] = [ast.parse(text)]
        for node in found:
            for value in node.__dict__.values():
                if isinstance(value, list):
                    found += [
                        each
                        for each in value
                        if isinstance(each, ast.AST) and type(each) not in without
                    ]
                elif isinstance(value, ast.AST) and value._fields and type(value) not in without:
                    found.append(value)
        return found
    finally:
        gc.enable()


@cache
def imports(source: Source) -> tuple[tuple[int, str], ...]:
    """Every module that the file names, also inside functions and under TYPE_CHECKING.

    `from a import b` gives `a.b`, because it may be a module; a rule for `a` covers it. After
    `import a`, the use of `a.b` or `"a.b"` gives it too. A builtin gives `builtins.open`.
    """
    return tuple(dict.fromkeys([*_imports(source), *_named(source)]))


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(source, node)
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _name(node.func).endswith(LOADERS):
            given = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
            if given:
                yield node.lineno, "".join(str(part) for part in reversed(given))


@cache
def _named(source: Source) -> tuple[tuple[int, str], ...]:
    """The full name of a chain of attributes that starts at an import or a builtin."""
    known = {name: f"builtins.{name}" for name in dir(builtins)} | dict(_bindings(source))
    found = list[tuple[int, str]]()
    for node in nodes(source):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
            names = [_name(node)]
        elif isinstance(node, ast.Constant) and QUOTED.fullmatch(str(node.value)):
            names = DOTTED.findall(str(node.value))
        else:
            continue
        for root, dot, rest in (name.partition(".") for name in names):
            if root in known:
                found.append((node.lineno, f"{known[root]}{dot}{rest}"))
    return tuple(found)


def _bindings(source: Source) -> Iterator[tuple[str, str]]:
    """The names that imports bind in the file, with their full names."""
    for node in nodes(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute(source, node)
            for alias in node.names:
                yield alias.asname or alias.name, f"{start}.{alias.name}"


def _name(node: ast.expr) -> str:
    """`a.b.c` as written. `getattr(a, "b")` is `a.b`. Other expressions are empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name)), *_]):
            return f"{_name(owner)}.{name}"
    return ""


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
    named = [*_named(source), *_written(source)]
    pairs = ((line, ".".join(name.split(".")[-2:])) for line, name in named)
    return tuple(dict.fromkeys(pairs))


def _written(source: Source) -> Iterator[tuple[int, str]]:
    for node in nodes(source):
        if isinstance(node, ast.Attribute):
            yield node.lineno, f".{_name(node)}"


@cache
def modules() -> frozenset[str]:
    """Every module of the four parts, without `__init__.py`."""
    ours = ("collab", "server", "storage", "weft")
    return frozenset(s.module for s in sources() if s.part in ours and not s.is_package)


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Our own modules among what the file imports: `from a import b` names `a.b`, or `a`."""
    for line, name in imports(source):
        module = name
        while module and module not in modules():
            module = module.rpartition(".")[0]
        if module and module != source.module:
            yield line, module


def covered(module: str, rules: Collection[str]) -> list[str]:
    """Return the rules for a module: `a.b` covers `a.b` and `a.b.c`; `*` covers all."""
    words = module.split(".")
    names = [".".join(words[:end]) for end in range(1, len(words) + 1)]
    return [name for name in (*names, "*") if name in rules]


def is_at(path: str, places: list[str]) -> bool:
    return any(fnmatch(path, place) for place in places)
