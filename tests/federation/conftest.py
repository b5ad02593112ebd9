"""Two servers that know each other: ours, and Northwind, whose Nora may post into whatever is agreed."""

from collections.abc import AsyncIterator

import pytest

from tests.federation import neighbours
from tests.federation.neighbours import Home, Peer, PeerActor


@pytest.fixture
async def northwind() -> AsyncIterator[Peer]:
    """A partner's server; admit it first."""
    async with neighbours.peer("northwind") as peer:
        yield peer


@pytest.fixture
async def mallory() -> AsyncIterator[Peer]:
    """A server that nobody admitted."""
    async with neighbours.peer("mallory") as peer:
        yield peer


@pytest.fixture
async def home(database_url: str, northwind: Peer) -> AsyncIterator[Home]:
    """Our server in its usual mode, with Northwind admitted."""
    async with neighbours.home(database_url) as opened:
        await opened.admits(northwind)
        yield opened


@pytest.fixture
def nora(northwind: Peer) -> PeerActor:
    return northwind.person("nora")
