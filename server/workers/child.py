"""A worker: `python -m server.workers.child FD`. It serves the sockets that its parent has bound.

It is a whole server with its own open documents. It ends when its parent tells it to, and also when
the parent has died: then it commits all edits and says when to reconnect, as at every stop.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

from server import app as composition
from server import process
from server.runtime import logs
from server.services import Placement, Services
from server.startup import CANNOT_START, CannotServeError, permission_to_serve
from server.status.workers import answer
from server.workers.exchange import Assignment, decode_assignment
from server.workers.parent_link import ParentLink


def main(parent: socket.socket) -> int:
    """Serve until a signal comes or the parent dies; return the exit code."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # a signal for the parent may reach all processes
    line = _first_line(parent)
    if not line:
        return CANNOT_START  # the parent has died already
    assignment = decode_assignment(line)
    sys.argv[0] = assignment.program
    settings = assignment.settings
    logs.configure(settings.log_level, settings.log_format)
    logs.bind(worker=str(assignment.worker))
    try:
        with permission_to_serve(settings) as bus:
            part = _part(assignment, bus, parent)
            return process.run(settings, composition.open_store(settings), part)
    except CannotServeError as error:
        print(f"weft: {error}", file=sys.stderr)
        return CANNOT_START


def _first_line(parent: socket.socket) -> bytes:
    """Return the assignment, or nothing. The parent sends no more until the worker is ready."""
    line = b""
    while not line.endswith(b"\n") and (piece := parent.recv(65_536)):
        line += piece
    return line


def _part(assignment: Assignment, bus: Path | None, parent: socket.socket) -> process.Part:
    bus = Path(assignment.bus) if assignment.bus else bus
    link = ParentLink(parent, assignment.worker, assignment.settings.workers)

    async def announce(services: Services, message: str) -> None:
        await link.be_ready(message, partial(answer, services.monitor, assignment.worker))

    return process.Part(
        Placement(bus, link),
        [_inherited(number) for number in assignment.sockets],
        assignment.creates_demo,
        announce,
    )


def _inherited(number: int) -> socket.socket:
    """Return an inherited socket, which the children of this process do not inherit."""
    os.set_inheritable(number, False)
    return socket.socket(fileno=number)


if __name__ == "__main__":
    sys.exit(main(_inherited(int(sys.argv[1]))))
