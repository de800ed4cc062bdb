"""What the room answered, as the patch lane says it."""

from __future__ import annotations

from typing import Any

from collab import wire
from collab.room.requests import Answer, Request


def render(request: Request, answer: Answer) -> dict[str, Any] | None:
    """The ack or reject of a request that had an id; None where there is nobody to tell."""
    request_id: str = getattr(request, "id", "")
    if answer.refusal is not None:
        if request_id:
            return wire.reject(request_id, answer.refusal, answer.version)
        return wire.error(answer.refusal)
    return wire.ack(request_id, answer.version, answer.ack) if request_id else None
