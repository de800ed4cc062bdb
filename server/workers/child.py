"""A worker: `python -m server.workers.child FD`. It serves the sockets that its parent has bound.

It is a whole server with its own open documents. It ends when its parent tells it to, and also when
the parent has died: then it commits all edits and says when to reconnect, as at every stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from server import app as composition
from server import process
from server.runtime import logs
from server.services import Placement
from server.workers.exchange import CANNOT_START, Assignment, Ready, decode_assignment, encode


def main(parent: socket.socket) -> int:
    """Serve until a signal comes or the parent dies; return the exit code."""
    with parent.makefile("rb") as lines:
        line = lines.readline()
    if not line:
        return CANNOT_START  # the parent has died already
    assignment = decode_assignment(line)
    sys.argv[0] = assignment.program
    settings = assignment.settings
    logs.configure(settings.log_level, settings.log_format)
    logs.bind(worker=str(assignment.worker))
    try:
        with composition.permission_to_serve(settings) as bus:
            part = _part(assignment, bus, parent)
            return process.run(settings, composition.open_store(settings), part)
    except composition.CannotServeError as error:
        print(f"weft: {error}", file=sys.stderr)
        return CANNOT_START


def _part(assignment: Assignment, bus: Path | None, parent: socket.socket) -> process.Part:
    if assignment.bus:
        bus = Path(assignment.bus)

    def announce(message: str) -> None:
        with suppress(OSError):  # the parent has died: the next line finds that out
            parent.sendall(encode(Ready(message)))
        _stop_without_parent(parent)

    return process.Part(
        Placement(bus, assignment.worker),
        [_inherited(number) for number in assignment.sockets],
        assignment.creates_demo,
        announce,
    )


def _inherited(number: int) -> socket.socket:
    """Return an inherited socket, which the children of this process do not inherit."""
    os.set_inheritable(number, False)
    return socket.socket(fileno=number)


def _stop_without_parent(parent: socket.socket) -> None:
    """Stop this process when the parent has closed its end. It sends nothing any more."""
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        loop.remove_reader(parent)
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(parent, on_readable)


if __name__ == "__main__":
    sys.exit(main(_inherited(int(sys.argv[1]))))
