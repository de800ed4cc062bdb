"""Every operation has examples, and they are valid by its schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from server.openapi.describe import OPERATIONS, describe
from server.openapi.examples import EXAMPLES, PARAMETERS

DESCRIBED = describe("0.1.0")
# Parameters without an example: only the server makes a cursor.
WITHOUT = {"cursor"}


def places() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all parameters, bodies and successful answers, with their schemas and examples."""
    for path, operations in DESCRIBED["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            for parameter in operation.get("parameters", ()):
                if parameter["name"] not in WITHOUT:
                    yield f"{name} {parameter['name']}", parameter
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{name} body {kind}", content
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    if kind != "application/problem+json":
                        yield f"{name} {status} {kind}", content


PLACES = dict(places())


@pytest.mark.parametrize("name", PLACES)
def test_a_place_has_a_valid_example(name: str) -> None:
    place = PLACES[name]
    schema = {**place["schema"], "components": DESCRIBED["components"]}
    jsonschema_rs.validate(schema, place["example"])


def test_every_example_belongs_to_an_operation() -> None:
    assert set(EXAMPLES) <= {each.name for each in OPERATIONS}
    named = {parameter.name for each in OPERATIONS for parameter in each.parameters}
    assert set(PARAMETERS) == named - WITHOUT
