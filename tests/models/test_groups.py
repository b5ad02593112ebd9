"""Groups: founding, belonging, and the rule that no group opens in passing."""

import pytest
from sqlalchemy import select

from models import accounts, groups, policy
from models.actors import BadName, NameTaken, RemoteActor, keep
from models.errors import NotAllowed, NotFound
from models.groups import GroupClosed, NoGatekeeper, NotAMember, OwnerStays, ReachNotConfirmed
from models.tables import (
    Access,
    ActorType,
    AuditLine,
    Group,
    LedgerLine,
    Level,
    MemberRole,
    Membership,
    MemberState,
    Outcome,
    Reach,
)
from tests.world import EASTWIND, MALLORY, NORTHWIND, SOUTHWIND, Person, World, take_in


async def _set_reach(world: World, by: Person, group: Group, reach: Reach, *, confirmed: Reach | None) -> None:
    async with world.database.writing() as session:
        found = await session.get_one(Group, group.id)
        await groups.set_reach(session, found, reach, by=by.staff, confirmed=confirmed)


async def _members(world: World, group: Group) -> set[str]:
    async with world.database.reading() as session:
        return {found.actor.handle for found in await session.scalars(groups.members(group))}


# Founding


async def test_a_group_begins_internal_with_its_founder_in_it(world: World) -> None:
    group = await world.joan.founds("choir")
    assert (group.reach, group.access, group.is_gated) == (Reach.INTERNAL, Access.OPEN, False)
    assert await _members(world, group) == {"joan"}


async def test_people_and_groups_share_one_list_of_names(world: World, subtests: pytest.Subtests) -> None:
    """One `acct:` is one actor (DISC-5)."""
    for name in ("ada", "alpine", "ADA", "Alpine"):
        with subtests.test(name), pytest.raises(NameTaken):
            await world.joan.founds(name)


async def test_a_name_that_a_handle_cannot_have_is_refused(world: World, subtests: pytest.Subtests) -> None:
    for name in ("", "-x", ".x", "two words", "ümlaut", "x" * 31, "a@b", "a/b"):
        with subtests.test(name), pytest.raises(BadName):
            await world.joan.founds(name)


# Belonging


async def test_everybody_joins_an_open_group(world: World) -> None:
    group = await world.alan.founds("choir")
    await world.joan.joins(group)
    assert await _members(world, group) == {"alan", "joan"}


async def test_a_closed_group_takes_those_it_invited(world: World) -> None:
    group = await world.alan.founds("board", access=Access.CLOSED)
    with pytest.raises(GroupClosed):
        await world.joan.joins(group)
    await take_in(world.database, world.alan, group, world.joan)
    assert await _members(world, group) == {"alan", "joan"}


async def test_a_member_of_a_closed_group_cannot_invite_others(world: World) -> None:
    with pytest.raises(NotAllowed):
        await take_in(world.database, world.ada, world.alpine, world.joan)
    assert "joan" not in await _members(world, world.alpine)


async def test_a_member_of_an_open_group_invites_and_a_stranger_does_not(world: World) -> None:
    group = await world.alan.founds("choir")
    with pytest.raises(NotAllowed):
        await take_in(world.database, world.joan, group, world.ada)
    await world.joan.joins(group)
    await take_in(world.database, world.joan, group, world.ada)
    assert "ada" in await _members(world, group)


async def test_joining_twice_changes_nothing(world: World) -> None:
    group = await world.alan.founds("choir")
    first, second = await world.joan.joins(group), await world.joan.joins(group)
    assert first.id == second.id


async def test_who_leaves_a_group_no_longer_posts_in_it(world: World) -> None:
    await world.ada.leaves(world.alpine)
    with pytest.raises(NotAMember):
        await world.ada.writes("One more thing", group=world.alpine)


async def test_the_owner_stays_until_somebody_else_is_owner(world: World) -> None:
    with pytest.raises(OwnerStays):
        await world.alan.leaves(world.alpine)
    await world.alan.names(world.ada, MemberRole.OWNER, group=world.alpine)
    await world.alan.leaves(world.alpine)
    async with world.database.reading() as session:
        assert (await session.get_one(Group, world.alpine.id)).owner_id == world.ada.id


async def test_the_owner_takes_somebody_out(world: World) -> None:
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        with pytest.raises(NotAllowed):
            await groups.remove(session, group, world.nora.id, by=world.ada.staff)
        await groups.remove(session, group, world.nora.id, by=world.alan.staff)
    post = await world.grace.approves(await world.ada.writes("News", group=world.alpine))
    assert await world.northwind.sees(post) is False


async def test_an_archived_group_is_read_and_no_longer_written_in(world: World) -> None:
    post = await world.ada.writes("Last words", group=world.alpine)
    async with world.database.writing() as session:
        await groups.archive(session, await session.get_one(Group, world.alpine.id), by=world.alan.staff)
    assert await world.ada.sees(post) is True
    with pytest.raises(NotAMember):
        await world.ada.writes("After the end", group=world.alpine)


# Reach


@pytest.mark.parametrize("confirmed", [None, Reach.INTERNAL, Reach.PARTNERS])
async def test_a_group_opens_only_in_so_many_words(world: World, confirmed: Reach | None) -> None:
    group = await world.alan.founds("choir")
    with pytest.raises(ReachNotConfirmed):
        await _set_reach(world, world.alan, group, Reach.PUBLIC, confirmed=confirmed)
    async with world.database.reading() as session:
        assert (await session.get_one(Group, group.id)).reach is Reach.INTERNAL


@pytest.mark.parametrize("who", ["ada", "joan", "grace"])
async def test_who_does_not_own_a_group_cannot_open_it(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        await _set_reach(world, getattr(world, who), world.alpine, Reach.PUBLIC, confirmed=Reach.PUBLIC)


async def test_an_admin_opens_a_group_that_he_can_read_and_no_other(world: World) -> None:
    open_group = await world.joan.founds("choir")
    closed = await world.joan.founds("diary", access=Access.CLOSED)
    await _set_reach(world, world.alan, open_group, Reach.PARTNERS, confirmed=Reach.PARTNERS)
    with pytest.raises(NotAllowed):
        await _set_reach(world, world.alan, closed, Reach.PARTNERS, confirmed=Reach.PARTNERS)


async def test_opening_and_closing_are_lines_in_the_ledger_and_the_audit_log(world: World) -> None:
    group = await world.alan.founds("choir")
    await world.alan.opens(group, Reach.PARTNERS)
    await world.alan.opens(group, Reach.INTERNAL)
    async with world.database.reading() as session:
        lines = (
            await session.scalars(select(LedgerLine).where(LedgerLine.group_id == group.id).order_by(LedgerLine.id))
        ).all()
        noted = (
            await session.scalars(select(AuditLine).where(AuditLine.action == "reach_set").order_by(AuditLine.id))
        ).all()
    assert [(line.outcome, line.rule) for line in lines] == [
        (Outcome.SENT, "reach_partners"),
        (Outcome.STOPPED, "reach_internal"),
    ]
    assert [(line.facts["before"], line.facts["after"]) for line in noted] == [
        ("internal", "partners"),
        ("partners", "internal"),
    ]


async def test_closing_a_group_takes_everybody_outside_out_of_it(world: World) -> None:
    await world.alan.opens(world.alpine, Reach.INTERNAL)
    assert await _members(world, world.alpine) == {"alan", "ada"}
    assert await world.northwind.sees_group(world.alpine) is False


async def test_what_was_written_before_a_group_opened_keeps_its_reach(world: World) -> None:
    group = await world.alan.founds("choir")
    old = await world.alan.writes("Among us", group=group)
    await world.alan.opens(group, Reach.PUBLIC)
    new = await world.alan.writes("To all", group=group)
    answer = await world.alan.replies(old, "Still among us")
    assert [await world.anybody.sees(post) for post in (old, new, answer)] == [False, True, False]


async def test_a_gate_cannot_be_put_up_where_nobody_keeps_it(world: World) -> None:
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "grace"))
    group = await world.alan.founds("choir")
    with pytest.raises(NoGatekeeper):
        async with world.database.writing() as session:
            await groups.set_gate(session, await session.get_one(Group, group.id), by=world.alan.staff, is_gated=True)


# People elsewhere


@pytest.mark.parametrize(
    ("reach", "host", "joins"),
    [
        (Reach.INTERNAL, NORTHWIND, False),
        (Reach.PARTNERS, NORTHWIND, True),
        (Reach.PARTNERS, SOUTHWIND, True),
        (Reach.PARTNERS, EASTWIND, False),
        (Reach.PARTNERS, MALLORY, False),
        (Reach.PUBLIC, NORTHWIND, True),
        (Reach.PUBLIC, EASTWIND, False),
        (Reach.PUBLIC, MALLORY, False),
    ],
    ids=str,
)
async def test_people_elsewhere_join_as_far_as_an_agreement_goes(
    world: World, reach: Reach, host: str, joins: bool
) -> None:
    group = await world.alan.founds("place", reach=reach)
    await world.shares(group)
    outsider = next(o for o in (world.northwind, world.southwind, world.eastwind, world.mallory) if o.host == host)
    visitor = await outsider.sends("visitor")
    if joins:
        assert (await outsider.joins(group, as_=visitor)).state is MemberState.MEMBER
    else:
        with pytest.raises(NotAllowed):
            await outsider.joins(group, as_=visitor)


@pytest.mark.parametrize(
    ("level", "comments", "posts"),
    [(Level.READ, False, False), (Level.COMMENT, True, False), (Level.POST, True, True)],
)
async def test_people_elsewhere_contribute_as_far_as_the_agreement_says(
    world: World, level: Level, comments: bool, posts: bool
) -> None:
    await world.agrees(NORTHWIND, alpine=level)
    async with world.database.reading() as session:
        group = await session.get_one(Group, world.alpine.id)
        assert await policy.may_contribute(session, world.nora, group, is_reply=True) is comments
        assert await policy.may_contribute(session, world.nora, group, is_reply=False) is posts


async def test_who_is_no_member_contributes_nothing_to_a_partner_group(world: World) -> None:
    nick = await world.northwind.sends("nick")
    async with world.database.reading() as session:
        group = await session.get_one(Group, world.alpine.id)
        assert await policy.may_contribute(session, nick, group, is_reply=True) is False


async def test_the_answer_of_a_group_elsewhere_counts_only_when_one_of_ours_had_asked(world: World) -> None:
    """R-16: an Accept for a Follow that nobody sent is nothing."""
    async with world.database.writing() as session:
        told = RemoteActor(
            uri=f"http://{NORTHWIND}/g/1",
            type=ActorType.GROUP,
            host=NORTHWIND,
            username="harbour",
            url=f"http://{NORTHWIND}/g/1",
            inbox=f"http://{NORTHWIND}/inbox",
            is_locked=True,
        )
        actor = await keep(session, told)
        mirror = await groups.keep_mirror(session, actor)
        ada = await session.get_one(type(actor), world.ada.id)
        assert await groups.receive_answer(session, mirror, member=ada, accepted=True) is False
        asked = await groups.join(session, mirror, by=world.ada.staff)
        assert asked.state is MemberState.ASKED
        assert await groups.receive_answer(session, mirror, member=ada, accepted=True) is True
        found = await session.get_one(Membership, asked.id)
    assert found.state is MemberState.MEMBER


async def test_a_group_is_found_by_those_who_may_know_of_it_and_by_nobody_else(world: World) -> None:
    async with world.database.reading() as session:
        assert (await groups.by_username(session, world.joan.staff, "alpine")).id == world.alpine.id
        assert (await groups.by_username(session, await world.northwind.viewer(), "alpine")).id == world.alpine.id
        for outsider in (world.mallory, world.anybody, world.eastwind):
            with pytest.raises(NotFound):
                await groups.by_username(session, await outsider.viewer(), "alpine")
