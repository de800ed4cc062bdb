"""Firefox opens each screen of the editor: gallery, theme, history, publishing, and a new page."""

from __future__ import annotations

import pytest

from collab.rights.user_rights import Role
from tests.browser.editor.studio import Studio, section, site
from tests.browser.test_firefox import needs_firefox, needs_node, run

pytestmark = pytest.mark.real

BUTTON = {"id": "b", "label": "Order", "href": "#ask", "style": "primary"}
PAGE = site(
    section("top", "hero", headline="Fresh bread", buttons=[BUTTON]),
    section("ask", "faq", headline="Questions"),
)


@needs_firefox
@needs_node
async def test_each_screen_does_its_work(studio: Studio) -> None:
    await studio.create("fox", PAGE)
    token = await studio.server.mint("ada", Role.PUBLISHER)
    found = await run("firefox_screens.mjs", studio.server.http, "fox", token)
    assert found == {
        "added": "hero faq pricing",
        "accent": "rgb(11, 110, 79)",
        "published": 200,
        "made": ["/edit/fox-school", "Fox School · Weft", True],
        "errors": [],
    }
    assert await studio.value("fox") == PAGE, "the history has restored the page"
