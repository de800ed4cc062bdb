"""Readers that keep the attacked documents open, each in its own thread."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.patience import PATIENCE
from tests.running import RunningServer


class Holders:
    """Patch clients that read as little as possible."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._sockets = ExitStack()
        self._threads: list[threading.Thread] = []

    def hold(self, document: str, token: str) -> dict[str, int]:
        """Open a document. Return its epoch and version, from which other clients can resume."""
        connecting = connect(
            f"{self._server.ws}/v1/docs/{document}/live",
            subprotocols=[Subprotocol("weft.v1")],
            compression=None,
            max_size=None,
            open_timeout=PATIENCE,
            ping_interval=None,
        )
        socket = self._sockets.enter_context(connecting)
        socket.send(json.dumps({"type": "open", "token": token, "max_fps": 0.2}))
        opened = json.loads(socket.recv(PATIENCE))
        assert opened["type"] == "opened", opened
        reader = threading.Thread(target=_read, args=(socket,), name=f"holder of {document}")
        reader.start()
        self._threads.append(reader)
        return {"epoch": opened["epoch"], "version": opened["version"]}

    def close(self) -> None:
        self._sockets.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._threads.clear()


def _read(socket: ClientConnection) -> None:
    try:
        while True:
            socket.recv()
    except ConnectionClosed:
        pass
