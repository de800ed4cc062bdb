"""No import circles, limited packages, no short modules, no assignments across parts."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

import pytest

from tests.house import (
    PARTS,
    ROOT,
    Source,
    banned_words,
    imported,
    imports,
    modules,
    nodes,
    parts,
    shape,
    short_modules,
    sources,
)

OURS = ("collab", "server", "storage", "weft")
WORDS = re.compile(r"\w+")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def ours() -> list[Source]:
    return [s for s in sources() if s.part in OURS]


# --- the rules, as functions of files -------------------------------------------------------


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of modules that import one another, each sorted (Tarjan's algorithm)."""
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
    """Return the number of modules directly in each package."""
    return Counter(name.rpartition(".")[0] for name in names)


def crowded(counted: Mapping[str, int], most: int, at_the_top: int) -> dict[str, int]:
    """Packages with more modules than the table of shapes allows."""
    return {
        name: count
        for name, count in counted.items()
        if count > (at_the_top if name == "server" else most)
    }


def short(files: Iterable[Source], shortest: int) -> set[str]:
    """Modules with fewer lines than the table of shapes asks for."""
    return {s.path for s in files if not s.is_package and s.text.count("\n") < shortest}


def does_something(source: Source) -> bool:
    """Whether the file has a statement besides its docstring."""
    module = nodes(source)[0]
    return isinstance(module, ast.Module) and not all(
        isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in module.body
    )


def attributes(source: Source) -> Iterator[str]:
    """The attributes that classes of the file assign on `self`."""
    for node in nodes(source):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                targets = each.targets if isinstance(each, ast.Assign) else []
                targets = [each.target] if isinstance(each, ast.AnnAssign) else targets
                yield from (name.id for name in targets if isinstance(name, ast.Name))
        elif isinstance(node, ast.Attribute) and _is_self(node.value) and _is_store(node):
            yield node.attr


def assignments(source: Source) -> Iterator[tuple[int, str, str]]:
    """The attributes that the file assigns to, except on `self` and on Starlette's objects.

    An item of an attribute counts as the attribute: `room.members[key] = member`.
    """
    for node in nodes(source):
        target = node.value if isinstance(node, ast.Subscript) else node
        if isinstance(target, ast.Attribute) and _is_store(node):
            owner = ast.unparse(target.value)
            if owner not in {"self", "request.state"}:
                yield target.lineno, owner, target.attr


def _is_store(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def of_the_core(source: Source) -> set[str]:
    """Names that the file annotates with a class of `collab/`: `room` in `room: Room`."""
    theirs = {name.rpartition(".")[2] for _, name in imports(source) if name.startswith("collab.")}
    return {
        name
        for node in nodes(source)
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation
        for name in [node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)]
        if WORDS.findall(ast.unparse(node.annotation))[0] in theirs
    }


def assignment_breaches(
    source: Source, theirs: set[str], both: Set[str] = frozenset(), core: Set[str] = frozenset()
) -> list[str]:
    """Assignments to the core's attributes: to `theirs`, or on a name annotated with a core class.

    `both` are attributes that classes of `server/` have too. An assignment to one counts when it
    is on an attribute of the core, which `core` names: `live.room.version`.
    """
    here = of_the_core(source)
    return [
        f"{source.path}:{line} sets {owner}.{name}"
        for line, owner, name in assignments(source)
        for _, dot, last in [owner.rpartition(".")]
        if name in theirs
        or name == "__dict__"
        or here & {owner, last}
        or (dot and last in core and name in both)
    ]


def names(source: Source) -> Iterator[str]:
    """Every name in the file: classes, functions, arguments, variables, aliases."""
    yield from source.module.split(".")
    for node in nodes(source):
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.alias(asname=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield name
            case ast.Attribute(attr=name) if _is_store(node):
                yield name
            case _:
                pass


def words(name: str) -> set[str]:
    """`LockDesk` and `lock_desk` both have the words `lock` and `desk`."""
    return {word.lower() for word in WORD.findall(name)}


# --- the code keeps the rules ---------------------------------------------------------------


def test_there_are_no_import_circles() -> None:
    arrows = {s.module: sorted({m for _, m in imported(s)}) for s in ours()}
    assert circles(arrows) == []


def test_no_package_is_too_large() -> None:
    most, at_the_top = int(shape("most modules in a package")[0]), int(shape("most modules at")[0])
    assert crowded(packages(modules()), most, at_the_top) == {}


def test_a_short_module_has_its_reason() -> None:
    found = short(ours(), int(shape("shortest module")[0]))
    migrations = {path for path in found if path.startswith("storage/migrations/")}
    assert found - migrations == short_modules()


def test_init_files_have_no_code() -> None:
    """Code in `__init__.py` would escape the other rules."""
    # `weft/__init__.py` names what other programs import.
    packages = [s for s in ours() if s.is_package and s.path != "weft/__init__.py"]
    assert [s.path for s in packages if does_something(s)] == []


def test_every_package_has_a_row_in_the_tables() -> None:
    assert set(parts()) == set(PARTS)
    tops = {
        path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")
    }
    assert tops == set(PARTS)
    assert [path.name for path in ROOT.glob("*.py")] == []


def test_the_server_sets_no_attribute_of_the_core() -> None:
    """Attributes are compared by name: see `assignment_breaches`."""
    server = [s for s in ours() if s.part == "server"]
    own = {name for s in server for name in attributes(s)}
    theirs = {name for s in ours() if s.part == "collab" for name in attributes(s)}
    core = {name for s in server for name in of_the_core(s)}
    breaches = [assignment_breaches(s, theirs - own, theirs & own, core) for s in server]
    assert [breach for found in breaches for breach in found] == []


def test_no_name_has_a_word_that_the_glossary_bans() -> None:
    banned = banned_words()
    found = {f"{s.path}: {name}" for s in ours() for name in names(s) if words(name) & banned}
    assert sorted(found) == []


# --- each rule finds its breaches -----------------------------------------------------------


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
def test_a_circle_is_found(arrows: dict[str, list[str]], found: list[list[str]]) -> None:
    assert circles(arrows) == found


@pytest.mark.parametrize(
    "text",
    [
        "from server.documents import hub",
        "from server.documents.hub import Hub",
        "from server.documents.hub import *",
        "from ..documents.hub import Hub",
        "from ..documents import hub as other",
        "import server.documents.hub",
        "import server.documents.hub as other",
        "import server.documents\nserver.documents.hub.Hub()",
        "import server as s\ns.documents.hub.Hub()",
        "from server import documents\ndocuments.hub.Hub()",
        "from .. import documents\nx: documents.hub.Hub",
        "from server import documents\nx: 'documents.hub.Hub | None'",
        "from server import documents\ngetattr(documents, 'hub')",
        "def f():\n    from server.documents.hub import Hub",
        "if TYPE_CHECKING:\n    from server.documents.hub import Hub",
        "load = importlib.import_module('server.documents.hub')",
        "importlib.import_module('.hub', 'server.documents')",
        "__import__('server.documents.hub')",
    ],
)
def test_an_import_is_found_in_every_place(text: str) -> None:
    source = Source("server/http/x.py", text)
    assert {module for _, module in imported(source)} == {"server.documents.hub"}


def test_too_many_modules_are_found() -> None:
    counted = {"server": 9, "server.http": 16, "server.lanes": 15}
    assert crowded(counted, 15, 8) == {"server": 9, "server.http": 16}
    assert crowded({"server": 8}, 15, 8) == {}


def test_a_short_module_is_found() -> None:
    files = [Source("server/a.py", "\n" * 39), Source("server/b.py", "\n" * 40)]
    assert short([*files, Source("server/__init__.py", "")], 40) == {"server/a.py"}


@pytest.mark.parametrize("text", ["from server.x import y", '"""A."""\nx = 1', "def f(): ..."])
def test_code_in_an_init_file_is_found(text: str) -> None:
    assert does_something(Source("server/x/__init__.py", text))
    assert not does_something(Source("server/x/__init__.py", '"""A."""'))


@pytest.mark.parametrize(
    "text",
    [
        "room.seconds = 1",
        "room.seconds: int = 1",
        "x.y.seconds += 1",
        "a, b.seconds = 1, 2",
        "[a, *b.seconds] = c",
        "del room.seconds",
        "for room.seconds in (): ...",
        "with x as room.seconds: ...",
        "room.seconds[key] = 1",
        "del room.seconds[key]",
        "room.__dict__['seconds'] = 1",
        "from collab.room.room import Room\ndef f(room: Room): room.own = 1",
        "from collab.room.room import Room\ndef f(self, room: Room | None): self.room.own = 1",
        "from collab.room import room\ndef f(it: room.Room): it.own = 1",
    ],
)
def test_an_assignment_to_an_attribute_of_the_core_is_found(text: str) -> None:
    assert assignment_breaches(Source("server/x.py", text), {"seconds"})


def test_an_assignment_to_an_attribute_of_both_parts_is_found() -> None:
    source = Source("server/x.py", "live.room.version = 1")
    assert assignment_breaches(source, set(), {"version"}, {"room"})
    assert assignment_breaches(source, set(), {"version"}, {"feed"}) == []


def test_an_assignment_to_an_own_attribute_is_allowed() -> None:
    text = "self.seconds = 1\nseconds = 2\nother.own = 3"
    assert assignment_breaches(Source("server/x.py", text), {"seconds"}) == []


def test_attributes_of_instances_are_found() -> None:
    text = "class A:\n    b = 1\n    c: int\n    def f(self):\n        self.d, self.e = 1, 2"
    assert set(attributes(Source("collab/x.py", text))) == set("bcde")


@pytest.mark.parametrize("name", ["LockDesk", "lock_desk", "_desk", "DESK_SIZE", "theDesk"])
def test_a_word_is_found_in_any_spelling(name: str) -> None:
    assert "desk" in words(name)
    assert "desk" not in words(name.replace("esk", "esks").replace("ESK", "ESKS"))


def test_every_kind_of_name_is_found() -> None:
    text = "class A:\n    def f(self, b):\n        self.c = d = 1\n        [0 for e in ()]"
    assert set(names(Source("server/x.py", text))) == {*"Afbcdex", "self", "server"}


@pytest.mark.parametrize(
    "text",
    [
        "import x as ward",
        "from x import y as ward",
        "try: ...\nexcept E as ward: ...",
        "match x:\n    case E() as ward: ...",
        "match x:\n    case [*ward]: ...",
        "match x:\n    case {**ward}: ...",
        "if (ward := 1): ...",
    ],
)
def test_a_name_is_found_in_every_place(text: str) -> None:
    assert "ward" in set(names(Source("server/x.py", text)))
