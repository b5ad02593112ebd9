"""What is known of other servers: how they describe themselves, which form of post they understand."""

from datetime import timedelta

import pytest

from federation import peers
from models import partners
from models.egress import company_names
from models.tables import Dialect, Peer
from tests.federation.receiver import Receiver, fetcher_of, wire_of
from tests.world import hire

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


@pytest.fixture
async def northwind(database):
    await hire(database, "ada")
    async with Receiver("northwind") as receiver:
        async with database.writing() as session:
            await partners.admit(session, receiver.host)
        yield receiver


@pytest.fixture
async def wire(database):
    async with fetcher_of(database) as fetcher:
        yield wire_of(database, fetcher)


def describes(receiver, software="kontor", schema="2.1", href=None, **more):
    """Let a server say what it is."""
    where = href or f"http://{receiver.host}/nodeinfo/{schema}"
    receiver.pages["/.well-known/nodeinfo"] = {"links": [{"rel": SCHEMA + schema, "href": where}]}
    receiver.pages[f"/nodeinfo/{schema}"] = {
        "version": schema,
        "software": {"name": software, "version": "1.2.3"},
        "metadata": {"nodeName": "Northwind Traders"},
        **more,
    }


async def peer_of(database, host) -> Peer | None:
    async with database.reading() as session:
        return await session.get(Peer, host)


async def test_a_company_is_called_as_its_server_calls_itself(database, wire, northwind):
    describes(northwind)

    assert await peers.look(wire, northwind.host)

    found = await peer_of(database, northwind.host)
    assert (found.software, found.software_version, found.name) == ("kontor", "1.2.3", "Northwind Traders")
    async with database.reading() as session:
        assert await company_names(session, [northwind.host]) == {northwind.host: "Northwind Traders"}


async def test_a_name_that_other_software_gives_itself_is_not_taken(database, wire, northwind):
    describes(northwind, "mastodon")

    await peers.look(wire, northwind.host)

    assert (await peer_of(database, northwind.host)).name == ""


@pytest.mark.parametrize(
    ("software", "dialect"),
    [
        ("kontor", Dialect.FORUM),
        ("lemmy", Dialect.FORUM),
        ("nodebb", Dialect.FORUM),
        ("mastodon", Dialect.MICROBLOG),
        ("GoToSocial", Dialect.MICROBLOG),
        ("something-else", Dialect.UNKNOWN),
        ("no name!", Dialect.UNKNOWN),
        (7, Dialect.UNKNOWN),
    ],
    ids=str,
)
async def test_DISC_14_the_software_gives_a_first_guess_of_the_dialect(database, wire, northwind, software, dialect):
    describes(northwind, software)

    await peers.look(wire, northwind.host)

    async with database.reading() as session:
        assert await peers.dialects(session, [northwind.host]) == {northwind.host: dialect}


async def test_a_guess_changes_nothing_that_was_learned(database, wire, northwind):
    async with database.writing() as session:
        await peers.note_evidence(session, northwind.host, forum=True)
    describes(northwind, "mastodon")

    await peers.look(wire, northwind.host)

    assert (await peer_of(database, northwind.host)).dialect is Dialect.FORUM


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Dialect.UNKNOWN, Dialect.FORUM),
        (Dialect.MICROBLOG, Dialect.MIXED),
        (Dialect.FORUM, Dialect.FORUM),
        (Dialect.MIXED, Dialect.MIXED),
    ],
    ids=str,
)
async def test_GRP_8a_evidence_of_a_forum_corrects_the_guess_at_once(database, northwind, before, after):
    async with database.writing() as session:
        await peers.note_contacts(session, [northwind.host])
        (await session.get_one(Peer, northwind.host)).dialect = before
        await peers.note_evidence(session, northwind.host, forum=True)

    assert (await peer_of(database, northwind.host)).dialect is after


async def test_a_server_is_looked_at_once_a_day(wire, northwind, clock):
    describes(northwind)
    assert await peers.look(wire, northwind.host)
    asked = len(northwind.asked)

    assert not await peers.look(wire, northwind.host)
    assert len(northwind.asked) == asked

    clock.advance(hours=25)
    assert await peers.look(wire, northwind.host)


async def test_a_server_that_says_nothing_is_asked_again_after_a_while(database, wire, northwind, clock):
    assert not await peers.look(wire, northwind.host)
    assert northwind.asked == ["/.well-known/nodeinfo"]
    assert not await peers.look(wire, northwind.host)
    assert len(northwind.asked) == 1
    describes(northwind)
    clock.advance(minutes=11)

    assert await peers.look(wire, northwind.host)


async def test_nobody_is_looked_at_who_is_no_partner(database, wire, northwind):
    async with database.writing() as session:
        await partners.suspend(session, northwind.host)

    assert not await peers.look(wire, northwind.host)
    assert northwind.asked == []


async def test_R_32_a_description_is_fetched_from_the_server_itself_and_nowhere_else(database, wire, northwind):
    async with Receiver("mallory") as mallory:
        describes(mallory)
        describes(northwind, href=f"http://{mallory.host}/nodeinfo/2.1")

        assert not await peers.look(wire, northwind.host)

        assert mallory.asked == []
    assert (await peer_of(database, northwind.host)).software == ""


async def test_an_older_description_is_read_too(database, wire, northwind):
    describes(northwind, "takahe", schema="2.0")

    assert await peers.look(wire, northwind.host)

    assert (await peer_of(database, northwind.host)).dialect is Dialect.MICROBLOG


@pytest.mark.parametrize(
    "page",
    [[], {"links": None}, {"links": [7, {"rel": 7, "href": 8}]}, {"links": {"rel": SCHEMA + "2.1", "href": "x"}}],
    ids=str,
)
async def test_a_description_in_an_odd_shape_is_no_description(wire, northwind, page):
    northwind.pages["/.well-known/nodeinfo"] = page

    assert not await peers.look(wire, northwind.host)


async def test_odd_members_of_a_description_count_as_absent(database, wire, northwind):
    describes(northwind, software="kontor")
    northwind.pages["/nodeinfo/2.1"] = {"software": {"name": "kontor", "version": 7}, "metadata": {"nodeName": ["x"]}}

    assert await peers.look(wire, northwind.host)

    found = await peer_of(database, northwind.host)
    assert (found.software, found.software_version, found.name) == ("kontor", "", "")


async def test_a_name_is_kept_short_and_on_one_line(database, wire, northwind):
    describes(northwind, metadata={"nodeName": "North\nwind\u0000 " + "x" * 500})

    await peers.look(wire, northwind.host)

    assert (await peer_of(database, northwind.host)).name.startswith("North wind x")
    assert len((await peer_of(database, northwind.host)).name) <= 100


async def test_a_contact_is_remembered(database, northwind, clock):
    async with database.writing() as session:
        await peers.note_contacts(session, [northwind.host])

    assert (await peer_of(database, northwind.host)).last_seen_at == clock.now


def test_a_look_is_stale_after_a_day(clock):
    assert peers.is_stale(None)
    assert not peers.is_stale(clock.now - timedelta(hours=23))
    assert peers.is_stale(clock.now - timedelta(hours=25))
