"""A published page from a template has at least 95 points in each category of Lighthouse."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

import pytest

from tests.browser.chromium_contexts import find
from tests.browser.editor.studio import Studio
from tests.house import ROOT
from tests.provision import NEW_NODE, NODE, new_node

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(new_node() is None, reason=f"no Node {NEW_NODE}: run `npm ci`"),
    pytest.mark.skipif(find(headless=False) is None, reason="no Chromium"),
    pytest.mark.skipif(not (NODE / "node_modules/lighthouse").is_dir(), reason="no Lighthouse"),
]

LEAST = 95
DESCRIPTION = 155  # the letters that static/site/measure.js counts as shown
# The performance depends on what else the machine does. So a page has some attempts.
ATTEMPTS = 3
CHOICES = (ROOT / "static/new_page/choices.js").as_uri()
PRINT = """
const { CHOICES, named } = await import(process.argv[1]);
const made = CHOICES.map((each) => [each.trade, named(each, `My ${each.trade}`)]);
console.log(JSON.stringify(Object.fromEntries(made)));
"""


def run(*given: str) -> str:
    """Run Node with these arguments, and return what it printed."""
    command = [str(new_node()), *given]
    done = subprocess.run(command, cwd=NODE, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def templates() -> dict[str, dict[str, Any]]:
    """The document that each trade makes."""
    made: dict[str, dict[str, Any]] = json.loads(run("--input-type=module", "-e", PRINT, CHOICES))
    return made


async def published(studio: Studio, doc: str, value: dict[str, Any]) -> str:
    await studio.create(doc, value)
    made = await studio.request("POST", f"/v1/docs/{doc}/publish", {})
    assert made["warnings"] == []
    return f"{studio.server.http}{made['url']}"


async def measured(url: str) -> dict[str, Any]:
    """The best scores of some attempts, and what the last attempt lost points for."""
    best: dict[str, int] = {}
    for _ in range(ATTEMPTS):
        printed = await asyncio.to_thread(run, "lighthouse.mjs", find(headless=False) or "", url)
        found = json.loads(printed)
        best = {name: max(score, best.get(name, 0)) for name, score in found["scores"].items()}
        if min(best.values()) >= LEAST:
            break
    return {"scores": best, "lost": found["lost"]}


async def check(studio: Studio, doc: str, value: dict[str, Any]) -> None:
    found = await measured(await published(studio, doc, value))
    assert len(found["scores"]) == 4
    assert {name: score for name, score in found["scores"].items() if score < LEAST} == {}, found


def test_search_engines_show_the_whole_description_of_each_template() -> None:
    lengths = {
        trade: len(value["pages"]["home"]["seo"]["description"])
        for trade, value in templates().items()
    }
    assert len(lengths) == 8
    assert {trade: size for trade, size in lengths.items() if size > DESCRIPTION} == {}


async def test_a_page_from_a_template_is_fast_accessible_and_found(
    studio: Studio,
) -> None:
    await check(studio, "bakery", templates()["Bakery"])


@pytest.mark.long
async def test_the_pages_from_all_other_templates_are_too(studio: Studio) -> None:
    others = templates()
    del others["Bakery"]
    assert len(others) == 7
    for at, value in enumerate(others.values()):
        await check(studio, f"template-{at}", value)
