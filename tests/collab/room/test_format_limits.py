"""G33: the formats of XML texts have a bounded number of bytes, in all pieces of the texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from pycrdt import Doc, Map, Text, UndoManager, XmlElement, XmlFragment, XmlText

from collab.errors import Code
from collab.patch.bounds import Bounds
from collab.ports.store import Absent, Stored
from collab.room.requests import Create, ReadState, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.structs import state_updates
from collab.structs.guard import inspect
from collab.yjs import slices
from collab.yjs.causality import in_causal_order
from collab.yjs.contents import STRING
from collab.yjs.slices import encode
from tests.collab.room.rooms import PAGE, commit, done, member, opened, refusal
from tests.collab.yjs.updates import string, update

MOST = 20_000
PIECES = 40  # bold pieces; as many are not bold
YJS = member(lane="yjs")


class Peer:
    """A client with its copy of the document."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.doc: Doc[Any] = Doc()
        self.content = self.doc.get("content", type=Map)
        self.undo = UndoManager(scopes=[self.content], capture_timeout_millis=0)
        self.pull()
        self._sent = self.doc.get_state()

    def pull(self) -> None:
        self.doc.apply_update(done(self.room, ReadState(self.doc.get_state())).state)

    def update(self, edit: Callable[[], object] = lambda: None) -> Update:
        """Edit, and return everything that was not sent yet."""
        with self.doc.transaction():
            edit()
        sent, self._sent = self._sent, self.doc.get_state()
        return Update(self.doc.get_update(sent))

    def send(self, edit: Callable[[], object] = lambda: None) -> None:
        done(self.room, self.update(edit), YJS)
        commit(self.room)

    def text(self, key: str = "x") -> XmlText:
        held: Any = self.content[key]
        while not isinstance(held, XmlText):
            held = held.children[0]
        return held

    def bold(self, key: str = "x", pieces: int = PIECES) -> None:
        """Make every second letter bold."""
        for at in range(0, 2 * pieces, 2):
            self.text(key).format(at, at + 1, {"b": True})


def _fragment(pieces: int = PIECES) -> XmlFragment:
    return XmlFragment([XmlText("ab" * pieces)])


def _room(most: int = MOST) -> Room:
    return opened({}, bounds=RoomBounds(patch=Bounds(max_bytes=most)))


def _pieces_room(most: int = MOST) -> tuple[Room, Peer]:
    """Return a room with a text of many pieces, and its client."""
    room = _room(most)
    peer = Peer(room)
    peer.send(lambda: peer.content.update({"x": _fragment()}))
    peer.send(peer.bold)
    return room, peer


def _is_refused(room: Room, request: Update) -> None:
    """Check that yrs does not even see the update, and that the document goes on."""
    before = room.document.value, room.document.update_since(b"\0")
    refused = refusal(room, request, YJS)
    assert refused.code is Code.TOO_LARGE
    assert "formats" in refused.message
    assert (room.document.value, room.document.update_since(b"\0")) == before
    other = Peer(room)
    other.send(lambda: other.content.update({"n": 1.0}))


LONG: list[dict[str, Any]] = [
    {"n" * 1000: True},
    {f"name{number:04}": True for number in range(50)},
    {"n": "v" * 1000},
    {"n": {"k": "v" * 1000}},
    {"n": {f"k{number}": "" for number in range(200)}},
]


@pytest.mark.parametrize("formats", LONG)
def test_g33_a_long_format_of_many_pieces_is_too_large(formats: dict[str, Any]) -> None:
    room, peer = _pieces_room()
    _is_refused(room, peer.update(lambda: peer.text().format(0, 2 * PIECES, formats)))


@pytest.mark.parametrize("formats", LONG)
def test_g33_a_long_format_of_few_pieces_is_accepted(formats: dict[str, Any]) -> None:
    room, peer = _pieces_room()
    peer.send(lambda: peer.text().format(0, 8, formats))
    value: Any = room.document.value
    assert all(f"<{name}" in value["x"] for name in formats)
    assert value == room.document.read()


@pytest.mark.parametrize("formats", LONG)
def test_g33_many_pieces_in_a_long_format_are_too_large(formats: dict[str, Any]) -> None:
    room = _room()
    peer = Peer(room)
    peer.send(lambda: peer.content.update({"x": _fragment()}))
    peer.send(lambda: peer.text().format(0, 2 * PIECES, formats))
    _is_refused(room, peer.update(peer.bold))


def test_g33_a_deleted_end_of_a_format_is_too_large() -> None:
    room, peer = _pieces_room()
    before = peer.doc.get_state()
    peer.send(lambda: peer.text().format(0, 2, {"n" * 1000: True}))
    ends = [
        (client, struct.clock)
        for client, structs in inspect(peer.doc.get_update(before)).sections.items()
        for struct in structs
        if struct.mark is not None and struct.mark[1] == 0
    ]
    (client, clock) = ends[-1]
    _is_refused(room, Update(update(deletes={client: [(clock, 1)]})))


def test_g33_letters_in_empty_gaps_are_too_large() -> None:
    room = _room()
    peer = Peer(room)

    def write() -> None:
        peer.content["x"] = _fragment()
        peer.text().format(0, 2 * PIECES, {"n" * 1000: True})
        peer.bold()

    raw = peer.update(write).update
    fresh = in_causal_order(inspect(raw).sections, {})
    strings = [(client, (one.clock, one.end)) for client, one in fresh if one.kind == STRING]
    done(room, Update(encode(raw, fresh, strings)), YJS)
    commit(room)
    assert room.document.value == {"x": ""}
    marks = [(client, one.clock) for client, one in fresh if one.mark is not None]
    done(room, Update(update((7, 0, [string("z", origin=marks[0])]))), YJS)
    commit(room)
    _is_refused(room, Update(update((8, 0, [string("z", origin=mark) for mark in marks]))))


def test_g33_an_undo_that_brings_a_long_format_back_is_too_large() -> None:
    room = _room()
    peer = Peer(room)
    peer.send(lambda: peer.content.update({"x": _fragment()}))
    peer.send(lambda: peer.text().format(0, 2 * PIECES, {"n" * 1000: True}))
    peer.send(lambda: peer.text().format(0, 2 * PIECES, {"n" * 1000: None}))
    other = Peer(room)
    other.send(other.bold)
    assert peer.undo.undo()
    _is_refused(room, peer.update())


def test_g33_formats_in_a_nested_element_are_too_large() -> None:
    room = _room()
    peer = Peer(room)
    inner = XmlElement("li", {}, [XmlText("ab" * PIECES)])
    peer.send(lambda: peer.content.update({"x": XmlFragment([XmlElement("ul", {}, [inner])])}))
    peer.send(peer.bold)
    _is_refused(room, peer.update(lambda: peer.text().format(0, 80, {"n" * 1000: True})))


def test_g33_the_formats_of_all_texts_count_together() -> None:
    room = _room()
    peer = Peer(room)
    for key in "xyz":
        peer.send(partial(peer.content.update, {key: _fragment()}))
        peer.send(partial(peer.bold, key))
    name = {"n" * 40: True}
    peer.send(lambda: peer.text("x").format(0, 2 * PIECES, name))
    peer.send(lambda: peer.text("y").format(0, 2 * PIECES, name))
    _is_refused(room, peer.update(lambda: peer.text("z").format(0, 2 * PIECES, name)))


def test_g33_two_updates_that_are_short_alone_are_too_large_together() -> None:
    room = _room()
    peer = Peer(room)
    peer.send(lambda: peer.content.update({"x": _fragment()}))
    one, other = Peer(room), Peer(room)
    bold = one.update(one.bold)
    long = other.update(lambda: other.text().format(0, 2 * PIECES, {"n" * 1000: True}))
    done(room, bold, YJS)
    commit(room)
    _is_refused(room, long)


def test_g33_a_whole_text_in_one_update_is_too_large() -> None:
    room, peer = _room(), Peer(_room())

    def write() -> None:
        peer.content["x"] = _fragment()
        peer.text().format(0, 2 * PIECES, {"n" * 1000: True})
        peer.bold()

    _is_refused(room, peer.update(write))


def test_g33_embedded_objects_are_pieces() -> None:
    room = _room()
    peer = Peer(room)
    peer.send(lambda: peer.content.update({"x": _fragment()}))
    peer.send(lambda: peer.text().format(0, 2 * PIECES, {"n" * 500: True}))

    def embed() -> None:
        for at in range(1, 60, 3):
            peer.text().insert_embed(at, {"a": 1}, {"n" * 500: True})

    _is_refused(room, peer.update(embed))


def test_g33_the_verdict_is_the_same_when_yrs_does_not_encode_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 1)
    room, peer = _pieces_room()
    assert room.document.updates.may_have_many_blocks
    peer.send(lambda: peer.text().format(0, 8, {"n" * 1000: True}))
    _is_refused(room, peer.update(lambda: peer.text().format(0, 80, {"m" * 1000: True})))


def test_g33_many_formatted_pieces_in_the_event_of_a_text_are_too_large() -> None:
    """The value shows no formats of a Y.Text, but the event has them for each inserted piece."""
    room = _room()
    peer = Peer(room)
    long, bold = {"n": "v" * 1000}, {"b": True}
    peer.send(lambda: peer.content.update({"t": Text("ab")}))
    peer.send(lambda: peer.content["t"].format(0, 2, long))

    def write() -> None:
        for at in range(PIECES):
            peer.content["t"].insert(1, "x", long | bold if at % 2 else long)

    _is_refused(room, peer.update(write))


def test_g33_texts_of_other_root_types_may_have_any_formats() -> None:
    room = _room()
    peer = Peer(room)
    article = peer.doc.get("article", type=Text)
    peer.send(lambda: article.insert(0, "ab" * PIECES))
    peer.send(lambda: article.format(0, 2 * PIECES, {"n" * 1000: True}))

    def bold(at: int) -> None:
        article.format(at, at + 1, {"b": True})

    for at in range(0, 2 * PIECES, 2):
        peer.send(partial(bold, at))
    assert room.document.value == {}


def test_g33_every_instance_has_the_same_verdict() -> None:
    """A room that was opened from a snapshot has other bounds, and counts the same."""
    room, peer = _pieces_room()
    sizes = range(80, 160, 4)
    first = None
    for size in sizes:
        request = peer.update(partial(peer.text().format, 0, 80, {"n" * size: True}))
        again = Room(
            room.key,
            Stored(room.epoch, room.head, room.control, room.document.snapshot(), []),
            room.bounds,
            None,
        )
        answers = [each.apply(YJS, request, Round(0)) for each in (again, room)]
        assert answers[0].refusal == answers[1].refusal
        if answers[1].refusal is not None:
            first = size
            break
        commit(room)
        peer.send(partial(peer.text().format, 0, 80, {"n" * size: None}))
    assert first is not None


def test_g33_an_update_is_not_cut_before_the_end_of_a_long_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Applied in part, a format of two letters would reach over all pieces."""
    monkeypatch.setattr(slices, "STEPS", 1)
    times = count()
    room = Room(
        PAGE,
        Absent(),
        RoomBounds(patch=Bounds(max_bytes=MOST)),
        None,
        seconds=lambda: float(next(times)),
    )
    done(room, Create({}, "make"))
    commit(room)
    peer = Peer(room)

    def send(edit: Callable[[], object]) -> int:
        """Send an update, and return in how many parts the server applies it."""
        waiting, parts = [peer.update(edit).update], 0
        while waiting:
            waiting[:1] = done(room, Update(waiting[0]), YJS).rest
            commit(room)
            parts += 1
        return parts

    send(lambda: peer.content.update({"x": _fragment()}))
    assert send(peer.bold) > 1
    assert send(lambda: peer.text().format(0, 2, {"n" * 1000: True})) == 1
    assert room.document.value == room.document.read()


def test_g33_only_updates_of_formatted_texts_may_need_a_count() -> None:
    room, peer = _pieces_room(4 << 20)
    assert not room.working.may_count_formats(100)
    assert room.working.may_count_formats(4_000)
    peer.send(lambda: peer.text().format(0, 2 * PIECES, {"n": "v" * 48_000}))
    assert room.working.may_count_formats(20)
    assert not _room().working.may_count_formats(4_000)
