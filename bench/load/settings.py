"""The settings of a load test: environment variables, checked before the first request.

`settings.json` lists them, for k6 too. docs/load-testing.md explains them.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("settings.json").read_text())
MIXES = ("patch", "yjs", "http", "previews", "mixed")
# Marks in one document, in bytes: more would make the test measure a growing document.
MOST_MARKS = 2_000_000
MARK_BYTES = 22  # of locust; those of k6 are up to three bytes shorter
ORIGIN = re.compile(r"https?://[^/?#]+/?")
DOC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}")


class WrongSettingsError(ValueError):
    """The environment has settings that make no load test."""


def read(env: Mapping[str, str]) -> SimpleNamespace:
    """Return the settings, in lower case and without `LOAD_`."""
    known = {row["name"] for row in ROWS}
    problems = [
        f"{name} is no setting" for name in env if name.startswith("LOAD_") and name not in known
    ]
    found = {}
    for row in ROWS:
        try:
            found[row["name"][5:].lower()] = _value(row, env.get(row["name"], ""))
        except ValueError as error:
            problems.append(str(error))
    if not problems:
        problems = list(_together(SimpleNamespace(**found)))
    if problems:
        listed = "; ".join(problems)
        raise WrongSettingsError(
            f"The load test did not start: {listed}. docs/load-testing.md lists the settings."
        )
    return SimpleNamespace(**found)


def _value(row: dict[str, Any], text: str) -> Any:
    if not text:
        return row["default"]
    name, kind = row["name"], row["kind"]
    if kind in {"whole", "number"}:
        return _number(row, text)
    if kind == "url" and not ORIGIN.fullmatch(text):
        raise ValueError(f"{name} must be an origin such as https://weft.example, not '{text}'")
    if kind == "doc" and not DOC.fullmatch(text):
        raise ValueError(f"{name} must be the name of a document, not '{text}'")
    if kind == "mix" and text not in MIXES:
        raise ValueError(f"{name} must be patch, yjs, http, previews or mixed, not '{text}'")
    return text.rstrip("/") if kind == "url" else text


def _number(row: dict[str, Any], text: str) -> int | float:
    name, least, most, is_whole = row["name"], row["least"], row["most"], row["kind"] == "whole"
    kind = "whole number" if is_whole else "number"
    refusal = ValueError(f"{name} must be a {kind} from {least} to {most}, not '{text}'")
    try:
        number = float(text)
    except ValueError:
        raise refusal from None
    if not (math.isfinite(number) and least <= number <= most) or (is_whole and number % 1):
        raise refusal
    return int(number) if is_whole else number


def _together(found: SimpleNamespace) -> Iterator[str]:
    """Problems of values that do not go together."""
    has_key = found.key != "" and found.secret != ""
    if not has_key and found.key + found.secret:
        yield "LOAD_KEY and LOAD_SECRET go together: `weft key add --show` prints both"
    elif has_key and found.token:
        yield "give LOAD_KEY and LOAD_SECRET, or LOAD_TOKEN, not both"
    elif not has_key and not found.token:
        yield "give LOAD_KEY and LOAD_SECRET of `weft key add --show`, or LOAD_TOKEN"
    elif has_key and not _is_base64(found.secret):
        yield "LOAD_SECRET is no base64url text: copy the second line of `weft key add --show`"
    for pair in ("ack", "peer", "read"):
        if getattr(found, f"{pair}_p95_ms") > getattr(found, f"{pair}_p99_ms"):
            yield f"LOAD_{pair.upper()}_P95_MS is above LOAD_{pair.upper()}_P99_MS"
    if found.docs > found.clients + found.readers:
        yield "LOAD_DOCS is above the number of clients and readers: some would have no client"
    marks = found.clients * found.rate * found.seconds * MARK_BYTES / found.docs
    if marks > MOST_MARKS:
        size = f"{marks / 1e6:.1f} MB"
        yield (
            f"so many edits would add {size} to each document: use more LOAD_DOCS, "
            "or fewer LOAD_SECONDS"
        )


def _is_base64(text: str) -> bool:
    try:
        return len(decoded(text)) >= 16
    except (binascii.Error, ValueError):
        return False


def decoded(secret: str) -> bytes:
    """Return the bytes of a secret, as `weft key add --show` prints it."""
    text = secret.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
