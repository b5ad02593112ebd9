"""The gate: what waits, who decides, and what partners have meanwhile."""

import asyncio

import pytest
from sqlalchemy import select

from models import accounts, approvals, egress, groups, ledger
from models.approvals import AlreadyDecided, ApprovalNotAllowed, ReasonMissing
from models.egress import Answer
from models.errors import NotFound
from models.groups import NoGatekeeper, NotAMember
from models.posts import reading
from models.posts.writing import EditedMeanwhile, MayNotLeave
from models.tables import (
    Access,
    Approval,
    Group,
    LedgerLine,
    Level,
    MemberRole,
    Outcome,
    Post,
    Reach,
    Role,
    Verdict,
    Visibility,
)
from tests.world import NORTHWIND, SOUTHWIND, World, hire, take_in


async def test_a_partner_sees_a_post_once_a_gatekeeper_approves(world: World) -> None:
    post = await world.ada.writes("Quarterly figures", group=world.alpine)
    assert await world.northwind.sees(post) is False

    await world.grace.approves(post)

    assert await world.northwind.sees(post) is True
    assert await world.mallory.sees(post) is False


async def test_the_house_reads_a_post_while_it_waits(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    assert await world.alan.sees(post) is True
    assert await world.grace.sees(post) is True
    assert await world.joan.sees(post) is False


async def test_the_queue_shows_a_gatekeeper_what_waits_oldest_first(world: World) -> None:
    first = await world.ada.writes("One", group=world.alpine)
    second = await world.alan.writes("Two", group=world.alpine)
    assert await world.grace.queue() == [(first.id, 1), (second.id, 1)]
    assert await world.ada.queue() == []

    await world.grace.approves(first)

    assert await world.grace.queue() == [(second.id, 1)]


async def test_a_gatekeeper_sees_the_companies_it_would_go_to(world: World) -> None:
    await world.ada.writes("Figures", group=world.alpine)
    async with world.database.reading() as session:
        waiting = (await session.scalars(approvals.queue(world.grace.staff))).one()
    named = {company["host"]: company["people"] for company in waiting.companies}
    assert named == {NORTHWIND: 1, SOUTHWIND: 0}


async def test_the_author_cannot_approve_what_they_wrote(world: World) -> None:
    await take_in(world.database, world.alan, world.alpine, world.grace)
    post = await world.grace.writes("My own", group=world.alpine)
    with pytest.raises(ApprovalNotAllowed):
        await world.grace.approves(post)
    assert await world.grace.queue() == []
    assert await world.northwind.sees(post) is False


@pytest.mark.parametrize("who", ["ada", "alan"])
async def test_a_member_or_owner_who_keeps_no_gate_cannot_approve(world: World, who: str) -> None:
    author = world.alan if who == "ada" else world.ada
    post = await author.writes("Figures", group=world.alpine)
    with pytest.raises(ApprovalNotAllowed):
        await getattr(world, who).approves(post)


async def test_who_cannot_see_a_post_is_told_that_there_is_none(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    with pytest.raises(NotFound):
        await world.joan.approves(post, revision=1)


async def test_a_gatekeeper_named_for_a_group_decides_there_and_nowhere_else(world: World) -> None:
    await take_in(world.database, world.alan, world.alpine, world.joan)
    await world.alan.names(world.joan, MemberRole.GATEKEEPER, group=world.alpine)
    other = await world.alan.founds("other", reach=Reach.PARTNERS, is_gated=True)
    here = await world.ada.writes("Here", group=world.alpine)
    there = await world.alan.writes("There", group=other)

    await world.joan.approves(here)

    assert await world.northwind.sees(here) is True
    with pytest.raises(ApprovalNotAllowed):
        await world.joan.approves(there)


# Revisions


async def test_an_approval_binds_the_revision_that_was_read(world: World) -> None:
    post = await world.ada.writes("First", group=world.alpine)
    await world.ada.edits(post, "Second, unread")

    with pytest.raises(AlreadyDecided):
        await world.grace.approves(post, revision=1)

    assert await world.northwind.sees(post) is False


async def test_an_edit_waits_while_partners_keep_the_approved_revision(world: World) -> None:
    post = await world.ada.writes("Approved words", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, "New words")

    assert await world.outside_reads(post) == "Approved words"
    assert await world.grace.queue() == [(post.id, 2)]

    await world.grace.approves(post)

    assert await world.outside_reads(post) == "New words"


async def test_an_edit_sent_back_leaves_partners_with_what_they_had(world: World) -> None:
    post = await world.ada.writes("Approved words", group=world.alpine)
    await world.grace.approves(post)
    await world.ada.edits(post, "Hasty words")
    await world.grace.returns(post, "Numbers are wrong")
    assert await world.outside_reads(post) == "Approved words"
    assert await world.grace.queue() == []


async def test_a_newer_edit_takes_the_place_of_one_that_waits(world: World) -> None:
    post = await world.ada.writes("One", group=world.alpine)
    await world.ada.edits(post, "Two")
    await world.ada.edits(post, "Three")
    assert await world.grace.queue() == [(post.id, 3)]
    async with world.database.reading() as session:
        found = await session.scalars(select(Approval).order_by(Approval.revision))
        verdicts = [approval.verdict for approval in found]
    assert verdicts == [Verdict.SUPERSEDED, Verdict.SUPERSEDED, Verdict.WAITING]


async def test_an_edit_of_an_older_text_than_the_newest_is_refused(world: World) -> None:
    post = await world.ada.writes("One")
    await world.ada.edits(post, "Two", revision=1)
    with pytest.raises(EditedMeanwhile):
        await world.ada.edits(post, "Three", revision=1)


# Answers


async def test_a_second_answer_is_refused(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    await world.grace.approves(post)
    with pytest.raises(AlreadyDecided):
        await world.grace.returns(post, "Too late", revision=1)
    assert await world.northwind.sees(post) is True


async def test_of_two_answers_at_the_same_time_one_counts(world: World) -> None:
    second = await hire(world.database, "gordon", Role.GATEKEEPER)
    post = await world.ada.writes("Figures", group=world.alpine)
    answers = await asyncio.gather(
        world.grace.approves(post, revision=1),
        second.returns(post, "No", revision=1),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Post) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 1


async def test_a_post_is_not_sent_back_without_a_reason(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    with pytest.raises(ReasonMissing):
        await world.grace.returns(post, "   ")
    assert await world.grace.queue() == [(post.id, 1)]


async def test_the_author_learns_the_answer_and_its_reason(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    await world.settle()
    assert await world.grace.notifications() == ["approval_asked"]

    await world.grace.returns(post, "Say which quarter")
    await world.settle()

    assert (await world.ada.notifications())[0] == "returned"
    async with world.database.reading() as session:
        latest = await approvals.latest(session, [post.id])
    assert latest[post.id].reason == "Say which quarter"


# Withdrawing, and what needs no gate


@pytest.mark.parametrize("how", ["removed", "archived"])
async def test_R_72_who_is_out_of_a_group_says_nothing_new_in_it_by_changing_what_they_wrote(
    world: World, how: str
) -> None:
    """As nobody elsewhere can; taking back stays possible."""
    fair = await world.alan.founds("fair", reach=Reach.PARTNERS)
    await world.agrees(NORTHWIND, fair=Level.POST)
    await world.northwind.joins(fair, as_=world.nora)
    await world.ada.joins(fair)
    post = await world.ada.writes("Prices", group=fair)
    async with world.database.writing() as session:
        group = await session.get_one(Group, fair.id)
        if how == "removed":
            await groups.remove(session, group, world.ada.id, by=world.alan.staff)
        else:
            await groups.archive(session, group, by=world.alan.staff)

    with pytest.raises(NotAMember):
        await world.ada.edits(post, "Something else entirely")

    assert await world.outside_reads(post) == "Prices"
    await world.ada.deletes(post)
    assert await world.northwind.sees(post) is False


async def test_withdrawing_never_waits(world: World) -> None:
    waiting = await world.ada.writes("Waiting", group=world.alpine)
    released = await world.grace.approves(await world.ada.writes("Released", group=world.alpine))

    await world.ada.deletes(waiting)
    await world.ada.deletes(released)

    assert await world.grace.queue() == []
    assert await world.northwind.sees(released) is False
    with pytest.raises(NotFound):
        await world.grace.approves(waiting, revision=1)


async def test_a_post_that_stays_in_the_house_waits_for_nobody(world: World) -> None:
    internal = await world.alan.founds("inside", is_gated=True)
    await world.alan.writes("Lunch", group=internal)
    await world.ada.writes("Lunch for all")
    assert await world.grace.queue() == []


async def test_without_a_gate_a_post_may_leave_at_once(world: World) -> None:
    open_house = await world.alan.founds("openhouse", reach=Reach.PARTNERS)
    await world.shares(open_house)
    await world.northwind.joins(open_house, as_=world.nora)
    post = await world.alan.writes("Welcome", group=open_house)
    assert await world.northwind.sees(post) is True


async def test_a_gate_needs_somebody_to_keep_it(world: World) -> None:
    async with world.database.writing() as session:
        await accounts.disable(session, await accounts.by_username(session, "grace"))
    with pytest.raises(NoGatekeeper):
        await world.alan.founds("unkept", reach=Reach.PARTNERS, is_gated=True)
    async with world.database.reading() as session:
        assert (await session.scalars(select(Group).where(Group.id != world.alpine.id))).all() == []


async def test_a_message_to_somebody_at_no_partner_is_stopped(world: World) -> None:
    await world.mallory.sends("malice")
    with pytest.raises(MayNotLeave) as stopped:
        await world.ada.writes(f"Psst @malice@{world.mallory.host}", visibility=Visibility.DIRECT)
    assert stopped.value.facts["hosts"] == (world.mallory.host,)


# What the gate says before anybody writes


async def test_the_composer_learns_which_companies_will_get_a_post(world: World) -> None:
    async with world.database.reading() as session:
        audience = await egress.audience(session, await session.get(Group, world.alpine.id))
    assert audience.is_gated is True
    assert [(company.name, company.people) for company in audience.companies] == [("Northwind", 1), ("Southwind", 0)]
    assert audience.people == 2


@pytest.mark.parametrize(
    ("reach", "gated", "answer", "rule"),
    [
        (Reach.INTERNAL, False, Answer.STAY, "reach_internal"),
        (Reach.INTERNAL, True, Answer.STAY, "reach_internal"),
        (Reach.PARTNERS, False, Answer.GO, "agreement"),
        (Reach.PARTNERS, True, Answer.HOLD, "gate"),
        (Reach.PUBLIC, False, Answer.GO, "reach_public"),
        (Reach.PUBLIC, True, Answer.HOLD, "gate"),
    ],
    ids=str,
)
async def test_the_gate_answers_by_reach_and_gate(
    world: World, reach: Reach, gated: bool, answer: Answer, rule: str
) -> None:
    group = await world.alan.founds("place", reach=reach, access=Access.OPEN, is_gated=gated)
    post = await world.alan.writes("News", group=group)
    async with world.database.reading() as session:
        decision = await egress.decide(session, await session.get_one(Post, post.id))
    assert (decision.answer, decision.rule) == (answer, rule)


# The ledger's part in it


async def test_holding_returning_and_withdrawing_are_lines_in_the_ledger(world: World) -> None:
    post = await world.ada.writes("Figures", group=world.alpine)
    await world.grace.returns(post, "No")
    async with world.database.reading() as session:
        written = select(LedgerLine).where(LedgerLine.post_id == post.id).order_by(LedgerLine.id)
        lines = (await session.scalars(written)).all()
        assert await ledger.verify(session) == []
    assert [(line.outcome, line.rule, line.actor) for line in lines] == [
        (Outcome.HELD, "gate", "ada"),
        (Outcome.RETURNED, "gate", "grace"),
    ]
    assert lines[0].hosts == [NORTHWIND, SOUTHWIND]


async def test_who_approved_is_known_afterwards(world: World) -> None:
    post = await world.grace.approves(await world.ada.writes("Figures", group=world.alpine))
    async with world.database.reading() as session:
        assert await approvals.approver_of(session, post.id, 1) == "grace"
        assert await approvals.approver_of(session, post.id, 2) == ""
        published = await reading.published(session, await session.get_one(Post, post.id))
    assert published.number == 1
