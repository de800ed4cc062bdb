"""Seeds of random tests: a few for `make check`, the others for `make test`."""

from __future__ import annotations

from typing import Any

import pytest


def seeds(few: int, count: int) -> list[Any]:
    """Return the seeds from 0. All but the first `few` are `thorough`."""
    thorough = (pytest.param(seed, marks=pytest.mark.thorough) for seed in range(few, count))
    return [*range(few), *thorough]
