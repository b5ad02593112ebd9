"""A real browser for tests that need one."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser import chromium as program
from tests.requirements import missing


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Chromium, started for this test; a context in it is one person's browser."""
    found = program.program()
    if found is None:
        missing("browser", "no Chromium is installed here")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=found, args=list(program.ARGUMENTS))
        yield browser
        await browser.close()
