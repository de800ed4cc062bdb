"""The messages between instances, as bytes.

A message has three parts: the number of its format, the instance that sent it, and its body. An
instance of a neighbouring release may use another format. Then the message counts as lost, and the
reader asks the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from collab.entry import Entry
from collab.flow.shared import BudgetsAsked, BudgetsKept, BudgetsShown
from collab.ids import DocKey
from collab.messages import Peer
from collab.ports.gossip import LOST
from collab.ports.positions import Position
from collab.presence.shared import PresenceAsked, PresenceShown
from collab.room.following import MOST_BYTES

FORMAT: Final = 1


class Committed(Struct, frozen=True, array_like=True, tag="committed"):
    """Entries were committed: the versions after `before`. The document is at `position` now.

    `entries` has them in the form of the log. It is empty when they are large, and when the commit
    changed the revision.
    """

    before: int
    position: Position
    entries: list[Entry] = []


class Controlled(Struct, frozen=True, array_like=True, tag="controlled"):
    """The document's locks, schema or publication changed. The document is at `position` now."""

    position: Position


class Deleted(Struct, frozen=True, array_like=True, tag="deleted"):
    """The document was deleted. A new one of the same name may exist already."""


class InstanceHere(Struct, frozen=True, array_like=True, tag="here"):
    """The sender is running."""


class InstanceGone(Struct, frozen=True, array_like=True, tag="gone"):
    """The sender stops now."""


class PresentAsked(Struct, frozen=True, array_like=True, tag="present?"):
    """The sender asks who is in these documents, by tenant and name."""

    number: int
    docs: list[tuple[str, str]]


class PresentFound(Struct, frozen=True, array_like=True, tag="present"):
    """The answer to a question of the instance `to`: the clients, by the document's place in it."""

    to: str
    number: int
    found: list[tuple[int, list[Peer]]]


Body: TypeAlias = (
    Committed
    | Controlled
    | Deleted
    | PresenceShown
    | PresenceAsked
    | BudgetsShown
    | BudgetsAsked
    | BudgetsKept
    | InstanceHere
    | InstanceGone
    | PresentAsked
    | PresentFound
)


class Message(Struct, frozen=True, array_like=True):
    """A message and its sender."""

    sender: str
    body: Body


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Message)
_HEAD: Final = bytes([FORMAT])


def channel_of(key: DocKey) -> str:
    """Return the channel on which instances talk about a document."""
    return f"doc/{key.tenant}/{key.doc}"


def is_small(entries: Sequence[Entry]) -> bool:
    """Whether entries go into a message.

    More would delay all other messages. And an open document follows no larger entry: it is loaded
    again.
    """
    return sum(len(one.update) + len(one.inverse) for one in entries) <= MOST_BYTES


def encode(sender: str, body: Body) -> bytes:
    """Return a message as bytes."""
    return _HEAD + _encode(Message(sender, body))


def decode(message: bytes) -> Message | None:
    """Return a message; None when it was lost, or when this release cannot read it."""
    if message == LOST or message[:1] != _HEAD:
        return None
    try:
        return _decoder.decode(message[1:])
    except msgspec.MsgspecError:
        return None
