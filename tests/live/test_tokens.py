"""A backend that follows docs/tokens.md makes tokens that the server accepts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.house import ROOT
from tests.live.http_client import Reply, call
from tests.running import RunningServer
from tests.snippets import run, snippet
from tests.yjs_peer import has_node

PAGE = "docs/tokens.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


class Backend(NamedTuple):
    """A backend that makes tokens: its key, and its function."""

    server: RunningServer
    kid: str
    secret: str

    def ask(self, token: str, doc: str = "home") -> Reply:
        return call("GET", f"{self.server.http}/v1/docs/{doc}", token=token)

    def put(self, token: str, doc: str) -> Reply:
        return call("PUT", f"{self.server.http}/v1/docs/{doc}", {"by": doc}, token=token)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    home: Path = tmp_path_factory.mktemp("weft")
    with RunningServer(home) as server:
        said = run(snippet(PAGE, "key"), home, WEFT_DATABASE=server.database)
        *_, kid, secret = said.splitlines()
        yield Backend(server, kid, secret)


Make = Callable[..., str]


def in_python(code: str) -> Make:
    """Run a snippet's `make_token` in a Python process."""

    def make(*arguments: str, **claims: Any) -> str:
        program = f"{code}\nimport sys\nprint(make_token(*{arguments!r}, **{claims!r}))"
        return subprocess.check_output([sys.executable, "-c", program], text=True).strip()

    return make


def in_node(code: str) -> Make:
    def make(*arguments: str, **claims: Any) -> str:
        asked = json.dumps([*arguments, claims])
        program = f"{code}\nconsole.log(makeToken(...{asked}))"
        command = ["node", "--input-type=module", "--eval", program]
        return subprocess.check_output(command, text=True).strip()

    return make


MAKERS = {
    "python": in_python(snippet(PAGE, "python")),
    "pyjwt": in_python(snippet(PAGE, "pyjwt")),
    "node": in_node(snippet(PAGE, "node")),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "node" and not has_node():
        pytest.skip("no Node.js")
    return MAKERS[request.param]


def test_a_token_gives_its_user_exactly_its_rights(backend: Backend, make: Make) -> None:
    name, doc = "Ada Lovelåce", f"blog-{id(make)}"
    token = make(
        backend.kid, backend.secret, "acme", "ada", "editor", name=name, docs=["home", "blog-*"]
    )
    assert backend.put(token, doc).status == 201
    assert backend.ask(token, doc).headers["weft-updated-by"] == "ada"
    assert backend.put(token, "other").status == 404
    reader = make(backend.kid, backend.secret, "acme", "bo", "viewer")
    assert backend.ask(reader, doc).status == 200
    assert backend.put(reader, "mine").status == 403


@pytest.mark.parametrize("strip", ["", "="])
def test_a_token_signed_with_the_printed_text_gets_a_hint(backend: Backend, strip: str) -> None:
    undecoded = snippet(PAGE, "python").replace(
        "base64.urlsafe_b64decode(secret)", f"secret.rstrip({strip!r}).encode()"
    )
    token = in_python(undecoded)(backend.kid, backend.secret, "acme", "ada", "editor")
    assert backend.ask(token).body["detail"] in refusals()


def refusals() -> list[str]:
    section = TEXT.split("## What a refusal says")[1]
    return re.findall(r"^\| (the token [^|]+) \|", section, re.MULTILINE)


def test_every_refusal_of_the_table_occurs(backend: Backend) -> None:
    python, key = MAKERS["python"], (backend.kid, backend.secret)
    undecoded = snippet(PAGE, "python").replace(
        "base64.urlsafe_b64decode(secret)", "secret.encode()"
    )
    tokens = [
        in_python(undecoded)(*key, "acme", "ada", "editor"),
        python(backend.kid, "A" * 43 + "=", "acme", "ada", "editor"),
        in_python(snippet(PAGE, "python").replace(', "kid": kid', ""))(*key, "acme", "a", "editor"),
        python(*key, "acme", "ada", "editor", aud="other"),
        python(*key, "demo", "ada", "editor"),
        python(*key, "acme", "ada", "editor", iat=4_000_000_000, exp=4_000_000_001),
        python(*key, "acme", "ada", "editor", seconds=-1, iat=1),
    ]
    told = [backend.ask(token) for token in tokens]
    assert [reply.status for reply in told] == [401] * len(tokens)
    assert [reply.body["detail"] for reply in told] == refusals()


@pytest.mark.parametrize("claim", ["aud", "tid", "sub", "role", "iat", "exp"])
def test_each_required_claim_is_required(backend: Backend, claim: str) -> None:
    assert re.search(rf"^\| `{claim}` \| yes \|", TEXT, re.MULTILINE)
    without = snippet(PAGE, "python").replace(
        "payload | claims", f"{{k: v for k, v in payload.items() if k != {claim!r}}}"
    )
    token = in_python(without)(backend.kid, backend.secret, "acme", "ada", "editor")
    assert backend.ask(token).status == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"nbf": 1}, 404),
        ({"nbf": 4_000_000_000}, 401),
        ({"aud": ["other", "weft"]}, 404),
        ({"name": "x" * 128}, 404),
        ({"name": "x" * 129}, 401),
        ({"sub": "x" * 128}, 404),
        ({"sub": "x" * 129}, 401),
        ({"sub": "a\nb"}, 401),
        ({"docs": ["x" * 128]}, 404),
        ({"docs": ["x" * 129]}, 401),
        ({"docs": ["x"] * 256}, 404),
        ({"docs": ["x"] * 257}, 401),
        ({"sections": ["/" + "x" * 511]}, 404),
        ({"sections": ["/" + "x" * 512]}, 401),
        ({"sections": [""] * 257}, 401),
        ({"sections": ["pages"]}, 401),
        ({"of-ours": 1}, 404),
    ],
    ids=str,
)
def test_the_limits_of_the_table_are_the_servers(
    backend: Backend, claims: dict[str, Any], status: int
) -> None:
    token = MAKERS["python"](backend.kid, backend.secret, "acme", "ada", "editor", **claims)
    assert backend.ask(token, "is-not-there").status == status


def test_a_key_rotation_by_the_documented_steps(backend: Backend) -> None:
    home, database = backend.server.home, backend.server.database
    old = run("weft key add --tenant acme --show", home, WEFT_DATABASE=database).split()
    new = run("weft key add --tenant acme --show", home, WEFT_DATABASE=database).split()
    tokens = [MAKERS["python"](*key, "acme", "ada", "viewer") for key in (old, new)]
    assert [backend.ask(token, "none").status for token in tokens] == [404, 404]
    run(f"weft key retire {old[0]} --tenant acme", home, WEFT_DATABASE=database)
    while backend.ask(tokens[0], "none").status != 401:
        pass  # within a second, or the test run times out
    assert backend.ask(tokens[1], "none").status == 404
