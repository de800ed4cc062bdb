"""Marks: what an edit writes, and what peers find."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from bench.load.marks import DAY, Sight, base36, mark, numbers_in
from tests.house import ROOT

NOW = 1_800_000_000_000


def test_a_mark_has_its_client_its_number_and_its_time() -> None:
    text = mark("r-c1", 37, NOW)
    assert text == f"~r-c1.11:{base36(NOW % DAY)};"
    assert numbers_in(f"some {text} text {mark('r-c2', 5, NOW)}", "r-c1") == [37]


def test_a_peer_measures_each_new_mark_once() -> None:
    sight = Sight("me")
    first, second = mark("ada", 0, NOW), mark("ada", 1, NOW + 5)
    assert sight.look(first, NOW + 20) == [20]
    assert sight.look(first + second, NOW + 30) == [25]
    assert sight.look(first + second, NOW + 40) == []
    assert sight.missed == 0


def test_own_marks_and_marks_of_before_do_not_count() -> None:
    sight = Sight("me")
    sight.begin(mark("ada", 8, NOW))
    assert sight.look(mark("me", 0, NOW) + mark("ada", 8, NOW), NOW) == []
    assert sight.look(mark("ada", 9, NOW), NOW + 3) == [3]
    assert sight.missed == 0


def test_marks_that_never_came_are_counted() -> None:
    sight = Sight("me")
    sight.look(mark("ada", 0, NOW), NOW)
    sight.look(mark("ada", 3, NOW), NOW)
    assert sight.missed == 2


def test_what_a_peer_has_not_seen_at_the_end_is_counted() -> None:
    sight = Sight("me")
    sight.look(mark("ada", 0, NOW), NOW)
    there = "".join(mark(*each, NOW) for each in (("ada", 0), ("ada", 2), ("bo", 1), ("me", 9)))
    assert sight.unseen(there) == 2 + 2
    assert sight.unseen(mark("ada", 0, NOW)) == 0


def test_a_mark_that_a_peer_has_seen_must_be_in_the_document() -> None:
    sight = Sight("me")
    sight.look(mark("ada", 0, NOW) + mark("ada", 1, NOW) + mark("bo", 0, NOW), NOW)
    assert sight.vanished(mark("ada", 0, NOW) + mark("bo", 0, NOW)) == 1
    assert sight.copy().vanished("") == 3


def test_the_time_may_pass_the_end_of_a_day() -> None:
    end = NOW - NOW % DAY + DAY - 1
    assert Sight("me").look(mark("ada", 0, end), end + 4) == [4]


@pytest.mark.real
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")
def test_k6_writes_and_finds_the_same_marks() -> None:
    module = (ROOT / "bench" / "k6" / "marks.js").as_uri()
    text = mark("ada", 0, NOW) + mark("bo", 40, NOW) + mark("ada", 3, NOW)
    script = f"""
      import {{ mark, numbersIn, Sight }} from {json.dumps(module)}
      const sight = new Sight("bo")
      const took = sight.look({json.dumps(text)}, {NOW + 7})
      const left = sight.copy().unseen(mark("ada", 5, {NOW}))
      const own = mark("ada", 3, {NOW})
      const numbers = numbersIn({json.dumps(text)}, "ada")
      console.log(JSON.stringify([own, numbers, took, sight.missed, left, sight.vanished("")]))
    """
    node = subprocess.run(
        ["node", "--input-type=module", "--no-warnings"],
        input=script,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(node.stdout) == [mark("ada", 3, NOW), [0, 3], [7, 7], 2, 2, 4]
