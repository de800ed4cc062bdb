"""Circles, sizes of packages, short modules, and who assigns to what."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import pytest

from tests.house import Source, banned_words, imported, modules, shape, short_modules, sources

HALLS = ("collab", "server", "storage")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def ours() -> list[Source]:
    return [s for s in sources() if s.room in HALLS]


# --- the rules, as functions of files -------------------------------------------------------


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of modules that reach one another, each sorted: Tarjan's algorithm."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = []
    for start in arrows:
        if start in number:
            continue
        number[start] = lowest[start] = len(number)
        path.append(start)
        work = [(start, iter(arrows[start]))]
        while work:
            here, rest = work[-1]
            there = next(rest, None)
            if there is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[here])
                if lowest[here] == number[here]:
                    group = path[path.index(here) :]
                    del path[path.index(here) :]
                    found += [sorted(group)] if len(group) > 1 else []
            elif there not in number:
                number[there] = lowest[there] = len(number)
                path.append(there)
                work.append((there, iter(arrows.get(there, ()))))
            elif there in path:
                lowest[here] = min(lowest[here], number[there])
    return found


def packages(names: Iterable[str]) -> Counter[str]:
    """How many modules lie directly in each package."""
    return Counter(name.rpartition(".")[0] for name in names)


def attributes(source: Source) -> Iterator[str]:
    """Names that the classes of the file give their instances."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    yield each.target.id
        elif isinstance(node, ast.Attribute) and _is_self(node.value) and _is_store(node):
            yield node.attr


def assignments(source: Source) -> Iterator[tuple[int, str]]:
    """Attributes that the file assigns to on anything but `self`; Starlette's own are none."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute) or not _is_store(node):
            continue
        if ast.unparse(node.value) not in {"self", "request.state"}:
            yield node.lineno, node.attr


def _is_store(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def assignment_breaches(source: Source, theirs: set[str]) -> list[str]:
    return [
        f"{source.path}:{line} sets {name}" for line, name in assignments(source) if name in theirs
    ]


def names(source: Source) -> Iterator[str]:
    """Every name that the file gives: classes, functions, arguments, variables, attributes."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and _is_store(node):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def words(name: str) -> set[str]:
    """`LockDesk` and `lock_desk` both have the words `lock` and `desk`."""
    return {word.lower() for word in WORD.findall(name)}


# --- what must hold -------------------------------------------------------------------------


def test_no_files_import_one_another() -> None:
    arrows = {s.module: sorted({m for _, m in imported(s)}) for s in ours()}
    assert circles(arrows) == []


def test_no_package_is_a_hall() -> None:
    most, at_the_top = int(shape("most modules in a package")[0]), int(shape("most modules at")[0])
    counted = packages(modules())
    assert {name: n for name, n in counted.items() if n > most} == {}
    assert counted["server"] <= at_the_top


def test_a_short_module_has_its_reason() -> None:
    shortest = int(shape("shortest module")[0])
    short = {s.path for s in ours() if not s.is_package and s.text.count("\n") < shortest}
    migrations = {path for path in short if path.startswith("storage/migrations/")}
    assert short - migrations == short_modules()


def test_the_server_sets_no_attribute_of_the_core() -> None:
    """By name: an attribute that classes of `collab/` have, and none of `server/`."""
    own = {name for s in ours() if s.room == "server" for name in attributes(s)}
    theirs = {name for s in ours() if s.room == "collab" for name in attributes(s)} - own
    found = [b for s in ours() if s.room == "server" for b in assignment_breaches(s, theirs)]
    assert found == []


def test_no_name_has_a_word_that_the_glossary_bans() -> None:
    banned = banned_words()
    found = {f"{s.path}: {name}" for s in ours() for name in names(s) if words(name) & banned}
    assert sorted(found) == []


# --- the rules see what they are for --------------------------------------------------------


@pytest.mark.parametrize(
    ("arrows", "found"),
    [
        ({"a": ["b"], "b": []}, []),
        ({"a": ["b"], "b": ["a"]}, [["a", "b"]]),
        ({"a": ["b", "d"], "b": ["c"], "c": ["a"], "d": ["b"]}, [["a", "b", "c", "d"]]),
        ({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a", "c"]}, [["b", "c"]]),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
    ],
)
def test_a_circle_is_seen(arrows: dict[str, list[str]], found: list[list[str]]) -> None:
    assert circles(arrows) == found


@pytest.mark.parametrize(
    "text",
    [
        "from server.documents import hub",
        "from server.documents.hub import Hub",
        "import server.documents.hub",
        "def f():\n    from server.documents.hub import Hub",
        "if TYPE_CHECKING:\n    from server.documents.hub import Hub",
    ],
)
def test_an_import_is_seen_wherever_it_stands(text: str) -> None:
    source = Source("server/http/x.py", text, ast.parse(text))
    assert [module for _, module in imported(source)] == ["server.documents.hub"]


@pytest.mark.parametrize("text", ["room.seconds = 1", "x.y.seconds += 1", "a, b.seconds = 1, 2"])
def test_an_assignment_to_an_attribute_of_the_core_is_seen(text: str) -> None:
    assert assignment_breaches(Source("server/x.py", text, ast.parse(text)), {"seconds"})


def test_an_own_attribute_may_be_set() -> None:
    text = "self.seconds = 1\nseconds = 2"
    assert assignment_breaches(Source("server/x.py", text, ast.parse(text)), {"seconds"}) == []


@pytest.mark.parametrize("name", ["LockDesk", "lock_desk", "_desk", "DESK_SIZE", "theDesk"])
def test_a_word_is_seen_in_any_spelling(name: str) -> None:
    assert "desk" in words(name)
    assert "desk" not in words(name.replace("esk", "esks").replace("ESK", "ESKS"))


def test_every_kind_of_name_is_seen() -> None:
    text = "class A:\n    def f(self, b):\n        self.c = d = 1\n        [0 for e in ()]"
    assert set(names(Source("server/x.py", text, ast.parse(text)))) == {*"Afbcde", "self"}
