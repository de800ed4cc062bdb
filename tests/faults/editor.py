"""An editor that edits without pause, keeps its acknowledged edits, and reconnects."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.patch_client import PatchClient

SLOTS = 40


class Editor:
    """Writes numbers into slots of its own.

    Invariant: `acked` has the version that each acknowledged id was told, and no id was ever
    told two; `waiting` has what was sent and not answered.
    """

    def __init__(self, ws: str, doc: str, user: str, token: str, *, window: int = 24) -> None:
        self.user = user
        self.acked: dict[str, int] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.refused = 0
        self._ops: dict[str, dict[str, Any]] = {}
        self._ws, self._doc, self._token, self._window = ws, doc, token, window
        self._again: list[str] = []
        self._number = 0
        self.client: PatchClient

    async def connect(self, create: dict[str, Any] | None = None) -> None:
        opening: dict[str, Any] = {} if create is None else {"create": create}
        self.client = await PatchClient.connect(self._ws, self._doc, self._token, **opening)

    async def edit(self, acks: int) -> None:
        """Keep a window of edits pending until `acks` more are acknowledged or it closes."""
        goal = len(self.acked) + acks
        try:
            while len(self.acked) < goal and not self._is_over():
                await self._send_refused_again()
                while len(self.waiting) < self._window:
                    await self._send_next()
                await self._wait_for_answers()
                self._take_answers()
        except ConnectionClosed:
            pass
        self._take_answers()

    async def finish(self) -> None:
        """Wait until no edit is pending."""
        while self.waiting:
            assert not self._is_over(), self.client.socket.close_reason
            await self._send_refused_again()
            await self._wait_for_answers()
            self._take_answers()

    async def come_back(self, *, again: int = 10) -> None:
        """Reconnect, and resend the pending edits and some acknowledged ones."""
        self._again = []
        await self.connect()
        known = dict(list(self.acked.items())[-again:] if again else [])
        for request_id in known:
            del self.acked[request_id]
        self.waiting = {one: self._ops[one] for one in [*known, *self.waiting]}
        for request_id in self.waiting:
            await self.client.patch(self._ops[request_id], id=request_id)
        await self.finish()
        for request_id, version in known.items():
            assert self.client.acks[request_id]["duplicate"], self.client.acks[request_id]
            assert self.acked[request_id] == version

    async def close(self) -> None:
        await self.client.close()
        self._take_answers()

    async def _send_next(self) -> None:
        self._number += 1
        request_id = f"{self.user}.{self._number}"
        path = f"/{self.user}/{self._number % SLOTS}"
        op = {"op": "add", "path": path, "value": self._number}
        self._ops[request_id] = self.waiting[request_id] = op
        await self.client.patch(op, id=request_id)

    async def _send_refused_again(self) -> None:
        """Resend the edits that the database refused, under their ids, once it is writable."""
        again, self._again = self._again, []
        if again and not self._is_writable():
            await self.client.until(lambda: self._is_writable() or self._is_over())
        for request_id in again:
            if request_id in self.waiting:
                await self.client.patch(self._ops[request_id], id=request_id)

    def _is_writable(self) -> bool:
        told = [message["code"] for message in self.client.others if message["type"] == "notice"]
        return [code for code in told if code in ("read_only", "writable")][-1:] != ["read_only"]

    def _is_over(self) -> bool:
        return self.client.socket.close_code is not None

    async def _wait_for_answers(self) -> None:
        await self.client.until(lambda: self._is_over() or self._has_answers())

    def _has_answers(self) -> bool:
        client = self.client
        return bool(client.rejects) or any(one in client.acks for one in self.waiting)

    def _take_answers(self) -> None:
        for request_id in list(self.waiting):
            ack = self.client.acks.get(request_id)
            if ack is not None:
                self.acked[request_id] = ack["version"]
                del self.waiting[request_id]
        for request_id in list(self.client.rejects):
            reject = self.client.rejects.pop(request_id)
            # Only this editor writes its slots: a conflict can only follow its own refused edit.
            assert reject["code"] == "storage_unavailable" or reject.get("after"), reject
            assert request_id not in self.acked
            self._again.append(request_id)
            self.refused += 1
