"""Every operation has examples, and they are what the description says they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from server.openapi.describe import OPERATIONS, describe
from server.openapi.examples import EXAMPLES, PARAMETERS

DESCRIBED = describe("0.1.0")
# Where a page ended is the server's own; a client sends back what it got.
WITHOUT = {"cursor"}


def places() -> Iterator[tuple[str, dict[str, Any]]]:
    """What may have an example, with its schema: parameters, bodies, answers that went well."""
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
def test_an_example_is_there_and_valid(name: str) -> None:
    place = PLACES[name]
    schema = {**place["schema"], "components": DESCRIBED["components"]}
    jsonschema_rs.validate(schema, place["example"])


def test_no_example_is_of_nothing() -> None:
    assert set(EXAMPLES) <= {each.name for each in OPERATIONS}
    named = {parameter.name for each in OPERATIONS for parameter in each.parameters}
    assert set(PARAMETERS) == named - WITHOUT
