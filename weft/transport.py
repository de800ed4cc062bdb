"""The connection of a page: opens the WebSocket, and opens it again when it closes.

| closed with | the client |
|---|---|
| 4401 | fetches a new token and connects; a second 4401 stops it |
| 4400 to 4499, 1008 | stops |
| 1012, 4500 to 4599 | connects after `retry_after_ms`, or after its own delay if that is longer |
| any other code | connects after its own delay: 0.5 s, doubled up to 30 s |
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State
from websockets.typing import Subprotocol

from weft.address import Address, Token, fetch
from weft.environment import delay, now
from weft.errors import (
    BadAddressError,
    ConnectionRefusedByServerError,
    ForbiddenError,
    NoSuchDocumentError,
    TokenExpiredError,
    TokenRefusedError,
    UnreachableError,
    WeftError,
)
from weft.http import unreachable

Message: TypeAlias = dict[str, Any]
Link: TypeAlias = Literal["connecting", "online", "reconnecting", "offline", "refused", "closed"]

OPENS_WITHIN = 15.0
CLOSES_WITHIN = 2.0
STEADY = 60.0
LOST_AFTER = 5.0
_UNAUTHENTICATED = 4401
_TOO_BIG = "the first message is too large: give a smaller `create`, and add the rest later"


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ended.

    `is_final`: a retry would not help. `is_offline`: no server has answered.
    """

    code: int
    error: WeftError
    is_final: bool = False
    is_offline: bool = False


class Client(Protocol):
    """What the connection calls."""

    def opening(self) -> Message:
        """Return the fields of `open`."""

    def on_message(self, message: Message) -> None: ...

    def on_closed(self, code: int) -> None: ...

    def on_link(self, link: Link, error: WeftError | None) -> None: ...

    def on_lost(self) -> None:
        """Five seconds have passed without a connection."""

    def on_token_failure(self, error: Exception) -> None:
        """The program's token function failed, for the first time after a success."""


class Transport:
    """Keeps one connection open, until `stop` or until the server refuses it for ever."""

    def __init__(self, address: Address, token: Token, client: Client) -> None:
        self._address = address
        self._token = token
        self._client = client
        self.link: Link = "connecting"
        self.last_error: WeftError | None = None
        self._socket: ClientConnection | None = None
        self._outgoing: asyncio.Queue[bytes] | None = None
        self._is_fetching = False
        self._newest = ""  # the newest token
        self._has_no_token = False  # the newest fetch has failed
        self._wake = asyncio.Event()
        self._lost: asyncio.TimerHandle | None = None
        self._tries = 0
        self._refused_tokens = 0
        self._retry_after = 0.0
        self._renewal: asyncio.Task[None] | None = None

    def send(self, message: Message) -> None:
        """Send a message. Without a connection, it is dropped: the page sends it again."""
        if self._outgoing is not None:
            self._outgoing.put_nowait(msgspec.json.encode(message))

    @property
    def obstacle(self) -> WeftError | None:
        """Why there is no connection yet; None when the server has not answered."""
        if self._is_fetching:
            return WeftError("the token function has not returned yet: see why", "token_failed")
        return self.last_error

    def wake(self) -> None:
        """Connect now, not after the delay."""
        self._wake.set()

    def stop(self, error: WeftError) -> None:
        """Note that there will be no other connection."""
        self._change("refused", error)

    async def restart(self) -> None:
        """End the connection. The client connects again."""
        if self._socket is not None and self._socket.state is State.OPEN:
            await self._socket.close()

    async def run(self) -> None:
        """Connect, and connect again, until the server refuses it for ever."""
        self._watch_loss()
        try:
            while True:
                end = await self._attempt()
                if end.is_final:
                    self.stop(end.error)
                    return
                self.last_error = end.error
                if self.link != "connecting":
                    self._change("offline" if end.is_offline else "reconnecting", end.error)
                if end.code != _UNAUTHENTICATED:
                    await self._pause()
        finally:
            self._stop_watching()

    async def _pause(self) -> None:
        self._wake.clear()
        seconds = max(self._retry_after, delay(self._tries))
        self._tries += 1
        await pause(self._wake, seconds)

    async def _attempt(self) -> End:
        """Connect once. Return how the connection ended."""
        try:
            self._is_fetching = True
            token = await self._fetch()
        except TokenRefusedError as error:
            return End(_UNAUTHENTICATED, error, is_final=True)
        except Exception as error:  # any failure of the program's own function is only for now
            self._token_failed(error)
            return End(1006, WeftError(f"the token function failed: {error}", "token_failed"))
        finally:
            self._is_fetching = False
        try:
            socket = await connect(
                self._address.socket,
                subprotocols=[Subprotocol("weft.v1")],
                compression=None,
                max_size=None,
                open_timeout=OPENS_WITHIN,
                close_timeout=CLOSES_WITHIN,
            )
        except InvalidStatus as error:
            return self._wrong_answer(error.response.status_code)
        except InvalidURI as error:
            return End(1006, BadAddressError(str(error)), is_final=True)
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            sentence = unreachable(self._address.server, error)
            return End(1006, UnreachableError(sentence), is_offline=True)
        return await self._converse(socket, token)

    def _wrong_answer(self, status: int) -> End:
        sentence = (
            f"{self._address.server} answered {status} to a WebSocket: check that the address "
            "is that of a Weft server, and that a proxy before it passes WebSockets on"
        )
        return End(1006, BadAddressError(sentence), is_final=400 <= status < 500)

    async def _converse(self, socket: ClientConnection, token: str) -> End:
        """Open the document, and handle messages until the socket closes."""
        self._socket, self._outgoing = socket, asyncio.Queue()
        opening = {"type": "open", "token": token, "accept": ["splice"], **self._client.opening()}
        self._outgoing.put_nowait(msgspec.json.encode(opening))
        writer = asyncio.create_task(self._write(socket, self._outgoing), name="weft writer")
        began, was_open = now(), False
        try:
            async for frame in socket:
                decoded = msgspec.json.decode(frame)
                for message in decoded if isinstance(decoded, list) else [decoded]:
                    was_open = was_open or message["type"] == "opened"
                    self._receive(message)
        except ConnectionClosed:
            pass  # the close code below says why
        finally:
            writer.cancel()
            self._stop_renewing()
            self._socket = self._outgoing = None
            # asyncio in Python 3.11 cannot abort a transport that closed after its last write.
            if socket.state is State.OPEN:
                await socket.close()
        code, reason = socket.close_code or 1006, socket.close_reason or ""
        if was_open:
            self._watch_loss()
            self._client.on_closed(code)
        if was_open and now() - began >= STEADY:
            self._tries = 0
        if code == 1009 and not was_open:
            return End(code, ConnectionRefusedByServerError(_TOO_BIG, "too_large"), is_final=True)
        return self._ended(code, reason)

    async def _write(self, socket: ClientConnection, outgoing: asyncio.Queue[bytes]) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await outgoing.get(), text=True)

    def _receive(self, message: Message) -> None:
        match message["type"]:
            case "opened":
                self._refused_tokens, self._retry_after = 0, 0.0
                self._stop_watching()
                self._client.on_message(message)
                self._change("online", None)
                return
            case "disconnect_notice":
                self._retry_after = message.get("retry_after_ms", 0) / 1000
            case "notice" if message["code"] == "token_expiring" and callable(self._token):
                self._stop_renewing()
                self._renewal = asyncio.create_task(self._renew(), name="weft token")
        self._client.on_message(message)

    async def _fetch(self) -> str:
        token = await fetch(self._token)
        self._has_no_token = False
        self._newest = token
        return token

    def _token_failed(self, error: Exception) -> None:
        """Tell the client of a failure. Failures in a row are told once."""
        if not self._has_no_token:
            self._client.on_token_failure(error)
        self._has_no_token = True

    async def _renew(self) -> None:
        """Send a new token before the present one expires.

        Try again when the function fails, or returns the token that the server has.
        """
        present = self._newest
        while self._outgoing is not None:
            try:
                if (token := await self._fetch()) != present:
                    self.send({"type": "token", "token": token})
                    return
            except Exception as error:  # the program's own function
                self._token_failed(error)
            await pause(asyncio.Event(), delay(2))

    def _stop_renewing(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None

    def _ended(self, code: int, reason: str) -> End:
        doc = self._address.document
        says = f"{reason}: " if reason else ""
        if code == _UNAUTHENTICATED:
            self._refused_tokens += 1
            is_final = self._refused_tokens > 1 or not callable(self._token)
            kind = TokenExpiredError if "expired" in reason else TokenRefusedError
            return End(code, kind(f"{says}get a new token and connect again"), is_final)
        if code == 4404:
            sentence = (
                f"no document {doc!r}, or the token may not see it: check the name and the "
                "token, or pass `create=...` to make the document"
            )
            return End(code, NoSuchDocumentError(sentence), is_final=True)
        if code == 4403:
            return End(code, ForbiddenError(f"{says}ask for another token"), is_final=True)
        if code == 1008 or 4400 <= code < 4500:
            sentence = f"the server closed the connection with {code}: {reason or 'no reason'}"
            return End(code, ConnectionRefusedByServerError(sentence), is_final=True)
        sentence = f"the connection ended with {code}{': ' + reason if reason else ''}"
        return End(code, UnreachableError(sentence))

    # --- the link ---------------------------------------------------------------------------

    def _change(self, link: Link, error: WeftError | None) -> None:
        if link != self.link:
            self.link = link
            self._client.on_link(link, error)

    def _watch_loss(self) -> None:
        if self._lost is None:
            loop = asyncio.get_running_loop()
            self._lost = loop.call_later(LOST_AFTER, self._client.on_lost)

    def _stop_watching(self) -> None:
        if self._lost is not None:
            self._lost.cancel()
            self._lost = None


async def pause(wake: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until the program wants to connect at once."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wake.wait(), seconds)
