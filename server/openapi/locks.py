"""Edit locks: what can be asked of them over HTTP."""

from __future__ import annotations

from typing import Any

from collab.errors import Code
from server.openapi.operation import CLIENT, DOC, Body, Operation, Parameter, Response
from server.openapi.shapes import Acquire, LockHeld, LockPage, Release, Renew

MANY = "/v1/docs/{doc}/locks"
LOCK = Parameter("lock", "path", str, "The lock's name.", {"pattern": "^[^/]+$"})
REFUSALS = (
    Code.FORBIDDEN,
    Code.NOT_FOUND,
    Code.CONFLICT,
    Code.LOCKED,
    Code.STALE_LOCK,
    Code.UNKNOWN_VERSION,
    Code.PATH_NOT_FOUND,
    Code.QUOTA_EXCEEDED,
)

LIST = Operation(
    "GET",
    MANY,
    "listLocks",
    "Locks",
    "The locks that stand",
    {200: Response("All of them.", LockPage, ("Cache-Control",))},
    (DOC,),
    refusals=(Code.NOT_FOUND,),
)
ACQUIRE = Operation(
    "POST",
    MANY,
    "acquireLock",
    "Locks",
    "Hold a part of the document",
    {201: Response("It is held; `secret` is sent only this once.", LockHeld)},
    (DOC, CLIENT),
    Body(Acquire, "What, on which version, and for how many seconds."),
    REFUSALS,
    "The holder is the user's client, by `Weft-Client`: another one of theirs is another holder.",
)


def _act(path: str, name: str, summary: str, shape: Any = None, about: str = "") -> Operation:
    return Operation(
        "POST",
        f"{MANY}/{{lock}}/{path}",
        name,
        "Locks",
        summary,
        {200: Response("The lock as it is now.", LockHeld)},
        (DOC, LOCK, CLIENT),
        None if shape is None else Body(shape, about, required=False),
        REFUSALS,
    )


LOCKS = (
    LIST,
    ACQUIRE,
    _act("renew", "renewLock", "Hold it for longer", Renew, "For how many seconds."),
    _act(
        "release",
        "releaseLock",
        "Let it go",
        Release,
        "The lock's one-time secret, in place of a token: what `navigator.sendBeacon` can send.",
    ),
    _act("take-over", "takeOverLock", "Ask for it; silence yields"),
    _act("keep", "keepLock", "Decline to give it away"),
)
