"""docs/settings.md describes every setting as the code does."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from server.runtime.setting_kinds import KiB, MiB, rule_of
from server.runtime.settings import Settings, variable
from tests.house import ROOT, sources

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
FIELDS = dataclasses.fields(Settings)


def row(each: dataclasses.Field[Any]) -> str:
    rule = rule_of(each)
    return f"| `{variable(each.name)}` | {default(each)} | {rule.may_be} | {rule.doc} |"


def default(each: dataclasses.Field[Any]) -> str:
    value = each.default
    if value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return "`1`" if value else "`0`"
    if rule_of(each).unit == "bytes":
        assert isinstance(value, int)
        return f"`{value // MiB}MiB`" if value % MiB == 0 else f"`{value // KiB}KiB`"
    return f"`{value}`"


@pytest.mark.parametrize("each", FIELDS, ids=lambda each: variable(each.name))
def test_a_setting_has_its_row_in_the_docs(each: dataclasses.Field[Any]) -> None:
    assert row(each) in PAGE, f"docs/settings.md needs this row:\n{row(each)}"


def test_the_docs_name_only_settings_of_the_code() -> None:
    named = set(re.findall(r"WEFT_[A-Z_]+", PAGE))
    assert named == {variable(each.name) for each in FIELDS}


def test_the_code_names_only_variables_that_are_settings() -> None:
    known = {variable(each.name) for each in FIELDS}
    for source in sources():
        if source.part in {"collab", "storage", "server"}:
            named = set(re.findall(r"WEFT_[A-Z]+(?:_[A-Z]+)*\b", source.text))
            assert named <= known, source.path
