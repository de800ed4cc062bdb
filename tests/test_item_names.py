"""The inspector knows an item of a list again after any change around it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.house import ROOT

# Prints the names of the items after each change. The items of the first list are a, b, c, …
PRINT = """
const [spot, given] = process.argv.slice(1);
const { namesOf } = await import(spot);
const letters = (count) => [...'abcdefgh'].slice(0, count);
const after = ([before, now]) => namesOf(now, { items: before, names: letters(before.length) });
console.log(JSON.stringify(JSON.parse(given).map(after)));
"""
ONE, TWO, THREE = ({"id": each} for each in ("one", "two", "three"))
EDITED = {"id": "two", "title": "New"}
# The items before and after, and the names after; "?" is a new one.
CASES: dict[str, tuple[list[Any], list[Any], str]] = {
    "an item moves": ([ONE, TWO, THREE], [THREE, ONE, TWO], "c a b"),
    "an item is edited and another moves": ([ONE, TWO, THREE], [THREE, ONE, EDITED], "c a b"),
    "an item comes first": ([TWO, THREE], [ONE, TWO, THREE], "? a b"),
    "an item goes": ([ONE, TWO, THREE], [ONE, THREE], "a c"),
    "one goes and another comes": ([ONE, TWO], [ONE, THREE], "a ?"),
    "a text is edited": (["x", "y", "z"], ["x", "yes", "z"], "a b c"),
    "a text moves": (["x", "y", "z"], ["z", "x", "y"], "c a b"),
    "a text is inserted": (["x", "y"], ["x", "new", "y"], "a ? b"),
    "equal texts": (["x", "x"], ["x", "x", "x"], "a b ?"),
    "an item without an id is edited": ([{"t": 1}, ONE], [{"t": 2}, ONE], "a b"),
    "two items with one id": ([ONE, ONE], [ONE, EDITED, ONE], "a ? b"),
    "all are new": ([], [ONE, "x"], "? ?"),
}


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js")
def test_an_item_keeps_its_name() -> None:
    spot = (ROOT / "static/fields/spot.js").as_uri()
    given = json.dumps([[before, now] for before, now, _ in CASES.values()])
    command = ["node", "--input-type=module", "-e", PRINT, spot, given]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for (what, (_, _, wanted)), names in zip(CASES.items(), json.loads(done.stdout), strict=True):
        shown = [each if each in "abcdefgh" else "?" for each in names]
        assert " ".join(shown) == wanted, what
        assert len(set(names)) == len(names), what
