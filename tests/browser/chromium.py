"""Controls a real Chromium over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from tests.patience import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    # A new renderer process is then the one of the new tab, and no spare.
    "--disable-features=SpareRendererForSitePerProcess",
)

# The short names of the SDK's inner objects in the served files. `make sdk` writes them.
SHORT: dict[str, str] = json.loads(
    (Path(__file__).parents[1] / "node" / "sdk_names.json").read_text(encoding="utf-8")
)
_INSIDE = re.compile(r"\b(?:page\._session|bound\.field)[\w.]*")


def _shortened(path: re.Match[str]) -> str:
    return ".".join(SHORT.get(name, name) for name in path[0].split("."))


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class ChromiumProcess:
    """A browser process. `with` ends it. Many tests may share one, see `Chromium`."""

    def __init__(self, home: Path) -> None:
        command = find()
        assert command is not None
        self._process = subprocess.Popen(
            [command, *FLAGS, f"--user-data-dir={home}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.url = self._url(home / "DevToolsActivePort")

    def _url(self, file: Path) -> str:
        """The address for `Chromium`. The browser writes its port and its path into a file."""
        began = time.monotonic()
        while True:
            lines = file.read_text().split("\n") if file.exists() else []
            if len(lines) == 2 and lines[1]:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() - began < PATIENCE:
                    continue
            self.__exit__()
            raise AssertionError("Chromium did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)


class Chromium:
    """A browser for one test. Its pages have one connection, and a storage that ends with it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._context = ""
        self._reader = asyncio.create_task(self._read(), name="chromium")

    @classmethod
    async def connect(cls, process: ChromiumProcess) -> Chromium:
        self = cls(await connect(process.url, max_size=None, compression=None))
        self._context = await self.context()
        return self

    async def context(self) -> str:
        """Another storage for `page`: its pages see nothing of the pages that have another."""
        made = await self.call("Target.createBrowserContext", disposeOnDetach=True)
        context: str = made["browserContextId"]
        return context

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        self._count += 1
        future = self._answers[self._count] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        await self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        answer = await asyncio.wait_for(future, 20)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def page(
        self,
        *,
        width: int = 1280,
        height: int = 800,
        scale: float = 1,
        scheme: str = "light",
        context: str = "",
    ) -> Page:
        """Open a tab. Tabs share their storage, except with a context from `context()`."""
        target = await self.call(
            "Target.createTarget", url="about:blank", browserContextId=context or self._context
        )
        page = await self._attach(target["targetId"])
        await page.resize(width, height, scale)
        await page.prepare(scheme)
        return page

    async def _attach(self, target: str) -> Page:
        attached = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        return self.attached(attached["sessionId"])

    def attached(self, session: str) -> Page:
        """Return the tab or frame of a session."""
        page = self._pages[session] = Page(self, session)
        return page

    async def close(self) -> None:
        """Close the pages with their storages. The browser does this when the connection ends."""
        await self._socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        async for frame in self._socket:
            message = json.loads(frame)
            if "id" in message:
                future = self._answers.pop(message["id"])
                if not future.done():
                    future.set_result(message)
            elif page := self._pages.get(message.get("sessionId", "")):
                page.hear(message["method"], message["params"])


class Page:
    """One tab. `complaints` are errors of the page, of its policy and of the network.

    `requests` are the URLs that it asked for since `watch_requests`. `dialogs` are the texts of
    `alert` and the like, which are closed at once.
    """

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self._closing: set[asyncio.Task[Any]] = set()
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._loaded = asyncio.Event()

    async def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Set the size of the window, and how many pixels of the screen are one of the page."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 700,
        )

    async def prepare(self, scheme: str) -> None:
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._browser.call(method, self._session, **params)

    def hear(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Page.javascriptDialogOpening":
                self.dialogs.append(params["message"])
                task = asyncio.ensure_future(self.call("Page.handleJavaScriptDialog", accept=True))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Target.attachedToTarget":
                self._frames.put_nowait(params["sessionId"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"])[:500])
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), 20)

    async def click(self, x: int, y: int) -> None:
        for kind, button in (("mouseMoved", "none"), ("mousePressed", "left")):
            await self._mouse(kind, button, x, y)
        await self._mouse("mouseReleased", "left", x, y)

    async def _mouse(self, kind: str, button: str, x: int, y: int) -> None:
        await self.call(
            "Input.dispatchMouseEvent", type=kind, button=button, x=x, y=y, clickCount=1
        )

    async def watch_requests(self) -> None:
        await self.call("Network.enable")

    async def drop(self, file: Path, x: int, y: int) -> None:
        """Drop a file on a place of the page, as a user does."""
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    async def watch_frames(self) -> None:
        """Let `frame` find the frames that have a process of their own."""
        await self.call(
            "Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )

    async def frame(self) -> Page:
        """Return the next such frame of this tab."""
        return self._browser.attached(await asyncio.wait_for(self._frames.get(), 20))

    async def evaluate(self, script: str) -> Any:
        """Evaluate an expression, and await it when it is a promise. It may look inside the SDK."""
        expression = _INSIDE.sub(_shortened, script)
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    async def until(self, condition: str, seconds: float = 15.0) -> None:
        """Evaluate an expression again and again until it is true.

        An expression that throws is not true yet: the element that it reads may not be drawn.
        """
        script = (
            "new Promise((done, fail) => {"
            f"const end = performance.now() + {seconds * 1000};"
            f"const look = () => {{ let thrown; try {{ if ({condition}) return done(true); }}"
            " catch (error) { thrown = error; }"
            " if (performance.now() > end) fail(thrown ?? new Error('waited too long'));"
            " else setTimeout(look, 50); }; look(); })"
        )
        await self.evaluate(script)

    async def screenshot(self) -> bytes:
        """Return the whole page as a PNG."""
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])
