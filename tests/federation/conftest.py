"""Two servers that know each other: ours, and Northwind, whose Nora may post into whatever is agreed."""

from collections.abc import AsyncIterator

import pytest

from federation.signatures.keys import generate_ed25519
from models.database import Database
from tests.federation import neighbours
from tests.federation.beginnings import NORTHWIND, OURS
from tests.federation.mailroom import Post, post_of
from tests.federation.neighbours import Home, Peer, PeerActor
from tests.federation.office import Office
from tests.federation.receiver import quick_keys
from tests.keys import rsa
from tests.ports import port
from tests.world import World, met


@pytest.fixture
def shared_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our actors get a key pair that was made before: which one it is matters to no test that goes over sockets."""
    monkeypatch.setattr("federation.keys._generate", lambda: (rsa(3), generate_ed25519()))


@pytest.fixture
async def northwind() -> AsyncIterator[Peer]:
    """A partner's server; admit it first."""
    async with neighbours.peer(NORTHWIND, port=port(NORTHWIND)) as peer:
        yield peer


@pytest.fixture
async def mallory() -> AsyncIterator[Peer]:
    """A server that nobody admitted."""
    async with neighbours.peer("mallory") as peer:
        yield peer


@pytest.fixture
async def home(database_url: str, northwind: Peer, shared_keys: None) -> AsyncIterator[Home]:
    """Our server in its usual mode, with Northwind admitted (tests.federation.beginnings)."""
    async with neighbours.home(database_url, port=port(OURS)) as opened:
        yield opened


@pytest.fixture
def nora(northwind: Peer) -> PeerActor:
    return northwind.person("nora")


@pytest.fixture
async def office(world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    """What the cast's company sends (tests.federation.beginnings), seen at the queue."""
    quick_keys(monkeypatch)
    return Office(world.database)


@pytest.fixture
async def post(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    """Ada's post, which nobody sends unless the test does."""
    async with post_of(await met(database, "ada"), monkeypatch) as found:
        yield found
