"""Who waits for news is woken, and ends when it is told to."""

import asyncio

import pytest

from models.database import Signal


async def test_news_wake_who_waits_and_what_came_before_is_not_missed():
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(signal.count, at_most=30))
    await asyncio.sleep(0)
    signal.set()
    assert await waiting == 1
    assert await signal.wait(0, at_most=30) == 1
    assert await signal.wait(1, at_most=0) == 1


async def test_who_is_to_end_ends_though_news_come_at_the_same_moment():
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(signal.count, at_most=30))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    signal.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    waiting = asyncio.create_task(signal.wait(signal.count, at_most=30))
    await asyncio.sleep(0)
    signal.set()
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
