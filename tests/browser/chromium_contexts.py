"""Chromium under Playwright, and browser contexts for tests."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    async_playwright,
    expect,
)

from tests.patience import PATIENCE
from tests.provision import BROWSERS, HEADLESS

# What Playwright does not set itself. It starts Chromium without sandbox and background traffic.
ARGUMENTS = ("--disable-gpu", "--disable-quic")
DESKTOP: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "color_scheme": "light",
    "reduced_motion": "reduce",
}
PHONE: dict[str, Any] = {
    **DESKTOP,
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
MILLISECONDS = PATIENCE * 1000
expect.set_options(timeout=MILLISECONDS)


def find(*, headless: bool = True) -> str | None:
    """Return the path of the installed Chromium. Playwright downloads no browser here."""
    names = (HEADLESS, *BROWSERS) if headless else BROWSERS
    return next((path for name in names if (path := shutil.which(name))), None)


@asynccontextmanager
async def started(*arguments: str, headless: bool = True) -> AsyncIterator[Browser]:
    """Start Playwright and a browser process. Stop both at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find(headless=headless),
            args=[*ARGUMENTS, *arguments],
            headless=headless,
            ignore_default_args=["--hide-scrollbars"],
            timeout=MILLISECONDS,
        )
        try:
            yield browser
        finally:
            await browser.close()


class Complaints(list[str]):
    """Errors and warnings of the pages of a test: of scripts, of the policy, and of the network.

    They include what a script writes with `console.error` or `console.warn`.
    """

    def __init__(self) -> None:
        self._by_page: dict[Page | None, list[str]] = {}

    def of(self, page: Page) -> list[str]:
        return self._by_page.get(page, [])

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._add(message.page, message.text)

    def _on_error(self, error: WebError) -> None:
        self._add(error.page, str(error.error))

    def _add(self, page: Page | None, text: str) -> None:
        self.append(text)
        self._by_page.setdefault(page, []).append(text)


class Contexts:
    """Makes the contexts of one test. Pages of one context share their storage."""

    def __init__(self, browser: Browser, complaints: Complaints | None = None) -> None:
        self._browser = browser
        self._complaints = Complaints() if complaints is None else complaints
        self._made: list[BrowserContext] = []

    async def new(self, **options: Any) -> BrowserContext:
        """Make a context like `DESKTOP`. The options are those of Playwright's `new_context`."""
        context = await self._browser.new_context(**{**DESKTOP, **options})
        self._made.append(context)
        context.set_default_timeout(MILLISECONDS)
        self._complaints.watch(context)
        return context

    async def page(self, width: int = 1280, height: int = 800, **options: Any) -> Page:
        """Open a tab in a context of its own. A narrow one lays out its page as a phone does."""
        window = {"viewport": {"width": width, "height": height}, "is_mobile": width < 700}
        return await (await self.new(**{**window, **options})).new_page()

    async def phone(self, **options: Any) -> BrowserContext:
        """Make a context of a phone with a touch screen."""
        return await self.new(**{**PHONE, **options})

    async def close(self) -> None:
        for context in self._made:
            await context.close()
