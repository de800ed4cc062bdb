"""What a client may show of itself."""

from __future__ import annotations

from typing import Any

import msgspec

from collab.errors import Code, Refusal, Rejected
from collab.patch.bounds import check

MAX_STATE_BYTES = 2048
MAX_DEPTH = 64

_encode = msgspec.json.encode


def judge_state(state: dict[str, Any] | None, *, max_bytes: int) -> Refusal | None:
    """Refuse a patch client's state that is too large (0 is no bound) or no JSON of ours.

    It goes into browsers, whose clients echo it on the Yjs lane, where nothing else is read.
    """
    if state is None:
        return None
    size = len(_encode(state))
    if 0 < max_bytes < size:
        return Refusal(Code.TOO_LARGE, f"A presence state is at most {max_bytes} bytes of JSON.")
    try:
        check(state, room=size, depth=MAX_DEPTH)
    except Rejected as rejected:
        return Refusal(Code.MALFORMED, f"A presence state: {rejected.refusal.message}.")
    return None
