"""Three rooms of one document, as three instances have them. One makes entries, the others follow.

The oracle is a fourth room, which is opened from the log. It shares no code with the following.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
from pycrdt import Doc, Map

from collab.entry import Entry
from collab.ids import Json
from collab.patch.pointer import render
from collab.patch.splices import is_spliced
from collab.ports.positions import Control
from collab.ports.store import Snapshot, Stored
from collab.room.requests import (
    Create,
    PatchRequest,
    Replace,
    Request,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import RoomBounds
from tests.collab.document.following import check_cached_ids, facts, plain
from tests.collab.document.world import USERS, World
from tests.collab.room.rooms import PAGE, member, opened

START: dict[str, Json] = {
    "title": "A page",
    "long": "All of these words are one long text. " * 14,
    "list": [{"id": "s1", "t": "one"}, {"id": "s2", "t": "two"}, 3],
}
# The kinds of requests, and how many of 13 requests are of this kind.
KINDS = {"patch": 3, "splice": 2, "yjs": 2, "undo": 2, "redo": 1, "replace": 1, "restore": 1}
KINDS["again"] = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def in_bytes(entry: Entry) -> Entry:
    """Return an entry as it comes from another process."""
    return _decode(_encode(entry))


class FollowingWorld:
    """The rooms, and the log with the entries of all of them.

    Invariant: between two steps, each room is at the head or behind it, and has no batch.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.hands = World(seed)  # makes ops, and edits Yjs documents
        self.number = self.now = 0
        self.log: list[Entry] = []  # as the log stores them
        self.received: list[Entry] = []  # the same as clients get them
        self.values: list[Json] = [{}]  # by version
        self.snapshot: Snapshot | None = None
        self.ids: list[tuple[int, str, Request]] = []  # accepted requests with an id
        self.notes: list[str] = []
        first = opened()
        self.rooms = [first]
        self.apply(first, ("ada", Create(dict(START), "make")))
        self.finish_batch(first)
        self.rooms += [self.from_log(), self.from_log()]

    def close(self) -> None:
        for room in self.rooms:
            room.close()
        self.hands.close()

    @property
    def head(self) -> int:
        return len(self.log)

    def from_log(self) -> Room:
        """Return a room that is opened from the log."""
        at = 0 if self.snapshot is None else self.snapshot.version
        entries = [in_bytes(entry) for entry in self.log[at:]]
        stored = Stored(1, self.head, Control(), self.snapshot, entries)
        return Room(PAGE, stored, RoomBounds(), None)

    # --- one step ---------------------------------------------------------------------------

    def step(self) -> None:
        """One room makes a batch. The others follow it, at once or later."""
        self.now += self.random.choice((1, 300, 2_000))
        room = self.random.choice(self.rooms)
        self.catch_up(room)
        self.hands.document = room.document
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.apply(room, self.request(room))
        self.finish_batch(room)
        for other in self.rooms:
            if self.random.random() < 0.7:
                self.catch_up(other)
        if self.random.random() < 0.05:
            self.restart()

    def restart(self) -> None:
        """A room saves a snapshot, which marks elements for purge, and another is opened again."""
        room, other = self.random.sample(self.rooms, 2)
        self.catch_up(room)
        self.snapshot = room.document_to_save().snapshot()
        if self.random.random() < 0.5:
            self.notes.append("opened again")
            other.close()
            self.rooms[self.rooms.index(other)] = self.from_log()

    def finish_batch(self, room: Room) -> None:
        append = room.pending()
        entries, _ = room.commit()
        if append is None or not entries:
            return
        self.log += append.entries
        self.received += entries
        assert self.head == room.version
        for entry, applied in zip(entries, room.tail.changes(entries[0].version - 1), strict=True):
            assert plain(applied.before) == plain(self.values[entry.version - 1])
            self.values.append(applied.after)
        assert plain(self.values[-1]) == plain(room.value)

    def catch_up(self, room: Room) -> None:
        """Follow the entries that the room lacks, as the log or as the maker has them."""
        while room.version < self.head:
            source = self.random.choice((self.log, self.received))
            upto = self.random.randint(room.version + 1, self.head)
            entries = [in_bytes(entry) for entry in source[room.version : upto]]
            before = room.version
            followed = room.follow(1, entries)
            assert followed is not None
            received, changes = followed
            assert [entry.version for entry in received] == list(range(before + 1, upto + 1))
            assert [change.version for change in changes] == [one.version for one in received]
            assert room.version == room.head == upto
            for change in changes:
                assert plain(change.before) == plain(self.values[change.version - 1])
                assert plain(change.after) == plain(self.values[change.version])

    # --- requests ---------------------------------------------------------------------------

    def request(self, room: Room) -> tuple[str, Request]:
        """Return a user and their request."""
        user = self.random.choice(USERS)
        self.number += 1
        own = f"r{self.number}" if self.random.random() < 0.7 else ""
        kind = self.random.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        match kind:
            case "patch":
                ops = [self.hands.op() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
                base = None
                if self.random.random() < 0.3:
                    base = self.random.randint(room.tail.base, room.head)
                return user, PatchRequest(own, base, ops)
            case "splice":
                return user, PatchRequest(own, None, self.splices(room))
            case "yjs":
                return self.update(room)
            case "undo" | "redo":
                scope = ""
                if self.random.random() < 0.3:
                    scope = render(self.random.choice(self.places(room))[0])
                return user, UndoRequest(own, scope, redo=kind == "redo")
            case "replace":
                value = self.hands.instead(room.document.value)
                return user, Replace(value if isinstance(value, dict) else {}, None, own)
            case "restore":
                version = self.random.randint(1, self.head)
                places = list(self.hands.places(self.values[version], ()))
                at = self.random.choice(places)[0] if self.random.random() < 0.7 else ()
                return user, RestoreVersion(version, self.values[version], render(at), own)
            case _:
                return self.again() or (user, UndoRequest(own))

    def again(self) -> tuple[str, Request] | None:
        """Return a request that each room knows.

        A snapshot has no ids of requests. The log has splices in place of a long answer.
        """
        after = 0 if self.snapshot is None else self.snapshot.version
        known = [one for one in self.ids if after < one[0] <= self.head]
        known = [one for one in known if not is_spliced(self.log[one[0] - 1].answer)]
        return self.random.choice(known)[1:] if known else None

    def places(self, room: Room) -> list[Any]:
        return list(self.hands.places(room.document.value, ()))

    def splices(self, room: Room) -> list[dict[str, Any]]:
        """Return splices of one text."""
        texts = [place for place in self.places(room) if isinstance(place[1], str)]
        if not texts:
            return [{"op": "add", "path": "/title", "value": "Again"}]
        at, text = self.random.choice(texts)
        ops: list[dict[str, Any]] = []
        for _ in range(self.random.choice((1, 1, 2))):
            start = self.random.randint(0, len(text))
            gone = text[start : start + self.random.choice((0, 0, 1, 6))]
            made = self.random.choice(("", "x", "y", "a new word ", "😀"))
            units = [len(part.encode("utf-16-le")) // 2 for part in (text[:start], gone)]
            op = {"op": "splice", "path": render(at), "offset": units[0], "delete": units[1]}
            ops.append(op | {"insert": made})
            text = text[:start] + made + text[start + len(gone) :]
        return ops

    def update(self, room: Room) -> tuple[str, Request]:
        """Return what a Yjs client has written, maybe without the newest entries."""
        index = self.random.randrange(len(self.hands.peers))
        peer: Doc[Any] = self.hands.peers[index]
        if self.random.random() < 0.6:
            peer.apply_update(room.document.update_since(peer.get_state()))
        content = peer.get("content", type=Map)
        with peer.transaction():
            for _ in range(self.random.choice((1, 1, 2, 4))):
                self.hands.edit_type(content, 0)
        update = peer.get_update(room.document.encode_state_vector())
        return USERS[index], Update(update)

    def apply(self, room: Room, asked: tuple[str, Request]) -> None:
        """Apply a request, and what is left of a long update."""
        user, request = asked
        by = member(user, lane="yjs" if isinstance(request, Update) else "patch")
        by.splice = True
        answer = room.apply(by, request, Round(self.now, 0, f"c{self.number}"))
        self.notes.append(f"{self.rooms.index(room)} {user} {request}"[:200])
        for piece in answer.rest:
            self.apply(room, (user, Update(piece)))
        if isinstance(request, Update):
            if answer.refusal is not None:
                self.replace_peer(user)
        elif answer.entry is not None and answer.entry.id:
            self.ids.append((answer.version, user, request))
        elif (user, request) in [one[1:] for one in self.ids]:
            assert answer.ack["duplicate"]
            assert answer.version in [one[0] for one in self.ids if one[2] == request]

    def replace_peer(self, user: str) -> None:
        """A client whose update was refused starts again."""
        self.number += 1
        peer: Doc[Any] = Doc(client_id=10_000 + self.number)
        peer.get("content", type=Map)
        self.hands.peers[USERS.index(user)] = peer

    # --- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        """All rooms, and a room from the log, are equal."""
        for room in self.rooms:
            self.catch_up(room)
        fresh = self.from_log()
        expected = facts(fresh.document)
        assert expected["value"] == plain(self.values[-1])
        for room in self.rooms:
            assert (room.version, plain(room.value)) == (self.head, expected["value"])
            for name, fact in facts(room.document).items():
                assert fact == expected[name], name
            for user in USERS:
                assert room.document.open_steps(user) == fresh.document.open_steps(user)
            check_cached_ids(room.document)
            clocks = room.working.structs.of(room.document).clocks
            assert clocks == room.document.state_vector()
        fresh.close()

    def check_the_same_requests(self) -> None:
        """All rooms give the same answers to the same requests. No room may be used after it.

        No room follows another one here. So each writes the Yjs items of a change by itself, and
        may need more of them than another room. After that, an update of a Yjs client of the first
        room means other items in the other rooms.
        """
        for room in self.rooms:
            self.catch_up(room)
        rooms = [*self.rooms, self.from_log()]
        stale = self.random.random() < 0.5
        if stale:  # the room from the log has no tail
            rooms.pop().close()
        oldest = max(room.tail.base for room in rooms)
        self.hands.document = rooms[0].document
        is_own = False
        for _ in range(4):
            user, request = self.request(rooms[0])
            if isinstance(request, Update) and is_own:
                continue
            is_own = is_own or not isinstance(request, Update)
            if isinstance(request, PatchRequest) and stale:
                base = self.random.randint(oldest, rooms[0].head)
                request = msgspec.structs.replace(request, base=base)
            elif isinstance(request, PatchRequest) and request.base is not None:
                request = msgspec.structs.replace(request, base=None)
            made = [self.outcome(room, user, request) for room in rooms]
            for one in made[1:]:
                assert one == made[0], f"{user} {request}"
        if not stale:
            rooms[-1].close()

    def outcome(self, room: Room, user: str, request: Request) -> Any:
        """Return what a request does in a room, without a commit."""
        by = member(user, lane="yjs" if isinstance(request, Update) else "patch")
        by.splice = True
        answer = room.apply(by, request, Round(self.now + 9_000, 0, "end"))
        entry, refused = answer.entry, answer.refusal
        said = refused and (refused.code, refused.message, refused.extra.get("conflicts"))
        made: list[str] = []
        if entry is not None:
            made = [plain([op, entry.texts.get(at)]) for at, op in enumerate(entry.ops)]
            made += [plain([entry.kind, entry.reverts, entry.leases])]
        ack: Any = answer.ack
        # The order of these ops is that of keys in memory, or of events.
        if not isinstance(request, PatchRequest):
            made, ack = sorted(made), sorted(ack)
        value, types = plain(room.document.value), plain(room.document.read())
        return answer.version, said, ack, value, types, made


def run(seed: int, steps: int, often: float = 0.2) -> int:
    """Run a world, and return its number of versions. A failing assertion names the seed."""
    world = FollowingWorld(seed)
    try:
        for number in range(steps):
            try:
                world.step()
                if world.random.random() < often or number == steps - 1:
                    world.check()
            except BaseException as error:
                error.add_note(f"seed {seed}, step {number}:\n" + "\n".join(world.notes[-6:]))
                raise
        try:
            world.check_the_same_requests()
        except BaseException as error:
            error.add_note(f"seed {seed}, at the end:\n" + "\n".join(world.notes[-6:]))
            raise
        return world.head
    finally:
        world.close()
