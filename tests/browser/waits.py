"""Waits of browser tests, beyond those of Playwright."""

from __future__ import annotations

from playwright.async_api import Frame, Page


async def until(page: Page | Frame, condition: str) -> None:
    """Wait until an expression is true.

    An expression that throws is not true yet: the element that it reads may not be drawn.
    """
    # The function is made once. A page without 'unsafe-eval' in its policy makes no second one.
    await page.wait_for_function(
        f"() => {{ try {{ return Boolean({condition}) }} catch {{ return false }} }}", polling=50
    )


async def frame_of(page: Page, selector: str = "iframe") -> Frame:
    """Wait for an element with a frame. The frame may have a process of its own."""
    handle = await page.locator(selector).element_handle()
    frame = await handle.content_frame()
    assert frame is not None
    return frame
