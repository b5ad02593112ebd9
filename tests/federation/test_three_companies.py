"""A hosts a group; B and C are its partners and strangers to each other: they read one another, and never meet."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from federation import decisions, discovery, outbox
from federation.delivery import Sender
from federation.upkeep.worker import Upkeep
from models import actors, notifications, partners, reactions
from models.posts import writing
from models.posts.drafts import Draft
from models.tables import Actor, AuditLine, Delivery, Group, LedgerLine, Level, Like, Peer, Post, Reach
from tests.federation import neighbours
from tests.federation.neighbours import Home
from tests.world import Person, sees

ROUNDS = 20


@dataclass(slots=True)
class Three:
    """Lovelace has the group; Dimitri is at Babbage, Lea at Hollerith."""

    lovelace: Home
    babbage: Home
    hollerith: Home
    dimitri: Person
    lea: Person
    group: Group

    async def settle(self) -> None:
        dealt_with: dict[int, tuple[int, ...]] = {}
        for _ in range(ROUNDS):
            homes = (self.lovelace, self.babbage, self.hollerith)
            awake = [home for home in homes if dealt_with.get(home.port) != home.news]
            if not awake:
                return
            for home in awake:
                seen = home.news
                await outbox.consumer(home.wire.keys).catch_up(home.database)
                await notifications.CONSUMER.catch_up(home.database)
                await Sender(home.wire, looks=False).drain()
                if not await home.works() + await Upkeep(home.wire).drain():
                    dealt_with[home.port] = seen
        raise AssertionError("it does not come to rest")

    async def joins(self, home: Home, person: Person) -> Group:
        found = await discovery.resolve(home.wire, f"!alpine@{self.lovelace.instance.host}", by=person.staff)
        assert isinstance(found, Actor)
        async with home.database.reading() as session:
            mirror = await session.get_one(Group, found.id)
        await person.joins(mirror)
        await self.settle()
        return mirror

    async def at(self, home: Home, post: Post) -> Post:
        """A post as another company has it."""
        async with home.database.reading() as session:
            return (await session.scalars(select(Post).where(Post.uri == post.uri))).one()

    async def never_met(self) -> None:
        """Neither Babbage nor Hollerith sent the other anything, asked it for anything, or was asked."""
        pairs = ((self.babbage, self.hollerith), (self.hollerith, self.babbage))
        for home, stranger in pairs:
            await decisions.write(home.wire)
            host = stranger.instance.host
            assert [row for row in await home.rows(Delivery) if row.host == host] == []
            assert [row for row in await home.rows(LedgerLine) if host in row.hosts] == []
            async with home.database.reading() as session:
                assert await session.get(Peer, host) is None
            assert [row.action for row in await home.rows(AuditLine) if row.host == host] == []


@pytest.fixture
async def three(database_url, new_database, shared_keys) -> AsyncIterator[Three]:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    async with (
        neighbours.home(database_url, name="lovelace") as lovelace,
        neighbours.home(new_database(kind), name="babbage") as babbage,
        neighbours.home(new_database(kind), name="hollerith") as hollerith,
    ):
        group = await lovelace.founds("alpine", Reach.PARTNERS)
        for home in (babbage, hollerith):
            async with lovelace.database.writing() as session:
                await partners.admit(session, home.instance.host, levels={"alpine": Level.POST})
            async with home.database.writing() as session:
                await partners.admit(session, lovelace.instance.host)
        yield Three(lovelace, babbage, hollerith, await babbage.hires("dimitri"), await hollerith.hires("lea"), group)


async def test_B2B_4_what_one_writes_answers_thanks_for_changes_and_takes_back_reaches_the_other(three: Three):
    mirror = await three.joins(three.babbage, three.dimitri)
    early = await three.dimitri.writes("Before Lea came", group=mirror)
    await three.settle()
    await three.joins(three.hollerith, three.lea)
    read = await three.at(three.hollerith, early)  # GRP-15, and who wrote it by the group's card
    assert (read.html, read.is_vouched) == ("<p>Before Lea came</p>", False)

    post = await three.dimitri.writes("Who lacquers M6?", group=mirror)
    await three.settle()
    there = await three.at(three.hollerith, post)
    assert await sees(three.hollerith.database, three.lea.staff, there)
    answer = await three.lea.replies(there, "We do")
    await three.lea.likes(there)
    await three.settle()
    back = await three.at(three.babbage, answer)
    assert (back.html, back.reply_to_id) == ("<p>We do</p>", post.id)
    assert await three.dimitri.notifications() == ["favourite", "mention"]

    async with three.babbage.database.writing() as session:
        await writing.edit(session, post.id, Draft(text="Who lacquers M8?"), by=three.dimitri.staff)
    async with three.hollerith.database.writing() as session:
        await reactions.unlike(session, there.id, by=three.lea.staff)
    await three.settle()
    assert (await three.at(three.hollerith, post)).html == "<p>Who lacquers M8?</p>"
    assert await three.babbage.rows(Like) == await three.lovelace.rows(Like) == []

    await three.lea.deletes(answer)
    await three.dimitri.deletes(post)
    await three.settle()
    assert (await three.at(three.babbage, answer)).deleted_at is not None
    assert (await three.at(three.hollerith, post)).deleted_at is not None
    for home, uri in ((three.hollerith, three.dimitri), (three.babbage, three.lea)):
        known = (await home.rows(Actor))[-1]
        assert (known.is_introduced, known.inbox, known.username) == (True, "", uri.staff.username)
    await three.never_met()


async def test_B2B_4_who_trades_later_is_met_in_person(three: Three):
    mirror = await three.joins(three.babbage, three.dimitri)
    await three.joins(three.hollerith, three.lea)
    await three.dimitri.writes("Good day", group=mirror)
    await three.settle()
    await three.never_met()
    async with three.hollerith.database.writing() as session:
        await partners.admit(session, three.babbage.instance.host)
    async with three.babbage.database.writing() as session:
        await partners.admit(session, three.hollerith.instance.host)
        await actors.disclose(session, three.dimitri.id, [three.hollerith.instance.host])
    handle = f"@dimitri@{three.babbage.instance.host}"
    found = await discovery.resolve(three.hollerith.wire, handle, by=three.lea.staff)
    assert isinstance(found, Actor)
    assert (found.is_introduced, found.inbox != "") == (False, True)
