"""`.env.example` names the settings that an operator must think about, with valid values."""

from __future__ import annotations

import dataclasses
import re

import pytest

from server.runtime.setting_kinds import rule_of
from server.runtime.settings import Settings, variable
from tests.house import ROOT, tables

TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
LINES = re.findall(r"^(#?)([A-Z][A-Z_]+)=(.*)$", TEXT, re.MULTILINE)
ACTIVE = {name: value for comment, name, value in LINES if not comment}
SETTINGS = {variable(each.name): each for each in dataclasses.fields(Settings)}
OF_WEFT = [(name, value) for _, name, value in LINES if name.startswith("WEFT_")]
# The tables of docs/settings.md whose defaults fit one machine without a proxy.
SECTIONS = ("Address and database", "Access")


@pytest.mark.parametrize(("name", "value"), OF_WEFT)
def test_each_variable_is_a_setting_with_a_valid_value(name: str, value: str) -> None:
    assert name in SETTINGS
    if value:
        rule_of(SETTINGS[name]).parse(value)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_of_a_section_is_named(section: str) -> None:
    wanted = {row[0].strip("`") for row in tables("settings.md")[section]}
    assert wanted - {name for _, name, _ in LINES} == set()


def test_the_file_changes_no_default() -> None:
    assert Settings.load(ACTIVE) == Settings()


def test_no_secret_has_a_value() -> None:
    secrets = [name for name, value in ACTIVE.items() if value]
    assert secrets == []


def test_the_other_variables_are_those_of_compose() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    others = {name for _, name, _ in LINES if not name.startswith("WEFT_")}
    assert others == set(re.findall(r"\$\{([A-Z_]+)", compose))
