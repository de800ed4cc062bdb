"""The Yjs client ids under which the server itself writes: one for each epoch of a document.

Every document's name begins with epoch 1, and the id of epoch 1 is 1. The id of a later epoch is a
hash of the epoch with a checksum. So every database recognizes it as an id of the server. This is
needed after a restore. The backup does not know the epochs that came after it. But a client that
has seen such an epoch still has edits under its id.

Yjs draws its own ids below 2^32, and none of these ids lies there. yrs draws ids of 53 bits, and
hits one of these once in two million draws.
"""

from __future__ import annotations

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
    return named << _CHECK_BITS | _checksum(named)


class ServerIds:
    """The ids of the server in all epochs, also in epochs that this database never had."""

    def __contains__(self, client: object) -> bool:
        if not isinstance(client, int) or client < _TOP:
            return client == FIRST
        named, checksum = divmod(client, 1 << _CHECK_BITS)
        return checksum == _checksum(named)


SERVER_IDS: Final = ServerIds()


def _checksum(named: int) -> int:
    return _hash(b"check", named, bits=_CHECK_BITS)


def _hash(purpose: bytes, number: int, *, bits: int) -> int:
    digest = blake2b(number.to_bytes(16, "big"), digest_size=8, person=purpose).digest()
    return int.from_bytes(digest, "big") >> 64 - bits
