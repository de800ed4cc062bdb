"""A real server answers as its own description says, to whatever schemathesis thinks of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab.room.rights import Role
from tests.live.http_client import call
from tests.running import RunningServer

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
# Everything about one document that there is, where most names that are tried are none.
ONE_DOCUMENT = '[parameters]\n"path.doc" = "tried"\n'
UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


def attack(
    server: RunningServer, home: Path, token: str, *options: str, examples: int, config: str = ""
) -> None:
    """Run schemathesis; what it has to say is the failure's message."""
    (home / "schemathesis.toml").write_text(config)
    command = [str(SCHEMATHESIS), "--config-file", "schemathesis.toml", "run"]
    command += [f"{server.http}/openapi.json", "--header", f"Authorization: Bearer {token}"]
    command += ["--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--no-color"]
    command += ["--max-examples", str(examples), "--warnings", "off", *options]
    run = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout[-8000:]}\n{run.stderr[-2000:]}"
    assert "Traceback" not in server.log()


def test_any_document_s_operations_answer_as_described(
    server: RunningServer, tmp_path: Path
) -> None:
    attack(server, tmp_path, server.token("eddy"), "--seed", "1", examples=2)


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
