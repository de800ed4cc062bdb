"""What went wrong, in one sentence, for whoever runs the server."""

from __future__ import annotations

from collab.errors import Rejected
from collab.ports.store import StorageUnavailable


def sentence(error: BaseException) -> str:
    match error:
        case BaseExceptionGroup():
            return sentence(error.exceptions[0])
        case Rejected():
            return error.refusal.message
        case StorageUnavailable():
            return str(error) or "the database does not answer; `weft check` says more"
        case _:
            return f"{error}" or type(error).__name__
