"""docs/wire.md describes all messages, refusals and close codes of the code, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from collab.errors import HTTP_STATUS, RETRYABLE, Close
from collab.messages import ClientMessage, NoticeCode, ServerMessage
from tests.house import ROOT

PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```json (client|server)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SIDES: dict[str, Any] = {"client": ClientMessage, "server": ServerMessage}
STRUCTS = [(side, struct) for side, union in SIDES.items() for struct in get_args(union)]
EVERY_MESSAGE = pytest.mark.parametrize(
    ("side", "struct"), STRUCTS, ids=[f"{side}-{struct.__name__}" for side, struct in STRUCTS]
)


def tag(struct: Any) -> str:
    return str(struct.__struct_config__.tag)


def examples(side: str) -> Iterator[dict[str, Any]]:
    for found, block in FENCE.findall(PAGE):
        rest = block.strip()
        while found == side and rest:
            message, end = json.JSONDecoder().raw_decode(rest)
            yield message
            rest = rest[end:].strip()


def section(side: str, name: str) -> str:
    """Return the text under the heading of a message."""
    half = PAGE.split("### From the client\n")[1].split("\n### From the server\n")[side == "server"]
    half = half.split("\n## ")[0]
    parts = re.split(r"^#### (\w+)[^\n]*$", half, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[name]


def first_cells(text: str) -> set[str]:
    """Return the names in the first column of the tables whose first column is `field`."""
    tables = re.findall(r"^\| field \|[^\n]*\n((?:\|[^\n]*\n)+)", text, re.MULTILINE)
    cells = [row.split("|")[1] for table in tables for row in table.splitlines()]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@EVERY_MESSAGE
def test_a_message_has_exactly_its_fields_in_the_table(side: str, struct: Any) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(struct)}
    assert first_cells(section(side, tag(struct))) == fields


@EVERY_MESSAGE
def test_a_message_has_an_example(side: str, struct: Any) -> None:
    assert tag(struct) in {message["type"] for message in examples(side)}


@pytest.mark.parametrize("side", SIDES)
def test_every_example_is_a_valid_message(side: str) -> None:
    for message in examples(side):
        read = msgspec.convert(message, SIDES[side])
        known = {field.encode_name for field in msgspec.structs.fields(read)} | {"type"}
        assert set(message) <= known


def test_the_table_of_refusals_matches_the_code() -> None:
    text = PAGE.split("\n## Refusals\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == dict(HTTP_STATUS)
    assert all(f"`{code}`" in text.splitlines()[-1] for code in RETRYABLE)


def test_the_table_of_close_codes_matches_the_code() -> None:
    text = PAGE.split("\n## Close codes\n")[1].split("\n## ")[0]
    codes = {value for name, value in vars(Close).items() if not name.startswith("_")}
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", text, re.MULTILINE)} == codes


def test_every_notice_code_is_described() -> None:
    text = section("server", "notice")
    assert [code for code in get_args(NoticeCode) if f"`{code}`" not in text] == []
