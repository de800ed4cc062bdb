"""Tabs with a page of the SDK, and scripts that look inside it."""

from __future__ import annotations

import json
import re

from playwright.async_api import Page

from tests.provision import NODE

CONNECT = """async ({ token, ...options }) => {
  const { connect } = await import(`${options.url}/sdk/weft.js`)
  globalThis.page = connect({ ...options, token: () => token })
  await page.ready
}"""
# The short names of the SDK's inner objects in the served files. `make sdk` writes this file.
SHORT: dict[str, str] = json.loads((NODE / "sdk_names.json").read_text(encoding="utf-8"))
_INSIDE = re.compile(r"\b(?:page\._session|bound\.field)[\w.]*")


async def connected(
    tab: Page, url: str, document: str, token: str, create: object = None, *, origin: str = ""
) -> Page:
    """Connect a tab to a document, as `page`. Its origin is the server's, or another one."""
    await tab.goto(f"{origin or url}/healthz")
    given = {"url": url, "document": document, "token": token, "create": create}
    await tab.evaluate(CONNECT, given)
    return tab


def inside(script: str) -> str:
    """Return a script that looks inside a `page` or a `bound` text of the served SDK."""
    return _INSIDE.sub(_shortened, script)


def _shortened(path: re.Match[str]) -> str:
    return ".".join(SHORT.get(name, name) for name in path[0].split("."))
