"""How many bytes the editor loads."""

from __future__ import annotations

import gzip

import httpx
import pytest
from playwright.async_api import Page, Request

from tests.browser.editor.studio import Studio, section, site

pytestmark = pytest.mark.real

MOST = 90 * 1024
CODE = {"document", "script", "stylesheet"}


async def test_the_editor_has_at_most_90_kb(studio: Studio, page: Page) -> None:
    """Count all that the editor is made of, with what a dialog or an error loads later."""
    await studio.create("size", site(section("a", "hero", headline="A headline")))
    asked: set[str] = set()

    def note(request: Request) -> None:
        if request.resource_type in CODE:
            asked.add(request.url.partition("#")[0])

    page.context.on("request", note)
    opened = await studio.open(page.context, "size")
    await opened.evaluate("weft.workspace.select('a')")
    async with httpx.AsyncClient(headers={"Accept-Encoding": "gzip"}) as client:
        sizes = {}
        for url in sorted(asked):
            async with client.stream("GET", url) as answer:
                sent = b"".join([part async for part in answer.aiter_raw()])
            coding = answer.headers.get("Content-Encoding")
            sizes[url] = len(sent if coding == "gzip" else gzip.compress(sent, 9))
    assert len(sizes) > 5
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda each: -each[1])[:20]
