"""The sockets that the parent binds and all workers listen on.

The workers inherit the same sockets. So the kernel keeps a waiting connection when a worker dies,
and another worker accepts it. With `SO_REUSEPORT`, each worker would have its own queue, and a
second server could take a part of the connections unnoticed.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Any


class CannotListenError(Exception):
    """The host or the port cannot be used."""


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """Return a bound socket for each address of the host. They do not listen yet.

    A worker listens when it is ready. Until then, clients are refused, as without workers.
    """
    with ExitStack() as opened:
        sockets: list[socket.socket] = []
        try:
            for family, address in _addresses(host, port):
                # With port 0, all addresses get the port of the first one.
                chosen = sockets[0].getsockname()[1] if sockets else port
                bound = opened.enter_context(_bind(family, (address[0], chosen, *address[2:])))
                sockets.append(bound)
        except OSError as error:
            reason = error.strerror or str(error)  # an unknown host has a number of its own kind
            raise CannotListenError(f"cannot listen on {host}:{port}: {reason}") from error
        opened.pop_all()
        return sockets


def _addresses(host: str, port: int) -> dict[tuple[int, tuple[Any, ...]], None]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # A dict keeps the order, and has each address once.
    return {(int(family), tuple(address)): None for family, _, _, _, address in found}


def _bind(family: int, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound
