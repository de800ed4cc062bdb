"""The operations on edit locks over HTTP."""

from __future__ import annotations

from typing import Any

from collab.errors import Code
from server.openapi.operation import CLIENT, DOC, Body, Operation, Parameter, Response
from server.openapi.shapes import Acquire, LockHeld, LockPage, Release, Renew

MANY = "/v1/docs/{doc}/locks"
LOCK = Parameter("lock", "path", str, "The id of the lock.", {"pattern": "^[^/]+$"})
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
    "List the current locks",
    {200: Response("The current locks.", LockPage, ("Cache-Control",))},
    (DOC,),
    refusals=(Code.NOT_FOUND,),
)
ACQUIRE = Operation(
    "POST",
    MANY,
    "acquireLock",
    "Locks",
    "Acquire a lock on a part of the document",
    {201: Response("The lock. Keep its `secret`: it is sent only once.", LockHeld)},
    (DOC, CLIENT),
    Body(Acquire, "The part to lock, the version that its pointer is from, and the seconds."),
    REFUSALS,
    "The holder is the client that `Weft-Client` names. A client of the same user with another "
    "name is another holder.",
)


def _act(path: str, name: str, summary: str, shape: Any = None, about: str = "") -> Operation:
    return Operation(
        "POST",
        f"{MANY}/{{lock}}/{path}",
        name,
        "Locks",
        summary,
        {200: Response("The lock after the action.", LockHeld)},
        (DOC, LOCK, CLIENT),
        None if shape is None else Body(shape, about, required=False),
        REFUSALS,
    )


LOCKS = (
    LIST,
    ACQUIRE,
    _act(
        "renew",
        "renewLock",
        "Renew a lock",
        Renew,
        "For how many seconds the lock lasts from now on.",
    ),
    _act(
        "release",
        "releaseLock",
        "Release a lock",
        Release,
        "The lock's one-time secret, instead of a token, for `navigator.sendBeacon`.",
    ),
    _act(
        "take-over",
        "takeOverLock",
        "Take over a lock, unless its holder declines in time",
    ),
    _act("keep", "keepLock", "Keep your lock: decline a take-over"),
)
