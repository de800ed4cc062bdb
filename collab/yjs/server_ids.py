"""The Yjs client ids under which the server itself writes: one for each epoch of a document.

The first document of a name has epoch 1. In epoch 1, the server's id is 1. In a later epoch, the id
is a hash of the epoch, with a checksum. So the server recognizes its own ids with any database.
This matters after the restore of a backup. The restored database does not know the epochs after the
backup, but a client may still have the server's edits from such an epoch.

yjs chooses its ids at random below 2^32, and the server's ids of later epochs are larger. yrs
chooses ids of 53 bits at random. One in two million of them is an id of the server.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

FIRST: Final = 1  # the first epoch, and its id
_TOP: Final = 1 << 52  # ids have 53 bits at most (rule G3)
_CHECK_BITS: Final = 20


def server_id(epoch: int) -> int:
    """The Yjs client id under which the server writes in an epoch."""
    if epoch == FIRST:
        return FIRST
    named = _TOP >> _CHECK_BITS | _hash(b"epoch", epoch, bits=52 - _CHECK_BITS)
    return named << _CHECK_BITS | _hash(b"check", named, bits=_CHECK_BITS)


class ServerIds:
    """The ids of the server in all epochs, even in epochs that this database never had."""

    def __contains__(self, client: object) -> bool:
        if not isinstance(client, int) or client < _TOP:
            return client == FIRST
        named, checksum = divmod(client, 1 << _CHECK_BITS)
        return checksum == _hash(b"check", named, bits=_CHECK_BITS)


SERVER_IDS: Final = ServerIds()


# A cache: each update of a client checks the client's id again.
@lru_cache(maxsize=1024)
def _hash(purpose: bytes, number: int, *, bits: int) -> int:
    digest = blake2b(number.to_bytes(16, "big"), digest_size=8, person=purpose).digest()
    return int.from_bytes(digest, "big") >> 64 - bits
