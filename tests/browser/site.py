"""A web server of the test for pages on origins of their own."""

from __future__ import annotations

import mimetypes
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Site:
    """Serves the pages of a dict, and pictures. The test may change them while it runs."""

    def __init__(self, pages: dict[str, str] | None = None) -> None:
        self.pages = {"/favicon.ico": "", **(pages or {})}
        self.pictures: dict[str, bytes] = {}  # each a PNG, by its path and query
        self.asked: list[str] = []
        self.policy = ""  # the Content-Security-Policy of all answers
        self.is_down = False  # the site answers nothing, as without a network
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if site.is_down:
                    self.close_connection = True
                    return
                site.asked.append(self.path)
                if self.path in site.pictures:
                    self.send_response(200)
                    self.send_header("Content-Type", "image/png")
                    self.end_headers()
                    self.wfile.write(site.pictures[self.path])
                    return
                path = self.path.partition("?")[0]
                text = site.pages.get(path)
                self.send_response(404 if text is None else 200)
                kind = mimetypes.guess_type(path)[0] or "text/html"
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
