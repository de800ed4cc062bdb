"""The frames of one patch client: its acks among the changes, and the catch-up of a slow client.

A catch-up is one change that merges several versions, with the acks of the client's requests.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from collab import wire
from collab.messages import Change
from server.broadcast.news import merged_ops, render
from server.websocket import frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Raw

    from collab.ids import Json
    from collab.patch.relocate import AppliedChange
    from server.broadcast.news import News
    from server.broadcast.subscriber import Answered
    from server.documents.changes import LastChange


class PendingAnswer(NamedTuple):
    """An answer that waits for the catch-up to its version."""

    payload: dict[str, Any]
    version: int  # the document's version after it; the payload may contain another version
    in_versions: bool  # its request made a version, which the catch-up merges
    barrier: int  # the number in the ping before a reject; 0 for no ping


class CatchUpTarget(NamedTuple):
    """The version that a catch-up leads to, its author, and the ops if a thread has made them."""

    version: int
    value: Json
    made: LastChange | None
    ops: Raw | None = None

    def change_from(
        self,
        position: int,
        before: Json,
        changes: Sequence[AppliedChange],
        acks: list[dict[str, Any]],
        *,
        splice: bool,
    ) -> bytes:
        """Return the merged change from the version `position`, whose value is `before`.

        Its author, time and kind are those of the last version. It merges the `changes`.
        """
        assert self.made is not None, "every new version was noted with its author"
        ops: Any = self.ops
        if ops is None:
            ops = merged_ops(before, self.value, changes, splice=splice)
        merged = Change(
            version=self.version,
            by=self.made.by,
            at=wire.rfc3339(self.made.at),
            kind=self.made.kind,
            ops=ops,
            from_=position + 1,
            acks=acks,
        )
        return wire.encode(merged)


def own_frame(news: News, answers: Sequence[Answered], user: str, *, splice: bool) -> bytes:
    """Return the frame of news for a client with answers.

    Acks stand in place of the client's own changes. The changes of its user have their ids.
    """
    payloads: list[bytes] = []
    change, sent = partial(news.payload_for, user, splice=splice), 0
    for submission, answer in answers:
        own = answer.entry is not None
        upto = min(answer.version - news.before - own, len(news.entries))
        payloads += map(change, range(sent, upto))
        sent = max(sent, upto + own)
        payload = render(submission.request, answer)
        if payload is not None:
            payloads.append(wire.encode(payload))
    payloads += map(change, range(sent, len(news.entries)))
    return frames.text(wire.join(payloads)) if payloads else b""
