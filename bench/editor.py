"""The editor: what a keystroke and a drag cost on a page of 100 sections, and when it is painted.

Ten other people have the document open, with their carets in the headline that is typed. Chromium
counts the processor time of scripts, styles and layouts on the page's thread. It counts neither
other processes nor the waits between the letters. While a section is dragged, the page notes the
time of each frame. When a frame comes late, the screen has shown the last one twice.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Iterator
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright

from bench.browser import browser
from bench.crowd import page as demo_page
from bench.crowd import row
from bench.served import Served, served
from bench.wire_client import WireClient

SECTIONS = 100
OTHERS = 10
LETTERS = 60
MOVES = 240
STARTS = 5
PARTS = {"ScriptDuration": "script", "RecalcStyleDuration": "style", "LayoutDuration": "layout"}
FIELD = "/pages/home/sections/0/content/headline"
IDLE = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
# The frames of the page until `stop`: their number, and how many are missing at 60 in a second.
FRAMES = """() => {
  const times = [];
  const note = (time) => { times.push(time); window.noting = requestAnimationFrame(note); };
  window.noting = requestAnimationFrame(note);
  window.stop = () => {
    cancelAnimationFrame(noting);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    const missing = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap * 0.06) - 1), 0);
    return [gaps.length, missing];
  };
}"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def rows() -> Iterator[dict[str, Any]]:
    if not (command := browser()):
        return
    with served() as server:
        server.put("page", _large_page())
        tokens = asyncio.run(server.tokens([f"u{number}" for number in range(OTHERS)]))
        yield from asyncio.run(_measure(command, server, server.token("ada"), tokens))


def _large_page() -> dict[str, Any]:
    value = json.loads(json.dumps(demo_page()))
    sections = value["pages"]["home"]["sections"]
    own = list(sections)
    while len(sections) < SECTIONS:
        each = own[len(sections) % len(own)]
        sections.append({**each, "id": f"copy-{len(sections)}"})
    return dict(value)


async def _measure(
    command: str, server: Served, token: str, others: list[str]
) -> list[dict[str, Any]]:
    clients = [await WireClient.connect(server.port, "page", each) for each in others]
    for offset, client in enumerate(clients):
        cursor = {"path": FIELD, "offset": offset}
        client.send({"type": "presence", "state": {"cursor": cursor, "section": "hero-1"}})
    url = f"http://127.0.0.1:{server.port}/edit/page#token={token}"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=command)
        starts = [await _start(await chromium.new_page(), url) for _ in range(STARTS)]
        page = await chromium.new_page()
        await _start(page, url)
        typed = await _type(page)
        dragged = await _drag(page)
        await chromium.close()
    for client in clients:
        client.close()
    painted, ready = (statistics.median(each) for each in zip(*starts, strict=True))
    around = f"{SECTIONS} sections, {OTHERS} others"
    return [
        row("first paint of the editor", painted, "ms"),
        row("the editor can be used", ready, "ms"),
        *(row(f"a letter, {around}: {part}", value, unit) for part, value, unit in typed),
        *(row(f"a drag, {around}: {part}", value, unit) for part, value, unit in dragged),
    ]


async def _start(page: Page, url: str) -> tuple[float, float]:
    """Open the editor, and return when it was painted first, and when it could be used."""
    await page.goto(url)
    await page.wait_for_selector('body[data-state="ready"]')
    ready: float = await page.evaluate("performance.now()")
    await page.evaluate(IDLE)
    return float(await page.evaluate(PAINTED)), ready


async def _type(page: Page) -> list[tuple[str, float, str]]:
    await page.evaluate("weft.workspace.select('hero-1')")
    await page.locator("#stage h1").click()
    await page.wait_for_selector("#stage h1[contenteditable]")
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    costs = []
    layouts = []
    for letter in ("typing on a page of a hundred sections " * 2)[:LETTERS]:
        before = await _metrics(session)
        await page.keyboard.insert_text(letter)
        await page.evaluate(IDLE)
        after = await _metrics(session)
        costs.append({key: 1000 * (after[key] - before[key]) for key in PARTS})
        layouts.append(after["LayoutCount"] - before["LayoutCount"])
    whole = sorted(sum(each.values()) for each in costs)
    found = [(PARTS[key], statistics.median(each[key] for each in costs), "ms") for key in PARTS]
    return [
        *found,
        ("all", statistics.median(whole), "ms"),
        ("all, p95", whole[int(len(whole) * 0.95)], "ms"),
        ("layouts", statistics.median(layouts), "layouts"),
    ]


async def _drag(page: Page) -> list[tuple[str, float, str]]:
    """Drag a section over the list, which scrolls at its edge, and put it back."""
    await page.keyboard.press("Escape")
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    rows = await page.locator("#outline").bounding_box()
    box = await page.locator("#outline [data-section]").nth(1).bounding_box()
    assert rows is not None
    assert box is not None
    x, y = box["x"] + 90, box["y"] + 20
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 2, y + 6)
    await page.wait_for_selector("body.dragging")
    await page.evaluate(IDLE)
    await page.evaluate(FRAMES)
    before = await _metrics(session)
    for step in range(MOVES):
        await page.mouse.move(x, y + (rows["y"] + rows["height"] - 8 - y) * step / MOVES)
    count, missing = await page.evaluate("stop()")
    after = await _metrics(session)
    await page.keyboard.press("Escape")
    await page.mouse.up()
    cost = {key: 1000 * (after[key] - before[key]) / count for key in PARTS}
    return [
        *((f"{PARTS[key]} of a frame", cost[key], "ms") for key in PARTS),
        ("all of a frame", sum(cost.values()), "ms"),
        ("frames", count, "frames"),
        ("frames that are missing", missing, "frames"),
        ("layouts", after["LayoutCount"] - before["LayoutCount"], "layouts"),
    ]


async def _metrics(session: CDPSession) -> dict[str, float]:
    answer = await session.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in answer["metrics"]}
