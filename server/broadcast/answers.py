"""What the room answered, as the patch lane says it."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from collab import wire
from collab.ids import Json
from collab.messages import Change
from collab.patch.splices import as_splices
from collab.room.requests import Answer, Request

# Each op is applied to tell what it changed in a text: 3 µs an op. A merged change may have more.
MOST_OPS: Final = 1_000


def render(request: Request, answer: Answer) -> dict[str, Any] | None:
    """The ack or reject of a request that had an id; None where there is nobody to tell."""
    request_id: str = getattr(request, "id", "")
    if answer.refusal is not None:
        if request_id:
            return wire.reject(request_id, answer.refusal, answer.version)
        return wire.error(answer.refusal)
    return wire.ack(request_id, answer.version, answer.ack) if request_id else None


def spliced(change: Change, before: Json) -> Change:
    """For readers who accept splices; `before` is the value that the change stands on."""
    if len(change.ops) > MOST_OPS:
        return change
    return replace(change, ops=as_splices(before, change.ops))
