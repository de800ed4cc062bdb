"""Actions of a user, beyond those of Playwright."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page


async def type_at_end(field: Locator, text: str) -> None:
    """Type at the end of a field, one key after the other."""
    await field.press("Control+End")
    await field.press_sequentially(text)


async def drop(
    page: Page, x: float, y: float, *, files: tuple[Path, ...] = (), **texts: str
) -> None:
    """Drop files, or a text of several types, on a place of the page.

    The browser itself makes the events. Playwright's `drop` makes them in a script, and then the
    browser puts no text into a field.
    """
    data: dict[str, Any] = {
        "items": [{"mimeType": f"text/{kind}", "data": text} for kind, text in texts.items()],
        "files": [str(path) for path in files],
        "dragOperationsMask": 1,
    }
    session = await page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        event = {"type": step, "x": x, "y": y, "data": data}
        await session.send("Input.dispatchDragEvent", event)
    await session.detach()
