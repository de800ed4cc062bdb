"""Pictures of the Python client: what is sent, and what comes back."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import weft
from tests.running import RunningServer
from tests.weft.test_http import answering
from weft.assets import Assets
from weft.http import Http

MADE = b'{"id":"a","url":"/v1/assets/demo/a","type":"image/png","bytes":3,"width":2,"height":1}'


def answer(status: str, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


async def test_a_picture_is_sent_as_its_bytes_with_its_name() -> None:
    async with answering(answer("201 Created", MADE)) as (url, heads):
        made = await Assets(Http(url, "t")).upload(b"abc", "ä loaf.png")
    assert (made["url"], made["width"], made["height"]) == ("/v1/assets/demo/a", 2, 1)
    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "post /v1/assets?name=%c3%a4+loaf.png http/1.1"
    assert {"content-type: application/octet-stream", "content-length: 3"} <= set(lines)


async def test_a_name_is_cut_and_may_be_left_out() -> None:
    async with answering(answer("201 Created", MADE)) as (url, heads):
        await Assets(Http(url, "t")).upload(b"abc", "n" * 300)
        await Assets(Http(url, "t")).upload(b"abc")
    assert heads[0].startswith(b"POST /v1/assets?name=" + b"n" * 200 + b" ")
    assert heads[1].startswith(b"POST /v1/assets ")


async def test_the_list_has_a_limit_and_a_cursor() -> None:
    async with answering(answer("200 OK", b'{"assets":[],"next":"c"}')) as (url, heads):
        found = await Assets(Http(url, "t")).list(limit=2, cursor="b")
    assert found == {"assets": [], "next": "c"}
    assert heads[0].startswith(b"GET /v1/assets?limit=2&cursor=b ")


async def test_a_picture_in_use_is_refused() -> None:
    async with answering(answer("204 No Content")) as (url, heads):
        await Assets(Http(url, "t")).delete("a/b")
    assert heads[0].startswith(b"DELETE /v1/assets/a%2Fb ")
    refused = answer(
        "409 Conflict", b'{"code":"in_use","detail":"home uses it","uses":[{"doc":"home"}]}'
    )
    async with answering(refused) as (url, _):
        with pytest.raises(weft.Refusal, match="home uses it") as caught:
            await Assets(Http(url, "t")).delete("a")
    assert (caught.value.code, caught.value.uses) == ("in_use", [{"doc": "home"}])


def picture(shade: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (600, 300), shade).save(made, "PNG")
    return made.getvalue()


@pytest.mark.real
async def test_a_server_keeps_a_picture_while_a_document_uses_it(
    server: RunningServer, doc: str
) -> None:
    token = await server.mint("ada")
    async with await weft.connect(server.http, doc, token=token, create={}) as page:
        made = await page.assets.upload(picture(7), "löaf.png")
        assert (made["type"], made["width"], made["height"]) == ("image/png", 600, 300)
        await page.set("/image", {"src": made["url"]}).durable
        listed = (await page.assets.list(limit=100))["assets"]
        found = next(each for each in listed if each["id"] == made["id"])
        assert (found["name"], found["by"]) == ("löaf.png", "ada")
        assert [each["doc"] for each in found["uses"]] == [doc]
        with pytest.raises(weft.Refusal) as caught:
            await page.assets.delete(made["id"])
        assert caught.value.code == "in_use"
        assert [each["doc"] for each in caught.value.uses] == [doc]
        await page.remove("/image").durable
        await page.assets.delete(made["id"])
        with pytest.raises(weft.Refusal, match="no asset"):
            await page.assets.delete(made["id"])


@pytest.mark.real
async def test_what_is_no_picture_is_refused(server: RunningServer, doc: str) -> None:
    token = await server.mint("ada")
    async with await weft.connect(server.http, doc, token=token, create={}) as page:
        for body, code in (
            (b"<!doctype html>", "unsupported_media_type"),
            (picture(8)[:60], "invalid_asset"),
            (bytes(11 << 20), "too_large"),
        ):
            with pytest.raises(weft.Refusal) as caught:
                await page.assets.upload(body)
            assert caught.value.code == code


@pytest.mark.real
def test_a_picture_is_uploaded_without_await(server: RunningServer, doc: str) -> None:
    with weft.sync.connect(server.http, doc, token=server.token("ada"), create={}) as page:
        made = page.assets.upload(picture(9), "a.png")
        assert made["id"] in [each["id"] for each in page.assets.list(limit=100)["assets"]]
        page.assets.delete(made["id"])
