"""The campaign in tests/attacks/campaign/ attacks every request and every limit."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from collab.patch.bounds import Bounds
from collab.yjs.update import GuardBounds
from tests.attacks.campaign import bodies, http_cases, limits, patch_cases, yjs_cases
from tests.attacks.campaign.campaign import addresses
from tests.attacks.campaign.case import Case
from tests.attacks.campaign.figures import Figures
from tests.attacks.campaign.verdict import violations

pytestmark = pytest.mark.thorough

OPERATIONS = http_cases.operations()
# Each bound of a patch or an update, with the dimension that reaches it.
PATCHES = {
    "max_ops": "ops that add in front",
    "max_depth": "nesting",
    "max_pointer": "pointer",
    "max_nodes": "values",
    "max_bytes": "bytes of a text",
    "max_work": "bytes copied",
    "max_values": "values",
}
UPDATES = {
    "update_bytes": "bytes of the update",
    "structs": "structs",
    "new_clients": "new clients",
    "depth": "nesting",
    "run": "run",
    "array_values": "items of a Y.Array",
}
# A bound of a state vector, bounds that need hundreds of updates, and a field without a size.
NOT_OF_AN_UPDATE = {"clients", "document_clients", "user_clients", "checks_values"}


def test_every_address_is_attacked() -> None:
    described = {path for _, path, _ in OPERATIONS.values()}
    assert addresses() == described | set(http_cases.BESIDE)


def test_every_operation_with_a_body_has_bodies_at_its_limits() -> None:
    taking = {name for name, (_, _, each) in OPERATIONS.items() if "requestBody" in each}
    assert set(bodies.BODIES) == taking


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_of_an_operation_is_a_dimension(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    parameters = {each["name"] for each in operation.get("parameters", ())} - {"doc", "tenant"}
    tried = {(case.dimension, case.level) for case in http_cases.http_cases(name)}
    assert {(each, level) for each in parameters for level in ("at", "above")} <= tried


def test_every_path_parameter_has_a_value() -> None:
    named = {
        each["name"]
        for _, _, operation in OPERATIONS.values()
        for each in operation.get("parameters", ())
        if each["in"] == "path"
    }
    assert named - {"doc"} == set(http_cases.PATH)


def test_every_message_of_the_patch_lane_is_attacked_in_all_its_fields() -> None:
    fields = {tag: patch_cases.fields_of(tag) for tag in patch_cases.tags()}
    assert fields == patch_cases.FIELDS
    assert set(fields) == set(patch_cases.MESSAGES) == set(patch_cases.PLAIN)


def test_every_message_of_the_yjs_lane_is_attacked() -> None:
    assert set(yjs_cases.kinds()) == set(yjs_cases.MESSAGES)


def test_every_limit_in_opened_is_attacked() -> None:
    assert set(limits.SETTINGS.limits()) == limits.ATTACKED | set(limits.NOT_OF_A_REQUEST)


def test_every_bound_of_a_patch_is_a_dimension() -> None:
    assert names_of(Bounds) == set(PATCHES)
    tried = {case.dimension for case in patch_cases.patch_cases("patch")}
    assert set(PATCHES.values()) <= tried


def test_every_bound_of_an_update_is_a_dimension() -> None:
    assert names_of(GuardBounds) - NOT_OF_AN_UPDATE == set(UPDATES)
    tried = {case.dimension for case in yjs_cases.yjs_cases("SyncUpdate")}
    assert set(UPDATES.values()) <= tried


def names_of(bounds: type[Any]) -> set[str]:
    return {each.name for each in dataclasses.fields(bounds)}


# --- the verdict finds its breaches ---------------------------------------------------------

FINE = Figures(
    worst=3.0, noise=1.0, held=[], peak=0, left=0, stored=0, sent=100, accepted=100, answered=100
)
HELD = {
    "kind": "hold",
    "wall_ms": 90.0,
    "cpu_ms": 80.0,
    "process_ms": 90.0,
    "gc_ms": 0.0,
    "places": ["here"],
}


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ({"worst": 150.0}, "/healthz"),
        ({"worst": 90.0, "held": [HELD]}, "held the loop for 80 ms"),
        ({"worst": 90.0, "held": [{**HELD, "kind": "pause"}]}, "kept the interpreter"),
        ({"peak": 10**9}, "of memory"),
        ({"stored": 10**9}, "stored"),
        ({"answered": 10**9}, "answered"),
    ],
)
def test_a_figure_beyond_its_bound_is_reported(figures: dict[str, Any], word: str) -> None:
    [said] = violations(a_case(), 1, dataclasses.replace(FINE, **figures))
    assert word in said
    assert "http undo, body (plain), on 'prose', 1 at once" in said


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"worst": 150.0, "noise": 60.0},  # the machine was late
        {"worst": 150.0, "held": [{**HELD, "wall_ms": 140.0, "cpu_ms": 20.0, "process_ms": 20.0}]},
        {"worst": 90.0, "held": [HELD], "slowness": 1.7},  # the attackers took half of a core
        {"worst": 5.0, "held": [HELD]},  # a task that yields; the server answered others in between
    ],
)
def test_delays_of_the_machine_are_not_reported(figures: dict[str, Any]) -> None:
    assert violations(a_case(), 1, dataclasses.replace(FINE, **figures)) == []


def a_case() -> Case:
    return next(http_cases.http_cases("undo"))
