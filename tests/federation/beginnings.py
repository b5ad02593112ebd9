"""What stands in our database when a test begins whose servers have the same addresses all through the session."""

from models import actors, partners
from models.database import Database
from models.instance import Instance
from models.tables import EVERYBODY, Level, Reach, Role
from tests.ports import port
from tests.templates import EMPTY, Template
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


async def _square(database: Database) -> None:
    alan = await met(database, "alan")
    await alan.founds("square", reach=Reach.PUBLIC)
    await alan.founds("alpine", reach=Reach.PARTNERS)
    ada = await hire(database, "ada")
    async with database.writing() as session:
        await partners.admit(session, host(NORTHWIND), levels={"alpine": Level.POST}, name=NORTHWIND)
        await actors.disclose(session, ada.id, {EVERYBODY})


HOUSE = Template("house", _house, after=EMPTY, instance=lovelace)
"""Alan is there, and Northwind is admitted."""
SQUARE = Template("square", _square, after=HOUSE, instance=lovelace)
"""Besides, what tests.federation.activities.conftest.Square says."""
BEGINNINGS = {"square": SQUARE, "home": HOUSE}
