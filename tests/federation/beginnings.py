"""What stands in our database when a test begins whose servers have the same addresses all through the session."""

import pytest

from federation.signatures.keys import generate_ed25519
from models import actors, groups, partners
from models.database import Database
from models.instance import Instance
from models.tables import EVERYBODY, Actor, Level, Reach, Role
from tests.federation.neighbours import Peer, known_by, wire_of
from tests.federation.office import Office
from tests.federation.receiver import quick_keys
from tests.keys import rsa
from tests.ports import port
from tests.templates import EMPTY, INHABITED, Template
from tests.world import hire, met

OURS, NORTHWIND = "lovelace", "northwind"


def host(name: str) -> str:
    return f"{name}.localhost:{port(name)}"


def lovelace() -> Instance:
    """Our company, where the network finds it."""
    return Instance(base_url=f"http://{host(OURS)}", name=OURS.title())


async def _house(database: Database) -> None:
    await hire(database, "alan", Role.ADMIN)
    async with database.writing() as session:
        await partners.admit(session, host(NORTHWIND), name=NORTHWIND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("federation.keys._generate", lambda: (rsa(3), generate_ed25519()))
        await wire_of(database).keys.instance_signer(database)


async def _steel(database: Database) -> None:
    group = Peer(NORTHWIND, port(NORTHWIND)).group("steel", manuallyApprovesFollowers=True)
    await known_by(wire_of(database), group)
    alan = await met(database, "alan")
    async with database.writing() as session:
        actor = await actors.by_uri(session, group.id)
        assert actor is not None
        mirror = await groups.keep_mirror(session, actor)
        wish = await groups.join(session, mirror, by=alan.staff)
        await groups.receive_answer(session, mirror, member=await session.get_one(Actor, wish.actor_id), accepted=True)


async def _ada(database: Database) -> None:
    await hire(database, "ada")


async def _post_is_dealt_with(database: Database) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick_keys(patch)
        await Office.opened(database)


async def _square(database: Database) -> None:
    alan = await met(database, "alan")
    await alan.founds("square", reach=Reach.PUBLIC)
    await alan.founds("alpine", reach=Reach.PARTNERS)
    ada = await hire(database, "ada")
    async with database.writing() as session:
        await partners.admit(session, host(NORTHWIND), levels={"alpine": Level.POST}, name=NORTHWIND)
        await actors.disclose(session, ada.id, {EVERYBODY})
    await known_by(wire_of(database), Peer(NORTHWIND, port(NORTHWIND)).person("nora"))


HOUSE = Template("house", _house, after=EMPTY, instance=lovelace)
"""Alan is there, Northwind is admitted, and the server has keys to ask it with."""
SQUARE = Template("square", _square, after=HOUSE, instance=lovelace)
"""Besides, what tests.federation.activities.conftest.Square says."""
STEEL = Template("steel", _steel, after=HOUSE, instance=lovelace)
SQUARE_AND_STEEL = Template("square_and_steel", _steel, after=SQUARE, instance=lovelace)
"""Besides, Alan is a member of a private group at Northwind."""
ALONE = Template("alone", _ada, after=EMPTY)
"""Nobody lives there but Ada."""
OFFICE = Template("office", _post_is_dealt_with, after=INHABITED)
"""The cast lives there, and what it did so far is dealt with and forgotten."""
BEGINNINGS = {
    "square and steel": SQUARE_AND_STEEL,
    "steel": STEEL,
    "square": SQUARE,
    "home": HOUSE,
    "office": OFFICE,
    "post": ALONE,
}
