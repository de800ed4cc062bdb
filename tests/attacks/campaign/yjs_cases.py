"""Cases of the Yjs lane: every message of the y-protocols, and structures of an update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import get_args

from collab.errors import Rejected
from collab.yjs import frames
from collab.yjs.update import STORED_BOUNDS, inspect
from tests.attacks.campaign import limits
from tests.attacks.campaign.case import Case, Level, Talk
from tests.attacks.campaign.documents import DOCUMENTS, PROSE, Document
from tests.collab.yjs.updates import NULL, gc, item, plain, shared, string, text, uint, update

Made = tuple[str, Level, Document, Callable[[int], Sequence[bytes]]]
CLIENT = 2**30  # the client id of a run's first client; afterwards the id belongs to its user


def kinds() -> dict[str, type]:
    """Return all messages by their name."""
    return {kind.__name__: kind for kind in get_args(frames.Message)}


def yjs_cases(kind: str) -> Iterator[Case]:
    for count, (dimension, level, document, make) in enumerate(MESSAGES[kind]()):
        first = CLIENT + 100 * (count + 1) + 100_000 * list(MESSAGES).index(kind)
        yield Case(
            "yjs",
            kind,
            dimension,
            level,
            document.name,
            partial(_talk, make, first, kind == "SyncStep1"),
        )


def _talk(make: Callable[[int], Sequence[bytes]], first: int, opens: bool, number: int) -> Talk:
    client = first + number
    # Each case finds the document as the case before it. Else its state would soon be full.
    last = [frames.update(update(deletes={client: [(0, end)]})) for end in _ends(make)]
    return Talk(tuple(make(client)), opens=opens, last=tuple(last))


@cache
def _ends(make: Callable[[int], Sequence[bytes]]) -> set[int]:
    """Return the clock after a client's updates; nothing when the client sends none."""
    ends: set[int] = set()
    with suppress(Rejected):
        for message in (each for frame in make(CLIENT) for each in frames.decode(frame)):
            if isinstance(message, frames.SyncStep2 | frames.SyncUpdate):
                sections = inspect(message.update, STORED_BOUNDS).sections
                ends |= {
                    structs[-1].end for client, structs in sections.items() if client == CLIENT
                }
    return {max(ends)} if ends else ends


def vector(entries: Sequence[tuple[int, int]]) -> bytes:
    return uint(len(entries)) + b"".join(uint(client) + uint(clock) for client, clock in entries)


def _step_1() -> Iterator[Made]:
    for document in DOCUMENTS.values():
        yield "the question", "plain", document, lambda _: [frames.sync_step1(b"\0")]
    clients = limits.YJS.clients
    many = frames.sync_step1(vector([(n + 10, 1) for n in range(clients)]))
    yield "clients", "at", PROSE, lambda _: [many[: limits.FRAME]]
    most = frames.sync_step1(vector([(n, 0) for n in range(clients)]))
    yield "clients", "at", PROSE, lambda _: [most]
    yield (
        "clients",
        "above",
        PROSE,
        lambda _: [frames.sync_step1(vector([(n, 0) for n in range(clients + 1)]))],
    )
    question = frames.sync_step1(b"\0")
    for document in DOCUMENTS.values():
        yield "messages of a frame", "at", document, lambda _: [question * limits.YJS_MESSAGES]


def _updates(framed: Callable[[bytes], bytes]) -> Callable[[], Iterator[Made]]:
    def made() -> Iterator[Made]:
        for document in DOCUMENTS.values():
            yield "an update", "plain", document, lambda c: [framed(_typed(c, "x"))]
        for name, level, make in UPDATES:
            yield name, level, PROSE, partial(_framed, framed, make)
        yield (
            "messages of a frame",
            "at",
            PROSE,
            lambda c: [
                b"".join(framed(_typed(c, "x", clock=n)) for n in range(limits.YJS_MESSAGES))
            ],
        )

    return made


def _framed(
    framed: Callable[[bytes], bytes], make: Callable[[int], bytes], client: int
) -> Sequence[bytes]:
    """Make the frame once for all clients: a frame of 250,000 structs takes a second."""
    built, own = _built(make), uint(CLIENT)
    if own not in built:  # the frame has only other clients' structs
        return [framed(make(client))]
    renamed = built.replace(own, uint(client)).replace(b"%d" % CLIENT, b"%d" % client)
    return [framed(renamed)]


@cache
def _built(make: Callable[[int], bytes]) -> bytes:
    return make(CLIENT)


def _typed(client: int, letters: str, clock: int = 0) -> bytes:
    return update((client, clock, [string(letters, root=f"aside-{client}-{clock}")]))


def _structs(count: int) -> Callable[[int], bytes]:
    """Return an update of single letters, each after the one before it."""
    return lambda client: update(
        (
            client,
            0,
            [
                string("a", root=f"t{client}"),
                *(string("b", origin=(client, n)) for n in range(count - 1)),
            ],
        )
    )


def _in_front(count: int) -> Callable[[int], bytes]:
    """Return an update of list elements, each inserted in front of the last one."""
    return lambda client: update(
        (
            client,
            0,
            [
                plain(NULL, root=f"l{client}"),
                *(plain(NULL, right=(client, n)) for n in range(count - 1)),
            ],
        )
    )


def _at_one_place(count: int) -> Callable[[int], bytes]:
    """Return an update with all elements right after the first: yrs walks the earlier ones."""
    return lambda client: update(
        (
            client,
            0,
            [
                plain(NULL, root=f"o{client}"),
                *(plain(NULL, origin=(client, 0)) for _ in range(count - 1)),
            ],
        )
    )


def _nested(levels: int) -> Callable[[int], bytes]:
    return lambda client: update(
        (
            client,
            0,
            [
                shared(1, root="content", key=f"deep{client}"),
                *(shared(1, parent=(client, n), key="d") for n in range(levels - 1)),
            ],
        )
    )


def _keyed(count: int) -> Callable[[int], bytes]:
    return lambda client: update(
        (
            client,
            0,
            [plain(NULL, root="content", key=f"key-{client}-{n}") for n in range(count)],
        )
    )


def _one_key(count: int) -> Callable[[int], bytes]:
    """Return an update that sets one key again and again."""
    return lambda client: update(
        (
            client,
            0,
            [
                plain(NULL, root="content", key=f"o{client}"),
                *(plain(NULL, origin=(client, n)) for n in range(count - 1)),
            ],
        )
    )


def _in_an_array(count: int) -> Callable[[int], bytes]:
    """Return an update with a Y.Array of maps, one after the other."""
    return lambda client: update(
        (
            client,
            0,
            [
                shared(0, root="content", key=f"a{client}"),
                shared(1, parent=(client, 0)),
                *(shared(1, origin=(client, n)) for n in range(1, count)),
            ],
        )
    )


def _formatted(size: int) -> Callable[[int], bytes]:
    """Return an update with an XML text of many pieces, all inside one format of this size."""
    pieces = 4_000

    def make(client: int) -> bytes:
        structs = [
            shared(6, root="content", key=f"f{client}"),
            _mark("n" * size, "true", parent=(client, 0)),
        ]
        for at in range(1, 2 * pieces, 2):
            structs += [
                string("a", origin=(client, at)),
                _mark("b", "null" if at % 4 == 3 else "true", origin=(client, at + 1)),
            ]
        return update((client, 0, structs))

    return make


def _texts_in_texts(levels: int) -> Callable[[int], bytes]:
    return lambda client: update(
        (
            client,
            0,
            [
                shared(6, root="content", key=f"texts{client}"),
                *(shared(6, parent=(client, n)) for n in range(levels - 1)),
                string('"', parent=(client, levels - 1)),
            ],
        )
    )


def _mark(name: str, value: str, **place: tuple[int, int]) -> bytes:
    return item(6, text(name) + text(value), **place)  # type: ignore[arg-type]  # passed through


def _deleted(ranges: int) -> Callable[[int], bytes]:
    return lambda client: update(
        (client, 0, [plain(*[NULL] * (2 * ranges), root=f"d{client}")]),
        deletes={client: [(2 * n, 1) for n in range(ranges)]},
    )


def _clients(count: int) -> Callable[[int], bytes]:
    return lambda client: update(
        *((client + 100_000_000 + 1000 * n, 0, [gc(1)]) for n in reversed(range(count)))
    )


UPDATES: tuple[tuple[str, Level, Callable[[int], bytes]], ...] = (
    ("bytes of a text", "at", lambda c: _typed(c, "x" * (limits.FRAME - 64))),
    ("bytes of the update", "at", lambda c: _typed(c, "x" * (limits.DOCUMENT - 64))),
    ("bytes of the update", "above", lambda c: _typed(c, "x" * (limits.DOCUMENT + 1))),
    ("letters behind each other", "at", _structs(60_000)),
    ("elements before each other", "at", _in_front(60_000)),
    ("elements at one place", "at", _at_one_place(60_000)),
    ("keys", "at", _keyed(20_000)),
    ("one key", "at", _one_key(60_000)),
    ("deleted ranges", "at", _deleted(100_000)),
    ("structs", "at", _structs(limits.YJS_STRUCTS)),
    ("structs", "above", _structs(limits.YJS_STRUCTS + 1)),
    ("values", "at", lambda c: update((c, 0, [plain(*[NULL] * 900_000, root=f"v{c}")]))),
    ("nesting", "at", _nested(limits.YJS.depth)),
    ("nesting", "above", _nested(limits.YJS.depth + 1)),
    ("items of a Y.Array", "at", _in_an_array(limits.YJS_ITEMS)),
    ("items of a Y.Array", "above", _in_an_array(limits.YJS_ITEMS + 1)),
    ("formats of a text", "at", _formatted(limits.DOCUMENT // 9_000)),
    ("formats of a text", "above", _formatted(limits.DOCUMENT // 7_500)),
    ("texts in texts", "at", _texts_in_texts(100)),
    ("new clients", "at", _clients(limits.YJS.new_clients)),
    ("new clients", "above", _clients(limits.YJS.new_clients + 1)),
    ("run", "at", lambda c: update((c, 0, [gc(limits.YJS.run)]))),
    ("run", "above", lambda c: update((c, 0, [gc(limits.YJS.run + 1)]))),
    ("name of a root", "at", lambda c: update((c, 0, [string("x", root="r" * 1024)]))),
    ("name of a root", "above", lambda c: update((c, 0, [string("x", root="r" * 900_000)]))),
)


def _awareness() -> Iterator[Made]:
    def states(count: int, state: str) -> Callable[[int], Sequence[bytes]]:
        return lambda client: [
            frames.awareness(
                uint(count)
                + b"".join(uint(client + 1000 * n) + uint(1) + text(state) for n in range(count))
            )
        ]

    yield "states", "at", PROSE, states(40_000, "{}")
    yield "bytes of a state", "at", PROSE, states(1, '{"s":"' + "x" * 2000 + '"}')
    yield "bytes of a state", "above", PROSE, states(1, '{"s":"' + "x" * 1_000_000 + '"}')
    yield "nesting of a state", "above", PROSE, states(1, "[" * 500_000)
    yield "values of a state", "above", PROSE, states(1, "[" + "0," * 500_000 + "0]")
    yield (
        "messages of a frame",
        "at",
        PROSE,
        lambda c: [next(iter(states(1, "{}")(c))) * limits.YJS_MESSAGES],
    )


def _denied() -> Iterator[Made]:
    yield "reason", "at", PROSE, lambda _: [b"\x02\x00" + text("r" * (limits.FRAME - 64))]


def _query() -> Iterator[Made]:
    yield "messages of a frame", "at", PROSE, lambda _: [b"\x03" * limits.YJS_MESSAGES]
    yield "messages of a frame", "above", PROSE, lambda _: [b"\x03" * limits.FRAME]


MESSAGES: dict[str, Callable[[], Iterator[Made]]] = {
    "SyncStep1": _step_1,
    "SyncStep2": _updates(frames.sync_step2),
    "SyncUpdate": _updates(frames.update),
    "AwarenessUpdate": _awareness,
    "PermissionDenied": _denied,
    "QueryAwareness": _query,
}
