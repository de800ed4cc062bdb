"""Two people edit one page side by side: `make demo`.

On a machine with a display, two windows open. Without one, each scene becomes a picture in
`var/demo`, with both screens beside each other.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Error, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts, find, started
from tests.running import RunningServer

WIDTH, HEIGHT = 1120, 760
GAP = 16
# Milliseconds between two letters, and after a scene, when people watch.
LETTER, SCENE = 70, 2_500


class Show:
    """The screens of both people, and what has been shown."""

    def __init__(self, ada: Page, bo: Page, folder: Path | None) -> None:
        self.ada, self.bo, self.folder = ada, bo, folder
        self.scenes: list[tuple[str, str]] = []  # the file and the words of each picture
        self.letter = 8 if folder else LETTER

    async def scene(self, words: str) -> None:
        """Say what happened, and show it: as a picture, or for some seconds."""
        print(f"  {len(self.scenes) + 1}. {words}", flush=True)
        if self.folder is None:
            self.scenes.append(("", words))
            await self.ada.wait_for_timeout(SCENE)
            return
        name = re.sub(r"[^a-z]+", "-", words.lower()).strip("-")[:50]
        file = f"{len(self.scenes) + 1:02}-{name}.png"
        shots = [await page.screenshot(animations="disabled") for page in (self.ada, self.bo)]
        beside(shots).save(self.folder / file, optimize=True)
        self.scenes.append((file, words))

    async def type(self, page: Page, words: str) -> None:
        await page.keyboard.type(words, delay=self.letter)


def beside(shots: list[bytes]) -> Image.Image:
    """Return two screenshots beside each other."""
    pictures = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    whole = Image.new("RGB", (2 * WIDTH + GAP, HEIGHT), (128, 132, 140))
    for number, picture in enumerate(pictures):
        whole.paste(picture, (number * (WIDTH + GAP), 0))
    return whole


async def play(show: Show, server: RunningServer) -> None:
    """Play all scenes. Each waits until both people see it."""
    ada, bo = show.ada, show.bo
    for page, user in ((ada, "ada"), (bo, "bo")):
        await page.goto(f"{server.http}/#token={await server.mint(user, Role.PUBLISHER)}")
        await page.wait_for_selector("body[data-state]")
    await begin(show)
    await show.scene("Ada makes a page from a template, and Bo opens it")
    await type_at_once(show)
    await show.scene("Both type in the same headline")
    await move(show)
    await show.scene("Bo moves a section while Ada writes in it")
    await lock(show)
    await show.scene("Ada has locked a section; Bo asks for it")
    await ada.get_by_role("button", name="Let go").click()
    await expect(bo.get_by_text("Others cannot change it")).to_be_visible()
    await leave_network(show)
    await show.scene("Bo has no network, and writes on")
    await bo.context.set_offline(False)
    await expect(ada.locator("#stage h1").first).to_contain_text("without a network")
    await show.scene("The network is back, and nothing is lost")
    await paint(show)
    await show.scene("Ada changes a colour of the site")
    await look_back(show)
    await show.scene("The history says who wrote what, and when")


async def begin(show: Show) -> None:
    ada, bo = show.ada, show.bo
    await ada.get_by_role("button", name="New page").first.click()
    dialog = ada.get_by_role("dialog", name="New page")
    await dialog.locator("#title").fill("Corner Bakery")
    await dialog.get_by_role("button", name="Create page").click()
    await ada.wait_for_url("**/edit/**")
    for page in (ada, bo):
        if page is bo:
            await bo.goto(ada.url)
        await page.wait_for_selector('body[data-state="ready"]')
        await page.wait_for_selector("#stage h1")
    await expect(ada.get_by_role("button", name="2 people here")).to_be_visible()


async def type_at_once(show: Show) -> None:
    for page, key in ((show.ada, "End"), (show.bo, "Home")):
        await page.locator("#stage h1").first.click()
        await page.keyboard.press(f"Control+{key}")
    await asyncio.gather(show.type(show.ada, ", every day"), show.type(show.bo, "Yes: "))
    for page in (show.ada, show.bo):
        headline = page.locator("#stage h1").first
        await expect(headline).to_contain_text("Yes: ")
        await expect(headline).to_contain_text(", every day")


async def move(show: Show) -> None:
    """Bo moves the second section down by keys, and Ada writes in it meanwhile."""
    ada, bo = show.ada, show.bo
    for page in (ada, bo):
        await page.keyboard.press("Escape")
    second = await bo.evaluate("weft.workspace.sections[1].id")
    await ada.locator(f'#stage [data-section="{second}"] h2').first.click()
    await ada.keyboard.press("Control+End")
    await bo.evaluate("(id) => weft.workspace.select(id, null, { scroll: true })", second)
    await asyncio.gather(show.type(ada, " for you"), bo.keyboard.press("Alt+ArrowDown"))
    for page in (ada, bo):
        await page.wait_for_function("(id) => weft.workspace.sectionAt(id).index === 2", arg=second)
        await expect(page.locator(f'#stage [data-section="{second}"] h2').first).to_contain_text(
            "for you"
        )


async def lock(show: Show) -> None:
    ada, bo = show.ada, show.bo
    for page in (ada, bo):
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        first = await page.evaluate("weft.workspace.sections[0].id")
        await page.evaluate("(id) => weft.workspace.select(id, null, { scroll: true })", first)
        if page is ada:
            await ada.locator("#stage").get_by_role("button", name="Lock section").click()
            await expect(ada.get_by_text("You have locked")).to_be_visible()
    await bo.locator("#stage").get_by_role("button", name="Ask to take over").click()
    await bo.get_by_role("dialog").get_by_role("button", name="Ask to take over").click()
    await expect(ada.get_by_role("button", name="Let go")).to_be_visible()


async def leave_network(show: Show) -> None:
    bo = show.bo
    await bo.context.set_offline(True)
    await bo.locator("#stage h1").first.click()
    await bo.keyboard.press("Control+End")
    await show.type(bo, " without a network")
    await expect(bo.locator("#state")).to_contain_text("offline")


async def paint(show: Show) -> None:
    ada = show.ada
    await ada.keyboard.press("Escape")
    await show.bo.keyboard.press("Escape")
    before = await ada.evaluate("JSON.stringify(weft.page.value.theme ?? {})")
    await ada.evaluate("weft.workspace.emit('screen', { name: 'site', pointer: '/theme' })")
    swatch = ada.locator("#site .color input.hex").first
    await swatch.fill("#0b6e4f")
    await swatch.press("Enter")
    for page in (ada, show.bo):
        await page.wait_for_function(
            "(before) => JSON.stringify(weft.page.value.theme ?? {}) !== before", arg=before
        )


async def look_back(show: Show) -> None:
    ada = show.ada
    await ada.get_by_role("button", name="Close the settings").click()
    await ada.get_by_role("button", name="History").first.click()
    by_bo = ada.locator(".history [role=option]").filter(has_text="Bo")
    await by_bo.first.click()
    await expect(ada.locator(".history ins").first).to_be_visible()


def write_index(show: Show, folder: Path) -> Path:
    """Write a page with all pictures, in order."""
    figures = "\n".join(
        f'<figure><img src="{file}" alt="{escape(words)}"><figcaption>{escape(words)}</figcaption>'
        "</figure>"
        for file, words in show.scenes
    )
    style = "img{max-width:100%} figure{margin:2rem auto;max-width:1400px;font:1rem sans-serif}"
    path = folder / "index.html"
    path.write_text(
        f'<!doctype html>\n<meta charset="utf-8">\n<title>Two people edit a page</title>\n'
        f"<style>{style}</style>\n{figures}\n",
        encoding="utf-8",
    )
    return path


async def main(folder: Path, *, has_display: bool) -> Show:
    """Start a server with an empty database and two browsers, and play the show."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(RunningServer(home))

        async def person(left: int) -> Page:
            window = (f"--window-position={left},0", f"--window-size={WIDTH},{HEIGHT}")
            opening = started(*window, headless=not has_display)
            try:
                browser = await stack.enter_async_context(opening)
            except Error as error:
                if has_display:
                    raise NoWindowError from error
                raise
            return await Contexts(browser).page(WIDTH, HEIGHT)

        pictures = None if has_display else home / "pictures"
        show = Show(await person(0), await person(WIDTH), pictures)
        if pictures:
            pictures.mkdir()
        await play(show, server)
        if pictures:
            keep(pictures, folder)
        return show


def keep(pictures: Path, folder: Path) -> None:
    """Put the pictures into the folder, in place of those of an earlier show."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9]-*.png"):
        old.unlink(missing_ok=True)
    for each in pictures.iterdir():
        shutil.move(each, folder / each.name)


class NoWindowError(Exception):
    """The browser cannot open a window on this display."""


class Stopping:
    """Ctrl+C, `kill` or a closed terminal end the show, and nothing of it remains."""

    is_asked = False

    def __call__(self, task: asyncio.Task[Show]) -> None:
        self.is_asked = True
        task.cancel()

    def on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """After the signal, the driver of the browser is gone: its errors tell nothing."""
        if not self.is_asked:
            loop.default_exception_handler(context)


def shown(folder: Path, *, has_display: bool, stopping: Stopping) -> Show | None:
    """Return the whole show; None when the user has stopped it."""

    async def until_stopped() -> Show:
        loop = asyncio.get_running_loop()
        task = loop.create_task(main(folder, has_display=has_display))
        loop.set_exception_handler(stopping.on_error)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stopping, task)
        return await task

    try:
        return asyncio.run(until_stopped())
    except (asyncio.CancelledError, Error):  # the browser may hear of the signal first
        if stopping.is_asked:
            return None
        raise


def run() -> int:
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if find(headless=not has_display) is None:
        print("make demo needs Chromium: install the package chromium")
        return 1
    folder, stopping = Path(sys.argv[1]), Stopping()
    print("Two people edit one page.", flush=True)
    if not has_display:
        print("There is no display, so the scenes become pictures.", flush=True)
    try:
        show = shown(folder, has_display=has_display, stopping=stopping)
    except NoWindowError:
        print("No window opens on this display, so the scenes become pictures.", flush=True)
        has_display = False
        show = shown(folder, has_display=False, stopping=stopping)
    if show is None:
        print("The demo was stopped.")
        return 130
    if not has_display:
        print(f"Open the pictures: {write_index(show, folder)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
