"""A real browser for the tests in this folder; all of them are marked `real`."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.chromium_contexts import Complaints, Contexts, find, started

SKIPPED = "there is no Chromium: install one"


# --- one event loop -------------------------------------------------------------------------
#
# Playwright belongs to the event loop that has started it, and starting takes half a second. So
# the async tests and fixtures of this folder run on one loop, that of the session.


ON_ONE_LOOP = pytest.mark.asyncio(loop_scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(name: str, obj: object) -> None:
    if name.startswith("test_") and inspect.iscoroutinefunction(obj):
        ON_ONE_LOOP(obj)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> None:
    made = fixturedef.func
    if inspect.iscoroutinefunction(made) or inspect.isasyncgenfunction(made):
        loop = getattr(made, "_loop_scope", None)
        message = "write @pytest_asyncio.fixture(loop_scope='session') in tests/browser"
        assert loop == "session", f"{fixturedef.argname}: {message}"


# --- Playwright -----------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser process of the session."""
    if find() is None:
        pytest.skip(SKIPPED)
    async with started() as browser:
        yield browser


@pytest.fixture
def complaints() -> Complaints:
    """What the pages of the test complain about."""
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def contexts(chromium: Browser, complaints: Complaints) -> AsyncIterator[Contexts]:
    """Makes contexts for a test with several users or devices."""
    made = Contexts(chromium, complaints)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(contexts: Contexts) -> BrowserContext:
    """A context of the test. Its pages share their storage."""
    return await contexts.new()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A tab of the context."""
    return await context.new_page()
