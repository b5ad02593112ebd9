"""Servers in tests keep answers as the real one does."""

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient

from server.ready import Ready, stand_before


def before(client: TestClient[Any, Any], app: web.Application) -> Ready:
    """What stands before `app` where `client` asks; its next connections go through it."""
    runner = client.server.runner
    assert runner is not None
    return stand_before(runner, app)
