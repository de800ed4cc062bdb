"""The SDK with the real server: its addresses, and pages that edit one document."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from PIL import Image

from collab.rights.user_rights import Role
from tests.running import RunningServer
from tests.sdk.pages import Pages
from tests.snippets import snippet
from tests.yjs_peer import has_node

PAGE = "docs/sdk.md"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules"),
]

OPEN = """
const open = async (user, more) => {
  const page = connect({ url, document: doc, token: () => tokens[user], client: user, ...more })
  kept[user] = page
  kept.errors ??= []
  page.on('error', (error) => kept.errors.push(error.code))
  await page.ready
  return page
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    running = await Pages.start()
    yield running
    await running.close()


async def tokens(server: RunningServer) -> dict[str, str]:
    return {user: await server.mint(user) for user in ("ada", "bo")}


async def test_two_pages_edit_one_document(server: RunningServer, pages: Pages) -> None:
    given = {"url": server.http, "doc": "two", "tokens": await tokens(server)}
    create = {"title": "Hello", "sections": [{"id": "a"}, {"id": "b"}]}
    told = await pages.run(
        OPEN
        + """
        const ada = await open('ada', { create })
        const bo = await open('bo')
        const heard = []
        bo.subscribe('/sections', (value, { mine, kind, by }) =>
          heard.push([value.length, mine, kind, by.user]))
        const change = ada.set('/title', 'Hi')
        const shown = ada.value.title
        const durable = await change.durable
        await ada.change((draft) => { draft.sections.push({ id: 'c' }) }).durable
        await ada.move('/sections/2', '/sections/0').durable
        await until(() => bo.version === ada.version)
        return { shown, durable, state: change.state, heard, ada: ada.value, bo: bo.value,
                 saved: ada.saved, link: ada.link, who: [ada.user, ada.name, ada.role, ada.tenant] }
        """,
        create=create,
        **given,
    )
    assert told["shown"] == "Hi"
    assert told["durable"] == {"version": 2, "merged": [], "conflicts": []}
    assert told["heard"] == [[3, False, "edit", "ada"], [3, False, "edit", "ada"]]
    assert told["ada"] == told["bo"]
    assert [each["id"] for each in told["bo"]["sections"]] == ["c", "a", "b"]
    assert (told["saved"], told["link"], told["state"]) == ("saved", "online", "durable")
    assert told["who"] == ["ada", "Ada", "editor", "demo"]


async def test_undo_takes_back_own_changes_only(server: RunningServer, pages: Pages) -> None:
    given = {"url": server.http, "doc": "undo", "tokens": await tokens(server)}
    told = await pages.run(
        OPEN
        + """
        const ada = await open('ada', { create: { a: 0, b: 0 } })
        const bo = await open('bo')
        ada.group(() => { ada.set('/a', 1); ada.set('/c', 1) })
        await ada.change(() => {}).durable
        await bo.set('/b', 2).durable
        await until(() => ada.value.b === 2)
        const undone = await ada.undo()
        const after = ada.value
        await ada.redo()
        return { after, undone: undone.undone.length, redone: ada.value }
        """,
        **given,
    )
    assert told["after"] == {"a": 0, "b": 2}
    assert told["redone"] == {"a": 1, "b": 2, "c": 1}
    assert told["undone"] == 1


async def test_a_refusal_has_a_code_a_sentence_and_both_values(
    server: RunningServer, pages: Pages
) -> None:
    given = {"url": server.http, "doc": "refusal", "tokens": await tokens(server)}
    told = await pages.run(
        OPEN
        + """
        const ada = await open('ada', { create: { list: [{ id: 'x', t: 'old' }] } })
        const bo = await open('bo')
        const lock = await bo.lock('/list/0')
        await until(() => ada.locks.length === 1)
        const change = ada.set('/list/0/t', 'new')
        const error = await change.durable.catch((error) => error)
        const [item] = ada.attention
        const before = [error.name, error.code, error.by.name, error.yours, error.theirs,
                        change.state, ada.value.list[0].t]
        await lock.release()
        await item.reapply().durable
        return { before, held: lock.mine, left: ada.attention.length, value: ada.value.list[0].t }
        """,
        **given,
    )
    assert told["before"] == ["Refusal", "locked", "Bo", "new", "old", "refused", "old"]
    assert (told["left"], told["value"]) == (0, "new")


async def test_documents_are_listed_created_and_deleted(
    server: RunningServer, pages: Pages
) -> None:
    told = await pages.run(
        OPEN
        + """
        const all = sdk.documents({ url, token: () => token })
        await all.create('listed', { title: 'Hi' })
        const twice = await all.create('listed', {}).catch((error) => error.code)
        const { items } = await all.list({ limit: 100 })
        const { role } = await all.share('listed')
        await all.delete('listed')
        const after = await all.list()
        return [twice, role, items.some(({ doc }) => doc === 'listed'),
                after.items.some(({ doc }) => doc === 'listed')]
        """,
        url=server.http,
        token=await server.mint("root", Role.ADMIN),
    )
    assert told == ["already_exists", "viewer", True, False]


async def test_the_history_names_restores_and_publishes(
    server: RunningServer, pages: Pages
) -> None:
    told = await pages.run(
        OPEN
        + """
        const page = connect({ url, document: 'past', token: () => token, create: { a: 1 } })
        await page.ready
        await page.set('/a', 2).durable
        await page.history.name(2, 'two')
        await page.set('/a', 3).durable
        const { items } = await page.history.list({ each: true })
        const before = await page.history.at(1)
        const ops = await page.history.diff(1, 3)
        await page.history.restore(2)
        await until(() => page.value.a === 2)
        const none = await page.published
        const made = await page.publish()
        const now = await page.published
        await page.unpublish()
        kept.page = page
        return { versions: items.map(({ version }) => version), before, ops, made, now, none }
        """,
        url=server.http,
        token=await server.mint("pia", Role.PUBLISHER),
    )
    assert told["versions"] == [3, 2, 1]
    assert told["before"] == {"a": 1}
    assert told["ops"] == [{"op": "replace", "path": "/a", "value": 3}]
    assert told["none"] == {"published": None}
    assert told["made"]["published"] == told["now"]["published"] == 4


async def test_presence_and_a_taken_over_lock(server: RunningServer, pages: Pages) -> None:
    given = {"url": server.http, "doc": "seen", "tokens": await tokens(server)}
    told = await pages.run(
        OPEN
        + """
        const ada = await open('ada', { create: { t: 'Hello' } })
        const bo = await open('bo')
        ada.presence.set({ cursor: { path: '/t', offset: 2 } })
        await until(() => bo.presence.others[0]?.state.cursor?.offset === 2)
        const lock = await ada.lock('/t')
        const wanted = await bo.lock('/t')
        const heard = []
        lock.on('asked', () => {
          heard.push('asked')
          if (heard.length === 1) lock.keep()
          else lock.release()
        })
        lock.on('lost', () => heard.push('lost'))
        for (const name of ['kept', 'held']) wanted.on(name, () => heard.push(name))
        const before = [lock.mine, wanted.mine, wanted.holder.user]
        await wanted.takeOver()
        await until(() => heard.includes('kept'))
        await wanted.takeOver()
        await until(() => wanted.mine)
        await bo.set('/t', 'Hi').durable
        await wanted.release()
        return { before, heard, after: [lock.mine, bo.locks.length] }
        """,
        **given,
    )
    assert told["before"] == [True, False, "ada"]
    assert told["heard"] == ["asked", "kept", "asked", "held"]
    assert told["after"] == [False, 0]


async def test_the_examples_of_the_docs_run(server: RunningServer, pages: Pages) -> None:
    told = await pages.run(
        OPEN
        + "const shown = []; const show = (title) => shown.push(title);"
        + "const getToken = () => token; const console = { log: () => {} };"
        + snippet("docs/sdk.md", "connect")
        + snippet("docs/sdk.md", "edit")
        + snippet("docs/sdk.md", "undo")
        + "const afterUndo = page.value;"
        + snippet("docs/sdk.md", "people")
        + snippet("docs/sdk.md", "history")
        + "let deep = 1; for (let at = 0; at < 70; at++) deep = { deep };"
        + "const code = await page.set('/deep', deep).durable.catch((error) => error.code);"
        + snippet("docs/sdk.md", "attention")
        + "kept.page = page; await until(() => page.saved === 'saved');"
        + "return { shown, afterUndo, value: page.value, url, code };",
        server=server.http,
        token=await server.mint("pia", Role.PUBLISHER),
    )
    assert told["shown"][0] == "Hi"
    assert told["afterUndo"]["title"] == "Chairs"
    assert [each["headline"] for each in told["value"]["sections"]] == ["Order now", "Chairs"]
    assert told["value"]["title"] == "Hello"
    assert told["url"].endswith("/p/demo/home")
    assert told["code"] == "invalid_patch"


def test_each_version_of_the_sdk_has_its_own_address(server: RunningServer) -> None:
    entrance = httpx.get(f"{server.http}/sdk/weft.js")
    assert entrance.headers["Cache-Control"] == "no-cache"
    version = entrance.text.split('"./')[1].split("/")[0]
    known = {"If-None-Match": entrance.headers["ETag"]}
    assert httpx.get(f"{server.http}/sdk/weft.js", headers=known).status_code == 304
    module = httpx.get(f"{server.http}/sdk/{version}/weft.js")
    assert module.status_code == 200
    assert module.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert module.headers["Access-Control-Allow-Origin"] == "*"
    assert "immutable" in module.headers["Cache-Control"]
    assert module.headers["Content-Encoding"] in ("br", "gzip")
    other = httpx.get(f"{server.http}/sdk/9.9.9/weft.js")
    assert other.status_code == 404
    assert "load /sdk/weft.js" in other.json()["detail"]
    assert httpx.get(f"{server.http}/sdk/nothing.js").status_code == 404
    assert httpx.get(f"{server.http}/sdk/{version}/SPEC.md").status_code == 404
    assert httpx.get(f"{server.http}/sdk/{version}/..%2Findex.html").status_code == 404


PICTURES = """
const page = connect({ url, document: 'pictures', token: () => token, create: {} })
await page.ready
const bytes = Uint8Array.from(atob(picture), (each) => each.charCodeAt(0))
const progress = []
const note = (each) => progress.push(each)
const asset = await page.assets.upload(bytes, note, { name: 'a.png' })
await page.set('/image', { src: asset.url }).durable
const { assets: [listed] } = await page.assets.list({ limit: 1 })
const refused = await page.assets.delete(asset.id).catch((error) => error)
await page.set('/image', null).durable
await page.assets.delete(asset.id)
const after = await page.assets.list()
const no = await page.assets.upload(new Blob(['<p>'])).catch((error) => error)
kept.page = page
return [asset.width, asset.height, listed.name, listed.uses.map(({ doc }) => doc),
        refused.code, refused.uses.map(({ doc }) => doc), after.assets.length, no.code,
        progress.at(-1).sent === bytes.length]
"""


async def test_pictures_are_uploaded_listed_and_deleted(
    server: RunningServer, pages: Pages
) -> None:
    made = io.BytesIO()
    Image.new("L", (600, 300), 7).save(made, "PNG")
    told = await pages.run(
        PICTURES,
        url=server.http,
        token=await server.mint("ada"),
        picture=base64.b64encode(made.getvalue()).decode(),
    )
    uses = ["pictures"]
    refusal = "unsupported_media_type"
    assert told == [600, 300, "a.png", uses, "in_use", uses, 0, refusal, True]
