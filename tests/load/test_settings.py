"""The settings of a load test: both tools have the same ones, and refuse the same nonsense."""

from __future__ import annotations

import os
import subprocess

import pytest

from bench.load.settings import ROWS, WrongSettingsError, read
from tests.house import CODE, ROOT, tables
from tests.load.kit import K6

KEY = {"LOAD_KEY": "k-1", "LOAD_SECRET": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
WRONG = [
    ({}, "give LOAD_KEY and LOAD_SECRET of `weft key add --show`, or LOAD_TOKEN"),
    ({"LOAD_KEY": "k-1"}, "LOAD_KEY and LOAD_SECRET go together"),
    ({**KEY, "LOAD_TOKEN": "t"}, "give LOAD_KEY and LOAD_SECRET, or LOAD_TOKEN, not both"),
    ({**KEY, "LOAD_SECRET": "short"}, "LOAD_SECRET is no base64url text"),
    ({**KEY, "LOAD_CLINTS": "3"}, "LOAD_CLINTS is no setting"),
    ({**KEY, "LOAD_CLIENTS": "2.5"}, "LOAD_CLIENTS must be a whole number from 1 to 100000"),
    ({**KEY, "LOAD_RATE": "-1"}, "LOAD_RATE must be a number from 0.01 to 1000, not '-1'"),
    ({**KEY, "LOAD_RATE": "fast"}, "LOAD_RATE must be a number from 0.01 to 1000, not 'fast'"),
    ({**KEY, "LOAD_URL": "weft.example"}, "LOAD_URL must be an origin"),
    ({**KEY, "LOAD_URL": "http://a/path"}, "LOAD_URL must be an origin"),
    ({**KEY, "LOAD_DOC": "a/b"}, "LOAD_DOC must be the name of a document, not 'a/b'"),
    ({**KEY, "LOAD_MIX": "all"}, "LOAD_MIX must be patch, yjs, http, previews or mixed"),
    ({**KEY, "LOAD_ACK_P95_MS": "300"}, "LOAD_ACK_P95_MS is above LOAD_ACK_P99_MS"),
    ({**KEY, "LOAD_DOCS": "16"}, "LOAD_DOCS is above the number of clients and readers"),
    ({**KEY, "LOAD_SECONDS": "86400"}, "so many edits would add 38.0 MB to each document"),
]


def test_without_a_variable_the_default_holds() -> None:
    settings = read({**KEY, "LOAD_CLIENTS": "", "LOAD_RATE": "0.5", "HOME": "/nowhere"})
    assert (settings.clients, settings.rate, settings.url) == (10, 0.5, "http://127.0.0.1:8080")


def test_an_origin_may_end_with_a_slash() -> None:
    assert read({**KEY, "LOAD_URL": "https://weft.example/"}).url == "https://weft.example"


@pytest.mark.parametrize(("env", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_nonsense_is_refused_with_the_reason(env: dict[str, str], problem: str) -> None:
    with pytest.raises(WrongSettingsError) as refused:
        read(env)
    assert problem in str(refused.value)


def test_every_problem_is_named() -> None:
    with pytest.raises(WrongSettingsError, match=r"LOAD_A is no setting; LOAD_RATE must be"):
        read({**KEY, "LOAD_A": "1", "LOAD_RATE": "no"})


@pytest.mark.real
@pytest.mark.skipif(not K6.exists(), reason="k6 is not installed: tests/provision.py")
@pytest.mark.parametrize(("env", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_k6_refuses_the_same(env: dict[str, str], problem: str) -> None:
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("LOAD_")}
    given = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
    refused = subprocess.run(
        [str(K6), "inspect", *given, "bench/k6/patch.js"],
        cwd=ROOT,
        env=inherited,
        check=False,
        capture_output=True,
        text=True,
    )
    assert refused.returncode != 0
    assert problem in refused.stderr


def test_every_setting_is_documented_with_its_default() -> None:
    rows = [row for heading in ("Settings", "Limits") for row in tables("load-testing.md")[heading]]
    documented = [(CODE.findall(name)[0], CODE.findall(default)) for name, default, _ in rows]
    wanted = [(row["name"], [str(row["default"])] if row["default"] != "" else []) for row in ROWS]
    assert documented == wanted
