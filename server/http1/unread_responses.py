"""Limits the memory of all HTTP responses that clients have not read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class UnreadResponse:
    """A body that a connection sends, or the bytes that wait in the connection's transport."""

    abort: Callable[[], None]
    body: bytes | int  # the body, or a number of bytes

    @property
    def size(self) -> int:
        return self.body if isinstance(self.body, int) else len(self.body)


class UnreadResponses:
    """All responses of this server that clients have not read yet.

    Invariant: together the responses take at most `most` bytes (0: no limit). A single response may
    take more. When a new response does not fit, this object aborts the connection whose client has
    not read for the longest time. A body that several connections send is in memory once, so it
    counts once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # The first response belongs to the client that has not read for the longest time.
        self._responses: dict[UnreadResponse, None] = {}
        self._readers: dict[int, int] = {}  # how many connections send a body, by the body's id()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._responses)

    def add(self, abort: Callable[[], None], body: bytes | int) -> UnreadResponse:
        """Count a body, or a number of bytes, until `remove`. `abort` ends the connection."""
        response = UnreadResponse(abort, body)
        self._responses[response] = None
        if self._is_first_reader(response):
            self.bytes += response.size
        while self._most and self.bytes > self._most and len(self._responses) > 1:
            oldest = next(iter(self._responses))
            self.remove(oldest)
            oldest.abort()
        return response

    def touch(self, response: UnreadResponse) -> None:
        """Note that the client has read a part of this response."""
        if response in self._responses:
            del self._responses[response]
            self._responses[response] = None

    def remove(self, response: UnreadResponse) -> None:
        """Stop counting a response that the client has read, or whose connection has ended.

        A second call does nothing.
        """
        if response in self._responses:
            del self._responses[response]
            if self._is_last_reader(response):
                self.bytes -= response.size

    def _is_first_reader(self, response: UnreadResponse) -> bool:
        """Count a connection whose client reads this body. Return whether it is the only one."""
        if isinstance(response.body, int):
            return True
        readers = self._readers[id(response.body)] = self._readers.get(id(response.body), 0) + 1
        return readers == 1

    def _is_last_reader(self, response: UnreadResponse) -> bool:
        """Stop counting a connection that sent the body. Return whether it was the only one."""
        if isinstance(response.body, int):
            return True
        readers = self._readers.pop(id(response.body)) - 1
        if readers:
            self._readers[id(response.body)] = readers
        return not readers
