"""Two companies that both run this software: what one does arrives at the other, and nowhere else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from federation import discovery, outbox
from federation.delivery import Sender
from models import actors, groups, notifications, partners, reactions
from models.posts import writing
from models.posts.drafts import Draft
from models.tables import Actor, Group, Level, Like, Membership, MemberState, Post, Reach, Received, Visibility
from tests.federation import neighbours
from tests.federation.neighbours import Home
from tests.world import Person, sees

ROUNDS = 20


@dataclass(slots=True)
class Companies:
    """Lovelace owns the group; Babbage is its partner; Hollerith has no agreement with either."""

    lovelace: Home
    babbage: Home
    hollerith: Home
    dimitri: Person
    group: Group

    async def settle(self) -> None:
        """Let everything go back and forth until nothing moves."""
        dealt_with: dict[int, tuple[int, ...]] = {}
        for _ in range(ROUNDS):
            homes = (self.lovelace, self.babbage, self.hollerith)
            awake = [home for home in homes if dealt_with.get(home.port) != home.news]
            if not awake:
                return
            for home in awake:
                dealt_with[home.port] = home.news
                await outbox.consumer(home.wire.keys).catch_up(home.database)
                await notifications.CONSUMER.catch_up(home.database)
                await Sender(home.wire, looks=False).drain()
                await home.works()
        raise AssertionError("it does not come to rest")

    async def mirror(self) -> Group:
        """The group as Babbage has it."""
        uri = (await self.lovelace.actor(self.group.id)).uri
        async with self.babbage.database.reading() as session:
            actor = await actors.by_uri(session, uri)
            assert actor is not None
            return await session.get_one(Group, actor.id)

    async def at(self, home: Home, post: Post) -> Post | None:
        """A post as another company has it."""
        async with home.database.reading() as session:
            return await session.scalar(select(Post).where(Post.uri == post.uri))


@pytest.fixture
async def companies(database_url, new_database, shared_keys) -> AsyncIterator[Companies]:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    async with (
        neighbours.home(database_url, name="lovelace") as lovelace,
        neighbours.home(new_database(kind), name="babbage") as babbage,
        neighbours.home(new_database(kind), name="hollerith") as hollerith,
    ):
        group = await lovelace.founds("alpine", Reach.PARTNERS)
        async with lovelace.database.writing() as session:
            await partners.admit(session, babbage.instance.host, levels={"alpine": Level.POST}, name="Babbage")
        async with babbage.database.writing() as session:
            await partners.admit(session, lovelace.instance.host, name="Lovelace")
        dimitri = await babbage.hires("dimitri")
        made = Companies(lovelace, babbage, hollerith, dimitri, group)
        found = await discovery.resolve(babbage.wire, f"!alpine@{lovelace.instance.host}", by=dimitri.staff)
        assert isinstance(found, Actor)
        await dimitri.joins(await made.mirror())
        await made.settle()
        yield made


async def members(home: Home) -> list[tuple[str, str, MemberState]]:
    async with home.database.reading() as session:
        rows = await session.execute(
            select(Actor.username, Membership.host, Membership.state)
            .join(Actor, Actor.id == Membership.actor_id)
            .order_by(Actor.username)
        )
        return [(name, host, state) for name, host, state in rows]


async def test_GRP_2_whoever_was_let_in_is_in_at_both_ends(companies):
    host = companies.babbage.instance.host
    assert ("dimitri", host, MemberState.MEMBER) in await members(companies.lovelace)
    assert ("dimitri", "", MemberState.MEMBER) in await members(companies.babbage)


async def test_a_post_its_answer_and_thanks_go_both_ways(companies):
    lovelace, babbage = companies.lovelace, companies.babbage
    post = await lovelace.alan.writes("Who delivers **1.4301**?", group=companies.group)
    await companies.settle()
    theirs = await companies.at(babbage, post)
    assert theirs is not None
    assert (theirs.html, theirs.visibility) == ("<p>Who delivers <strong>1.4301</strong>?</p>", Visibility.GROUP)
    assert await sees(babbage.database, companies.dimitri.staff, theirs)
    assert not await sees(babbage.database, babbage.alan.staff, theirs)

    answer = await companies.dimitri.replies(theirs, "We do")
    await companies.dimitri.likes(theirs)
    await companies.settle()
    ours = await companies.at(lovelace, answer)
    assert ours is not None
    assert (ours.html, ours.reply_to_id, ours.group_id) == ("<p>We do</p>", post.id, companies.group.id)
    assert await lovelace.alan.notifications() == ["favourite", "mention"]
    echo = await companies.at(babbage, answer)
    assert echo is not None
    assert echo.distributed_at is not None  # GRP-9: it came back from the group


async def test_changes_and_ends_go_both_ways(companies):
    lovelace, babbage = companies.lovelace, companies.babbage
    post = await lovelace.alan.writes("First", group=companies.group)
    await companies.settle()
    theirs = await companies.dimitri.writes("Theirs", group=await companies.mirror())
    await companies.settle()
    async with babbage.database.writing() as session:
        await writing.edit(session, theirs.id, Draft(text="Theirs, better"), by=companies.dimitri.staff)
    await lovelace.alan.edits(post, "Second")
    await companies.settle()
    assert (await companies.at(babbage, post)).html == "<p>Second</p>"
    assert (await companies.at(lovelace, theirs)).html == "<p>Theirs, better</p>"

    await lovelace.alan.deletes(post)
    await companies.dimitri.deletes(theirs)
    await companies.settle()
    assert (await companies.at(babbage, post)).deleted_at is not None
    assert (await companies.at(lovelace, theirs)).deleted_at is not None


async def test_thanks_are_taken_back(companies):
    lovelace = companies.lovelace
    post = await lovelace.alan.writes("Good day", group=companies.group)
    await companies.settle()
    theirs = await companies.at(companies.babbage, post)
    await companies.dimitri.likes(theirs)
    await companies.settle()
    assert len(await lovelace.rows(Like)) == 1
    async with companies.babbage.database.writing() as session:
        await reactions.unlike(session, theirs.id, by=companies.dimitri.staff)
    await companies.settle()
    assert await lovelace.rows(Like) == []


async def test_who_leaves_gets_nothing_any_more(companies):
    await companies.dimitri.leaves(await companies.mirror())
    await companies.settle()
    assert [name for name, *_ in await members(companies.lovelace)] == ["alan"]
    post = await companies.lovelace.alan.writes("Later", group=companies.group)
    await companies.settle()
    assert await companies.at(companies.babbage, post) is None


async def test_who_is_removed_is_told_and_gets_nothing_any_more(companies):
    lovelace = companies.lovelace
    dimitri = await lovelace.actor(f"{(await companies.babbage.actor(companies.dimitri.id)).uri}")
    async with lovelace.database.writing() as session:
        found = await session.get_one(Group, companies.group.id)
        await groups.remove(session, found, dimitri.id, by=lovelace.alan.staff)
    await companies.settle()
    assert ("dimitri", "", MemberState.REFUSED) in await members(companies.babbage)
    post = await lovelace.alan.writes("Later", group=companies.group)
    await companies.settle()
    assert await companies.at(companies.babbage, post) is None


async def test_conformance_2_a_third_company_sees_and_gets_nothing(companies):
    post = await companies.lovelace.alan.writes("Between two", group=companies.group)
    await companies.settle()
    assert await companies.hollerith.posts() == []
    assert await companies.hollerith.rows(Received) == []
    signer = await companies.hollerith.wire.keys.instance_signer(companies.hollerith.database)
    for address in (post.uri, (await companies.lovelace.actor(companies.group.id)).uri):
        headers = signer("GET", address, accept="application/activity+json")
        hidden = await companies.lovelace.request("GET", address, headers=headers)
        headers = signer("GET", companies.lovelace.url("/ap/o/never"), accept="application/activity+json")
        nothing = await companies.lovelace.request("GET", "/ap/o/never", headers=headers)
        assert hidden.told == nothing.told


async def test_the_ledgers_of_both_companies_agree(companies):
    await companies.lovelace.alan.writes("Good day", group=companies.group)
    await companies.settle()
    sent = [line for line in await companies.lovelace.ledger() if " Create " in line]
    received = [line for line in await companies.babbage.ledger() if " Create " in line]
    assert (sent, received) == (["sent Create agreement"], ["received Create group_elsewhere"])
