"""A real server answers all requests of schemathesis as its OpenAPI description says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from collab.rights.user_rights import Role
from tests.attacks.campaign.bodies import picture
from tests.live.http_client import call
from tests.running import UNLIMITED, RunningServer

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
# Random bytes are no picture, so the server refuses them, although the description allows them.
NO_UPLOADS = ("--exclude-operation-id", "uploadAsset")
# Only with a seed: 2.0 is an integer in JSON Schema, but not for Weft.
STRICT = "positive_data_acceptance"
# Refusals that a valid request may get, because of the document's state.
STATES = ["401", "403", "404", "409", "412", "422", "423", "429", "503"]
EXPECTED = f"""
[checks]
{STRICT}.expected-statuses = {["2xx", "3xx", *STATES]}
"""
# All operations on one document that exists; most other names that are tried are absent.
ONE_DOCUMENT = '[parameters]\n"path.doc" = "tried"\n'
PICTURE = picture(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


def attack(
    server: RunningServer,
    home: Path,
    token: str,
    *options: str,
    examples: int,
    config: str = "",
    checks: tuple[str, ...] = CHECKS,
) -> None:
    """Run schemathesis. Its output is the message of the failure."""
    (home / "schemathesis.toml").write_text(config + EXPECTED)
    command = [str(SCHEMATHESIS), "--config-file", "schemathesis.toml", "run"]
    command += [f"{server.http}/openapi.json", "--header", f"Authorization: Bearer {token}"]
    command += ["--checks", ",".join(checks), "--phases", "examples,coverage,fuzzing", "--no-color"]
    command += ["--max-examples", str(examples), "--warnings", "off", *options]
    run = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout[-8000:]}\n{run.stderr[-2000:]}"
    assert "Traceback" not in server.log()


# In an order in which each operation succeeds.
REPLAYED = """
    putDocument patchDocument nameVersion getVersion getDiff listVersions undo redo restore
    getDocument getNamedSchema putSchema getSchema deleteSchema listPresent
    acquireLock listLocks renewLock
    takeOverLock keepLock releaseLock makeShare listShares endShare
    uploadAsset listAssets readAsset deleteAsset getFindings publish getPublished
    readPublished takeDown exportDocument
    listAudit listActivity listDocuments importDocument deleteDocument healthz readyz getDescription
""".split()  # noqa: SIM905 - a list of this length is read more easily so


def test_the_examples_of_the_description_match_real_answers(server: RunningServer) -> None:
    """Send each operation's example, and compare the answer with the example's answer."""
    token = server.token("root", Role.ADMIN)
    described = call("GET", f"{server.http}/openapi.json").body
    operations = {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert set(REPLAYED) == set(operations) - {"makeGuest"}, "which is in demo mode alone"
    lock: dict[str, Any] = {}
    link: dict[str, Any] = {}
    asset: dict[str, Any] = {}
    for name in REPLAYED:
        method, path, operation = operations[name]
        doc = "imported" if name == "importDocument" else "home"
        ids = {"lock": lock.get("id"), "share": link.get("id"), "id": asset.get("id")}
        path = path.format(doc=doc, tenant="demo", version=1, schema="landing-page", **ids)
        content = operation.get("requestBody", {}).get("content", {})
        body = next((each["example"] for each in content.values()), None)
        body = {"secret": lock["secret"]} if name == "releaseLock" else body
        needed = [
            p
            for p in operation.get("parameters", ())
            if p["in"] == "query" and (p["required"] or p["name"] == "include")
        ]
        query = "&".join(f"{p['name']}={p['example']}" for p in needed)
        raw = PICTURE if name == "uploadAsset" else None
        reply = call(method, f"{server.http}{path}?{query}", body, token=token, raw=raw)
        status, answer = next(iter(operation["responses"].items()))
        assert str(reply.status) == status, (name, reply.raw)
        for told in answer.get("content", {}).values() if name != "readAsset" else ():
            schema = {**told["schema"], "components": described["components"]}
            jsonschema_rs.validate(schema, reply.body)
            assert shape(told["example"]) <= shape(reply.body) | OPTIONAL, name
        if name in ("acquireLock", "renewLock"):
            lock = reply.body
        if name == "makeShare":
            link = reply.body
        if name == "uploadAsset":
            asset = reply.body
        if name == "readAsset":
            assert reply.raw == PICTURE


# Members that an example shows, but that this replay does not cause.
OPTIONAL = {"cursor", "next", "name", "warnings", "refusals", "claimed_by", "yields_at", "holder"}


def shape(value: Any) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def test_any_document_s_operations_answer_as_described(
    server: RunningServer, tmp_path: Path
) -> None:
    checks = (*CHECKS, STRICT)
    token = server.token("eddy")
    attack(server, tmp_path, token, "--seed", "1", *NO_UPLOADS, examples=2, checks=checks)


def test_refused_uploads_answer_as_described(server: RunningServer, tmp_path: Path) -> None:
    only = ("--seed", "1", "--include-operation-id", "uploadAsset")
    attack(server, tmp_path, server.token("eddy"), *only, examples=5)


def test_one_document_s_operations_answer_as_described(
    server: RunningServer, tmp_path: Path
) -> None:
    token = server.token("root", Role.ADMIN)
    value = {"title": "Hello", "list": [1, {"id": "a"}], "n": 0}
    call("PUT", f"{server.http}/v1/docs/tried", value, token=token)
    options = ("--seed", "2", "--exclude-operation-id", "deleteDocument")
    attack(server, tmp_path, token, *options, examples=3, config=ONE_DOCUMENT)


@pytest.mark.long
@pytest.mark.parametrize("config", ["", ONE_DOCUMENT], ids=["any", "one"])
def test_operations_answer_as_described_for_long(
    server: RunningServer, tmp_path: Path, config: str
) -> None:
    token = server.token("root", Role.ADMIN)
    call("PUT", f"{server.http}/v1/docs/tried", {"title": "Hello", "list": [1]}, token=token)
    attack(server, tmp_path, token, examples=100, config=config)
