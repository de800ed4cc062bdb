"""Two servers behind each proxy with the shipped configuration, on PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from collab.rights.user_rights import Role
from tests.deploy.conftest import Instances
from tests.deploy.running_proxy import RunningProxy
from tests.deploy.shipped import KINDS, OWN_DOMAIN
from tests.deploy.test_image import health_program
from tests.faults.editor import Editor
from tests.live.http_client import Reply, call
from tests.live.test_publishing import PAGE
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import RunningServer, free_port
from tests.storage.postgres_server import PostgresServer

pytestmark = pytest.mark.real

MiB = 1 << 20
SECRET = "canary-7d1f0c"
_names = count(1)


@pytest.fixture
def doc() -> str:
    return f"doc-{next(_names)}"


@pytest.fixture(scope="module")
def ada(instances: Instances) -> str:
    return instances[0].token("ada")


@pytest.fixture(scope="module")
def admin(instances: Instances) -> str:
    return instances[0].token("looks-on", Role.ADMIN)


async def documents_of(server: RunningServer, admin: str) -> set[str]:
    """Return the documents that one instance has clients of. The test asks it directly."""
    url = f"{server.http}/status.json"
    report = (await asyncio.to_thread(call, "GET", url, token=admin)).body
    return {row["doc"] for row in report["connections"]}


def send(
    proxy: RunningProxy, method: str, path: str, *, source: str = "127.0.0.1", **headers: str
) -> Reply:
    """Send a request with any `Host`, from any address of the loopback."""
    address = urlsplit(proxy.http)
    assert address.hostname is not None
    options: dict[str, Any] = {"timeout": PATIENCE, "source_address": (source, 0)}
    if address.scheme == "https":
        trusted = ssl.create_default_context(cafile=str(proxy.certificate))
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            address.hostname, address.port, context=trusted, **options
        )
    else:
        connection = http.client.HTTPConnection(address.hostname, address.port, **options)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=given)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, answer.read())
    finally:
        connection.close()


# --- edits ----------------------------------------------------------------------------------


async def test_an_edit_passes_the_proxy(proxy: RunningProxy, ada: str, doc: str) -> None:
    client = await PatchClient.connect(proxy.ws, doc, ada, create={"title": "One"})
    assert (await client.set("/title", "Two"))["type"] == "ack"
    await client.close()
    assert call("GET", f"{proxy.http}/v1/docs/{doc}", token=ada).body == {"title": "Two"}


async def test_an_edit_reaches_the_clients_of_both_instances(
    proxy: RunningProxy, instances: Instances, ada: str, doc: str
) -> None:
    author = await PatchClient.connect(proxy.ws, doc, ada, create={"n": 0})
    readers = [await PatchClient.connect(server.ws, doc, ada) for server in instances]
    for number in range(1, 20):
        assert (await author.set("/n", number))["type"] == "ack"
    for reader in readers:
        await reader.until_version(author.version)
        assert reader.value == {"n": 19}
    assert (await readers[0].set("/n", 20))["type"] == "ack"
    assert (await readers[1].set("/n", 21))["type"] == "ack"
    for client in (author, *readers):
        await client.until_version(readers[1].version)
        assert client.value == {"n": 21}
        await client.close()
    for server in instances:
        url = f"{server.http}/v1/docs/{doc}"
        assert (await asyncio.to_thread(call, "GET", url, token=ada)).body == {"n": 21}


async def test_all_clients_of_a_document_use_one_instance(
    proxy: RunningProxy, instances: Instances, ada: str, admin: str
) -> None:
    docs = [f"doc-{next(_names)}" for _ in range(16)]
    clients = [
        await PatchClient.connect(proxy.ws, doc, ada, create={}) for doc in docs for _ in range(3)
    ]
    one, two = [await documents_of(server, admin) & set(docs) for server in instances]
    for client in clients:
        await client.close()
    assert one | two == set(docs)
    assert one & two == set()
    assert one, "both instances have work"
    assert two, "both instances have work"


async def test_an_idle_client_stays_connected(
    instances: Instances, ada: str, doc: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The proxies of this test end a connection without traffic after three seconds."""
    ports = (instances[0].port, instances[1].port)
    with ExitStack() as running:
        proxies = [
            running.enter_context(
                RunningProxy(name, tmp_path_factory.mktemp(name), ports, impatient=True)
            )
            for name in KINDS
        ]
        await asyncio.gather(*(stay_idle(each, ada, f"{doc}-{each.name}") for each in proxies))


async def stay_idle(proxy: RunningProxy, token: str, doc: str) -> None:
    """Get four pings, one in each second, and then edit over the same connection."""
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))
    socket = await connect(
        f"{proxy.ws}/v1/docs/{doc}/live",
        create_connection=Pinged,
        ping_interval=None,
        ssl=trusted if proxy.ws.startswith("wss") else None,
    )
    assert isinstance(socket, Pinged)
    await socket.send(json.dumps({"type": "open", "token": token, "create": {"n": 0}}))
    assert json.loads(await socket.recv())["type"] == "opened"
    async with asyncio.timeout(PATIENCE):
        for _ in range(4):
            await socket.pings.acquire()
    ops = [{"op": "replace", "path": "/n", "value": 1}]
    await socket.send(json.dumps({"type": "patch", "id": "idle.1", "base": 1, "ops": ops}))
    assert json.loads(await socket.recv())["type"] == "ack"
    await socket.close()


class Pinged(ClientConnection):
    """A connection that counts the pings of the server."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pings = asyncio.Semaphore(0)

    def process_event(self, event: Any) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings.release()


# --- large bodies ---------------------------------------------------------------------------


async def test_large_bodies_and_messages_pass(proxy: RunningProxy, ada: str, doc: str) -> None:
    url = f"{proxy.http}/v1/docs/{doc}"
    value = {"texts": ["x" * 100_000 for _ in range(30)], "text": ""}
    reply = await asyncio.to_thread(call, "PUT", url, value, token=ada)
    assert reply.status == 201, reply.raw
    assert (await asyncio.to_thread(call, "GET", url, token=ada)).body == value
    client = await PatchClient.connect(proxy.ws, doc, ada)
    assert client.value == value
    assert (await client.set("/text", "y" * 900_000))["type"] == "ack"
    await client.close()


async def test_a_large_picture_passes(proxy: RunningProxy, ada: str) -> None:
    out = BytesIO()
    Image.frombytes("RGB", (1200, 800), os.urandom(1200 * 800 * 3)).save(out, "PNG")
    picture = out.getvalue()
    assert len(picture) > 2 * MiB
    made = await asyncio.to_thread(
        call, "POST", f"{proxy.http}/v1/assets", raw=picture, token=ada, Content_Type="image/png"
    )
    assert made.status == 201, made.raw
    got = await asyncio.to_thread(call, "GET", f"{proxy.http}{made.body['url']}")
    assert got.status == 200
    assert got.headers["content-type"] == "image/png"


def test_a_body_above_every_limit_is_refused_at_once(proxy: RunningProxy, doc: str) -> None:
    size = str(64 * MiB + 1)
    reply = send(proxy, "PUT", f"/v1/docs/{doc}", Content_Length=size, Connection="close")
    assert reply.status in (401, 413), reply.raw


# --- what the instances learn of a client ---------------------------------------------------


async def test_the_instance_learns_the_address_of_the_client(
    proxy: RunningProxy, instances: Instances, ada: str, admin: str, doc: str
) -> None:
    forged = {"X_Forwarded_For": "203.0.113.9", "Authorization": f"Bearer {ada}"}
    made = await PatchClient.connect(proxy.ws, doc, ada, create={})
    await made.close()
    path = f"/v1/docs/{doc}/export"
    assert send(proxy, "GET", path, source="127.0.0.2", **forged).status == 200
    url = f"{instances[0].http}/v1/docs/{doc}/audit"
    async with asyncio.timeout(PATIENCE):
        while True:
            reply = await asyncio.to_thread(call, "GET", url, token=admin)
            rows = [row for row in reply.body["items"] if row["action"] == "export"]
            if rows:  # the audit trail is written a second later
                break
    assert [row["origin"].partition(":")[0] for row in rows] == ["127.0.0.2"]


def test_metrics_are_not_public(proxy: RunningProxy, instances: Instances) -> None:
    assert call("GET", f"{proxy.http}/metrics").status == 404
    assert call("GET", f"{instances[0].http}/metrics").status == 200


def test_a_response_is_compressed_once(proxy: RunningProxy, ada: str, doc: str) -> None:
    url = f"{proxy.http}/v1/docs/{doc}"
    call("PUT", url, {"text": "warp and weft " * 300}, token=ada)
    plain = call("GET", url, token=ada, Accept_Encoding="identity")
    assert (plain.status, plain.headers.get("content-encoding")) == (200, None)
    reply = call("GET", url, token=ada, Accept_Encoding="gzip")
    assert (reply.status, reply.headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(reply.raw) == plain.raw


# --- the domain of a customer ---------------------------------------------------------------


@pytest.fixture(scope="module")
def bakery(instances: Instances) -> str:
    """The document `home` of the tenant `bakery`, published. Returns its publisher's token."""
    server = instances[0]
    token = server.token("pia", Role.PUBLISHER, tenant="bakery")
    about = {"title": "About", "slug": "about", "sections": []}
    value = {**PAGE, "pages": {**PAGE["pages"], "about": about}}
    url = f"{server.http}/v1/docs/home"
    assert call("PUT", url, value, token=token).status == 201
    assert call("POST", f"{url}/publish", {}, token=token).status == 200
    return token


@pytest.mark.usefixtures("bakery")
@pytest.mark.parametrize(
    ("path", "title"), [("/", b"<title>Larkfield</title>"), ("/about", b"<title>About</title>")]
)
def test_the_domain_of_a_customer_shows_their_pages(
    proxy: RunningProxy, path: str, title: bytes
) -> None:
    reply = send(proxy, "GET", path, Host=OWN_DOMAIN)
    assert reply.status == 200, reply.raw
    assert title in reply.raw


@pytest.mark.usefixtures("bakery")
@pytest.mark.parametrize(
    ("path", "target"),
    [("/p/bakery/home", "/"), ("/p/bakery/home/", "/"), ("/p/bakery/home/about", "/about")],
)
def test_a_link_in_a_page_leads_to_the_address_on_the_domain(
    proxy: RunningProxy, path: str, target: str
) -> None:
    reply = send(proxy, "GET", path, Host=OWN_DOMAIN)
    assert (reply.status, reply.headers["location"]) == (301, target)


@pytest.mark.usefixtures("bakery")
def test_the_domain_of_a_customer_shows_nothing_else(
    proxy: RunningProxy, bakery: str, ada: str
) -> None:
    for path in (
        *(
            "/v1/docs/home",
            "/v1/docs",
            "/edit/home",
            "/status",
            "/readyz",
            "/metrics",
            "/p/demo/home",
        ),
        *("/p/bakery/homes", "/v1/published/bakery/home", "/v1/assets", "/v1/assets/demo/x", "/no"),
        *("/about/more", "/p/bakery/home/about/more"),
    ):
        reply = send(proxy, "GET", path, Host=OWN_DOMAIN, Authorization=f"Bearer {bakery}")
        assert reply.status == 404, (path, reply.status, reply.headers)
    forged = send(proxy, "GET", "/p/bakery/home/%0d%0aX-Evil:%201", Host=OWN_DOMAIN)
    assert "x-evil" not in forged.headers
    assert send(proxy, "PUT", "/v1/docs/home", Host=OWN_DOMAIN, Content_Length="0").status == 405
    shown = send(proxy, "GET", "/static/templates/architect-cabin.svg", Host=OWN_DOMAIN)
    assert shown.status == 200


def test_the_domain_of_a_customer_shows_their_pictures(
    proxy: RunningProxy, instances: Instances, bakery: str, ada: str
) -> None:
    out = BytesIO()
    Image.new("RGB", (40, 30), (next(_names) % 256, 9, 9)).save(out, "PNG")
    own, other = (
        call("POST", f"{instances[0].http}/v1/assets", raw=out.getvalue(), token=token).body["url"]
        for token in (bakery, ada)
    )
    assert send(proxy, "GET", own, Host=OWN_DOMAIN).status == 200
    assert send(proxy, "GET", other, Host=OWN_DOMAIN).status == 404


# --- the health check of the image -----------------------------------------------------------


def test_the_health_check_tells_a_server_from_none(instances: Instances) -> None:
    for port, code in ((instances[0].port, 0), (free_port(), 1)):
        env = {"WEFT_PORT": str(port), "PATH": ""}
        done = subprocess.run(health_program(), env=env, capture_output=True, check=False)
        assert done.returncode == code, done.stderr


# --- stops and faults -----------------------------------------------------------------------


async def test_a_stopped_instance_is_replaced_and_comes_back(
    proxy: RunningProxy, instances: Instances, ada: str, admin: str, doc: str
) -> None:
    editor = Editor(proxy.ws, doc, "ada", ada)
    await editor.connect({"ada": {}})
    (holder,) = [each for each in instances if doc in await documents_of(each, admin)]
    spell = asyncio.create_task(editor.edit(10**6))
    while len(editor.acked) < 50:
        assert not spell.done(), (editor.client.socket.close_code, editor.client.others)
        await asyncio.sleep(0)
    reads = asyncio.create_task(read_until(proxy, doc, ada, spell.done))
    try:
        assert await asyncio.to_thread(holder.stop) == 0, holder.log()
        await spell
        assert editor.client.socket.close_code == 1012
        await editor.close()
        await editor.come_back()  # at its first try, on the other instance
        await editor.edit(20)
        await editor.finish()
        await editor.close()
        assert set(await reads) == {200}
    finally:
        await asyncio.to_thread(holder.start)
    async with asyncio.timeout(PATIENCE):
        is_back = False
        while not is_back:
            client = await PatchClient.connect(proxy.ws, doc, ada)
            is_back = doc in await documents_of(holder, admin)
            await client.close()
    value = call("GET", f"{proxy.http}/v1/docs/{doc}", token=ada).body
    assert sum(len(slots) for slots in value.values()) > 0


async def read_until(
    proxy: RunningProxy, doc: str, token: str, is_over: Callable[[], bool]
) -> list[int]:
    """Read the document until something is over, and 20 times more. Return each status."""
    url, got, more = f"{proxy.http}/v1/docs/{doc}", list[int](), 20
    while more:
        got.append((await asyncio.to_thread(call, "GET", url, token=token)).status)
        more -= is_over()
    return got


@pytest.mark.usefixtures("bakery")
def test_without_a_database_the_instances_still_answer(
    proxy: RunningProxy, instances: Instances, cluster: PostgresServer, ada: str, doc: str
) -> None:
    """No instance is ready. The proxy still asks one, which serves what it can.

    An instance that cannot read which version is public refuses to show a page.
    """
    pages = [f"{each.http}/p/bakery/home" for each in (proxy, *instances)]
    for url in pages:
        until_status(url, 404, 200)
    cluster.stop("fast")
    try:
        down = [call("GET", f"{proxy.http}/readyz") for _ in range(40)]
        assert {reply.status for reply in down} == {503}
        assert all(reply.body["database"] != "ok" for reply in down)
        assert call("GET", f"{proxy.http}/healthz").status == 200
        assert call("GET", f"{proxy.http}/").status == 200
        refused = [until_status(url, 200, 503) for url in pages]
        assert [reply.body["code"] for reply in refused] == ["storage_unavailable"] * 3
    finally:
        cluster.start()
        for server in instances:
            until_it_writes(server.http, ada, doc)
    until_it_writes(proxy.http, ada, doc)
    for url in pages:
        until_status(url, 503, 200)


def until_status(url: str, before: int, after: int) -> Reply:
    """Read until the status is `after`, and never another than `before` until then."""
    began = time.monotonic()
    while (reply := call("GET", url)).status != after:
        assert reply.status == before, reply.raw
        assert time.monotonic() - began < PATIENCE
    return reply


def until_it_writes(http: str, token: str, doc: str) -> None:
    """Wait until an instance, or the proxy, takes an edit again."""
    began = time.monotonic()
    while (reply := call("PUT", f"{http}/v1/docs/{doc}", {}, token=token)).status >= 500:
        assert time.monotonic() - began < PATIENCE, reply.raw


def test_a_token_in_a_query_is_in_no_log(
    proxy: RunningProxy, instances: Instances, tmp_path: Path
) -> None:
    path = f"/v1/yjs/home?token={SECRET}"
    assert send(proxy, "GET", path).status in (400, 404, 426)
    dead = (free_port(), free_port())
    with RunningProxy(proxy.name, tmp_path, dead, impatient=True) as alone:
        assert send(alone, "GET", path).status in (502, 503)
    assert [SECRET in each.log() for each in (proxy, alone, *instances)] == [False] * 4
