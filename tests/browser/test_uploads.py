"""Pictures that a user drops into a page: sent with progress, and drawn without a shift."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page

from collab.ports.assets import WIDTHS
from collab.rights.user_rights import Role
from tests.browser.actions import drop
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.sdk_pages import connected
from tests.browser.site import Site
from tests.browser.waits import until
from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/sdk.md"
WIDTH, HEIGHT = 2400, 1600
IMAGE = "page.value.pages.home.sections[0].content.image"
# The parts of the window that moved while the page was loaded, as Chromium counts them.
SHIFTED = """new Promise((done) => {
  let shift = 0
  const count = (list) => list.getEntries().forEach(({ value }) => { shift += value })
  new PerformanceObserver(count).observe({ type: 'layout-shift', buffered: true })
  requestAnimationFrame(() => setTimeout(() => done(shift), 50))
})"""
DRAWN = """(({ currentSrc, srcset, complete, naturalWidth, width, height, loading, alt }) => ({
  file: currentSrc.split('/').at(-1), forms: srcset.split(',').length, shape: width / height,
  drawn: complete && naturalWidth > 0, loading, alt }))(document.querySelector('.shot img'))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of about two megabytes."""
    path = tmp_path_factory.mktemp("photos") / "löaf of bread.jpg"
    grain = Image.effect_noise((WIDTH, HEIGHT), 60)
    light = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    Image.merge("RGB", (light, grain, light.rotate(180))).save(path, quality=90)
    return path


def page_with(image: Any) -> dict[str, Any]:
    hero = {"headline": "Fresh bread", "subheadline": "From our oven", "image": image}
    sections = [
        {"id": "hero", "type": "hero", "content": hero},
        {"id": "more", "type": "features", "content": {"headline": "Every day"}},
    ]
    return {
        "site": {"name": "Larkfield"},
        "pages": {"home": {"title": "Home", "sections": sections}},
    }


async def test_a_dropped_picture_is_sent_with_progress_and_drawn_without_a_shift(
    contexts: Contexts, complaints: Complaints, server: RunningServer, photo: Path
) -> None:
    token = await server.mint("pia", Role.PUBLISHER)
    tab = await connected(await contexts.page(), server.http, "dropped", token, page_with(None))
    await tab.evaluate("globalThis.shown = []; globalThis.target = document.documentElement")
    await tab.evaluate("void (globalThis.show = (each) => { shown.push(each) })")
    await tab.evaluate("void (() => {" + snippet("docs/sdk.md", "upload") + "})()")
    await drop(tab, 20, 20, files=(photo,))
    await until(tab, f"{IMAGE} && page.saved === 'saved'")
    image = await tab.evaluate(IMAGE)
    assert (image["width"], image["height"], image["alt"]) == (WIDTH, HEIGHT, "")
    shown = await tab.evaluate("shown")
    assert shown == sorted(shown)
    assert shown[-1] == 1
    [listed] = (await tab.evaluate("page.assets.list()"))["assets"]
    assert (listed["name"], listed["url"]) == (photo.name, image["src"])
    assert [each["doc"] for each in listed["uses"]] == ["dropped"]
    for width in WIDTHS:
        found = await asyncio.to_thread(call, "GET", f"{server.http}{image['src']}?width={width}")
        assert found.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(found.raw)).width == width
    await tab.evaluate("page.publish().then(() => null)")
    for path in (f"/preview/dropped#token={token}", "/p/demo/dropped"):
        for width, scale, form in ((390, 2, 960), (1280, 1, 960), (1280, 3, 1920)):
            seen = await contexts.page(width, 900, device_scale_factor=scale)
            await seen.goto(server.http + path)
            await until(seen, "document.querySelector('.shot img')?.complete")
            drawn = await seen.evaluate(DRAWN)
            assert drawn["file"].partition("?")[2] == f"width={form}"
            assert drawn["forms"] == 4
            assert drawn["drawn"]
            assert drawn["shape"] == pytest.approx(WIDTH / HEIGHT, rel=0.02)
            assert (drawn["loading"], drawn["alt"]) == ("eager", "")
            assert await seen.evaluate(SHIFTED) == 0
            assert complaints.of(seen) == []
            await seen.context.close()


async def test_an_address_behind_the_public_url_has_the_same_forms(
    contexts: Contexts, complaints: Complaints, tmp_path: Path, photo: Path
) -> None:
    server = RunningServer(tmp_path)
    server.env["WEFT_PUBLIC_URL"] = server.http
    raw = await asyncio.to_thread(photo.read_bytes)
    with server:
        token = await server.mint("pia", Role.PUBLISHER)
        url = f"{server.http}/v1/assets"
        made = await asyncio.to_thread(call, "POST", url, token=token, raw=raw)
        assert made.body["url"].startswith(f"{server.http}/v1/assets/demo/")
        page = page_with({"src": made.body["url"], "width": WIDTH, "height": HEIGHT})
        url = f"{server.http}/v1/docs/home"
        await asyncio.to_thread(call, "PUT", url, page, token=token)
        await asyncio.to_thread(call, "POST", f"{url}/publish", token=token)
        for path in (f"/preview/home#token={token}", "/p/demo/home"):
            tab = await contexts.page(390)
            await tab.goto(server.http + path)
            await until(tab, "document.querySelector('.shot img')?.naturalWidth")
            drawn = await tab.evaluate(DRAWN)
            assert (drawn["forms"], drawn["file"].partition("?")[2]) == (4, "width=480")
            assert complaints.of(tab) == []


TRY = """(async (bytes, name) => {
  const file = new File([bytes], name)
  return page.assets.upload(file).then(() => 'uploaded', ({ code, message }) => [code, message])
})"""


@pytest.mark.parametrize("is_other", [False, True])
async def test_a_refused_file_has_its_code_and_a_sentence_also_from_another_origin(
    contexts: Contexts, tmp_path: Path, is_other: bool
) -> None:
    with Site({"/healthz": "<!doctype html>"}) as site:
        origin = {"WEFT_ORIGINS": site.origin}
        with RunningServer(tmp_path, env=origin) as server:
            token, viewer = await server.mint("ada"), await server.mint("vi", Role.VIEWER)
            host = site.origin if is_other else server.http
            tab = await contexts.page()
            other = await tab.context.new_page()
            await connected(tab, server.http, "home", token, page_with(None), origin=host)
            large, code = (
                await tab.evaluate(f"{TRY}(new Uint8Array(30 << 20), 'large.png')"),
                await tab.evaluate(f"{TRY}('<!doctype html><p>', 'page.png')"),
            )
            await connected(other, server.http, "home", viewer, origin=host)
            role = await other.evaluate(f"{TRY}('a', 'a.png')")
            server.stop()
            lost = await tab.evaluate(f"{TRY}('a', 'a.png')")
    assert [large[0], code[0], role[0], lost[0]] == [
        "too_large",
        "unsupported_media_type",
        "forbidden",
        "offline",
    ]
    assert "10" in large[1]


async def drawn_late(contexts: Contexts, server: RunningServer, doc: str) -> Page:
    """Open a page whose pictures come late, and wait for the first one."""
    seen = await contexts.page(390, 900)
    session = await seen.context.new_cdp_session(seen)
    slow = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", slow)
    await seen.goto(f"{server.http}/p/demo/{doc}")
    await until(seen, "document.querySelector('.shot img')?.naturalWidth")
    return seen


async def test_only_a_picture_without_its_size_shifts_the_page(
    contexts: Contexts, server: RunningServer, photo: Path
) -> None:
    token = await server.mint("pia", Role.PUBLISHER)
    raw = await asyncio.to_thread(photo.read_bytes)
    url = f"{server.http}/v1/assets"
    made = await asyncio.to_thread(call, "POST", url, token=token, raw=raw)
    image = {"src": made.body["url"], "alt": "A loaf"}
    sized = {**image, "width": WIDTH, "height": HEIGHT}
    for doc, given in (("sized", sized), ("unsized", image)):
        url = f"{server.http}/v1/docs/{doc}"
        await asyncio.to_thread(call, "PUT", url, page_with(given), token=token)
        await asyncio.to_thread(call, "POST", f"{url}/publish", token=token)
    sized_page = await drawn_late(contexts, server, "sized")
    assert await sized_page.evaluate(SHIFTED) == 0
    # So this test sees a shift.
    unsized_page = await drawn_late(contexts, server, "unsized")
    while await unsized_page.evaluate(SHIFTED) <= 0.05:
        pass  # ends, or the test run times out
