"""Settings for the whole suite."""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
import uvloop
from hypothesis import settings

from tests.skips import SkipGuard, in_ci

# A busy machine must not fail a test. `make check` tries a quarter of the random examples.
settings.register_profile("all", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=25)

# The tests of these folders start real servers, except in the files of `INSIDE`.
REAL = frozenset({"attacks", "browser", "faults", "live"})
# These run the server inside their own process, on stores that fail on request.
INSIDE = frozenset(
    {"test_accidents.py", "test_long_updates.py", "test_rooms.py", "test_sent_again.py"}
)
LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]
LEFT_OUT = pytest.StashKey[frozenset[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = left_out(config.option.markexpr)
    settings.load_profile("fast" if "thorough" in config.stash[LEFT_OUT] else "all")
    if in_ci():
        config.pluginmanager.register(SkipGuard(), "skip-guard")


def left_out(expression: str) -> frozenset[str]:
    """Return the marks that `-m "not a and not b"` leaves out; none for another expression."""
    if not re.fullmatch(r"not \w+( and not \w+)*", expression):
        return frozenset()
    return frozenset(re.findall(r"not (\w+)", expression))


def is_real(path: Path) -> bool:
    folder, *_ = path.relative_to(Path(__file__).parent).parts
    return folder in REAL and path.name.startswith("test_") and path.name not in INSIDE


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, LoopFactory]:
    """Run async tests on the server's event loop; but the Python client, on that of most programs.

    `websockets` aborts each connection that has ended. asyncio in Python 3.11 cannot do this when
    the transport closed after its last write.
    """
    of_client = item.path.is_relative_to(Path(__file__).parent / "weft")
    return {"asyncio": asyncio.new_event_loop} if of_client else {"uvloop": uvloop.new_event_loop}


# --- collection -----------------------------------------------------------------------------
#
# `make check` runs half of the tests. The next two hooks save the time to collect the other half.


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if "real" in config.stash[LEFT_OUT] and is_real(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, obj: object
) -> list[pytest.Item] | None:
    marks = [*collector.iter_markers(), *getattr(obj, "pytestmark", ())]
    excluded = any(mark.name in collector.config.stash[LEFT_OUT] for mark in marks)
    return [] if excluded else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_real(item.path):
            item.add_marker(pytest.mark.real)


def pytest_collection() -> None:
    """Collect no garbage while a quarter of a million objects are made that all stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Hide the collected tests from the garbage collector."""
    gc.collect()
    gc.freeze()
    gc.enable()
