"""The Yjs client ids under which the server itself writes, one for each epoch of a document.

Every name begins in epoch 1, and there the id is 1. The id of a later epoch is made of the epoch
by a hash, with a checksum in it, so that it is known for the server's wherever it is met. It has
to be: a backup that was restored knows nothing of an epoch that came after it, and a client that
has seen that epoch still holds edits under its id. Yjs draws its own ids below 2^32, where none of
these lie; yrs draws 53 bits, and meets one of these once in two million times.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

FIRST: Final = 1  # the first epoch, and its id
_TOP: Final = 1 << 52  # ids have 53 bits at most (rule G3)
_CHECK_BITS: Final = 20


def server_id(epoch: int) -> int:
    """The Yjs client id that the server writes under in this epoch."""
    if epoch == FIRST:
        return FIRST
    named = _TOP >> _CHECK_BITS | _hash(b"epoch", epoch, bits=52 - _CHECK_BITS)
    return named << _CHECK_BITS | _checksum(named)


class ServerIds:
    """Every id that is the server's in some epoch, one that this database never had included."""

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
