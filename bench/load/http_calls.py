"""HTTP requests of one client over one connection. It needs only the standard library."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """An answer. The status 0 says that the connection failed."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    took_ms: float = 0.0

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Calls:
    """The connection of one client to one server. It connects again when it was closed."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https"
        make = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
        self._connection = make(parts.netloc, timeout=PATIENCE)
        self._headers = {"Authorization": f"Bearer {token}"}
        self.sent = 0
        self.received = 0

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        began = time.perf_counter()
        try:
            self._connection.request(method, path, body, {**self._headers, **(headers or {})})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(0, str(error).encode())
        self.sent += len(body or b"")
        self.received += len(content)
        took = 1000 * (time.perf_counter() - began)
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, content, named, took)

    def close(self) -> None:
        self._connection.close()
