"""Keeping a group in order: who may, what becomes of it in the house, who is told (GRP-11 to GRP-13)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select

from models import audit, groups, moderation
from models.base import now
from models.database import Database
from models.errors import NotAllowed, NotFound
from models.posts.drafts import ThreadLocked
from models.tables import (
    Access,
    AuditLine,
    Departure,
    Group,
    LedgerLine,
    MemberRole,
    Membership,
    Outcome,
    Pin,
    Post,
    Reach,
)
from tests.templates import INHABITED, Template
from tests.world import Person, World


async def _with_club(database: Database) -> None:
    world = await World.met(database)
    group = await world.ada.founds("club", access=Access.OPEN)
    for person in (world.joan, world.grace):
        await person.joins(group)
    await world.ada.names(world.joan, MemberRole.MODERATOR, group=group)


BEGINNINGS = {"club": Template("club", _with_club, after=INHABITED)}


@pytest.fixture
async def club(world: World) -> Group:
    """Ada's open group, in which Joan and Grace are members and Joan moderates."""
    async with world.database.reading() as session:
        return await groups.by_username(session, world.ada.staff, "club")


async def does(person: Person, verb: Any, *arguments: Any, **more: Any) -> Any:
    async with person.database.writing() as session:
        if isinstance(arguments[0], Group):
            arguments = (await session.get_one(Group, arguments[0].id), *arguments[1:])
        return await verb(session, *arguments, by=person.staff, **more)


async def test_GRP_11_a_moderator_hides_a_post_from_all_but_its_author_and_the_keepers(
    world: World, club: Group
) -> None:
    post = await world.grace.writes("Buy this", group=club)
    await does(world.joan, moderation.remove_post, post.id, reason="advertising")

    seen = {name: await getattr(world, name).sees(post) for name in ("grace", "joan", "ada", "alan")}
    assert seen == {"grace": True, "joan": True, "ada": True, "alan": True}  # author, moderator, owner, admin
    await world.joan.leaves(club)
    assert await world.joan.sees(post) is False
    await does(world.ada, moderation.restore_post, post.id)
    assert await world.joan.sees(post) is True


async def test_GRP_11_the_author_is_told_of_a_removal_and_of_the_return(world: World, club: Group) -> None:
    post = await world.grace.writes("Buy this", group=club)
    await does(world.joan, moderation.remove_post, post.id, reason="advertising")
    await does(world.joan, moderation.remove_post, post.id, reason="once more")
    await does(world.joan, moderation.restore_post, post.id)
    await world.settle()

    assert await world.grace.notifications() == ["restored", "removed"]


async def test_GRP_11_members_take_nothing_out(world: World, club: Group) -> None:
    post = await world.joan.writes("Mine", group=club)
    with pytest.raises(NotAllowed):
        await does(world.grace, moderation.remove_post, post.id, reason="because")
    with pytest.raises(NotAllowed):
        await does(world.grace, moderation.pin, post.id)
    with pytest.raises(NotAllowed):
        await does(world.grace, moderation.lock, post.id)
    with pytest.raises(NotAllowed):
        await does(world.grace, moderation.ban, club, world.joan.id, reason="because")


async def test_GRP_11_nothing_is_taken_out_without_a_reason_and_outside_groups(world: World, club: Group) -> None:
    post = await world.grace.writes("Buy this", group=club)
    with pytest.raises(moderation.ReasonMissing):
        await does(world.joan, moderation.remove_post, post.id, reason="  ")
    at_large = await world.grace.writes("To the company")
    with pytest.raises(NotFound):
        await does(world.alan, moderation.remove_post, at_large.id, reason="because")


async def test_GRP_11_each_act_is_a_line_in_the_audit_log(world: World, club: Group) -> None:
    post = await world.grace.writes("Buy this", group=club)
    await does(world.joan, moderation.pin, post.id)
    await does(world.joan, moderation.lock, post.id)
    await does(world.joan, moderation.remove_post, post.id, reason="advertising")
    await does(world.joan, moderation.ban, club, world.grace.id, reason="spam")
    async with world.database.reading() as session:
        from sqlalchemy import select

        by_joan = select(AuditLine).where(AuditLine.account_id == world.joan.staff.account_id).order_by(AuditLine.id)
        lines = (await session.scalars(by_joan)).all()
    assert [line.action for line in lines] == ["post_pinned", "thread_locked", "post_removed", "member_banned"]
    assert "Buy this" not in str([line.facts for line in lines])
    assert audit.REFUSED not in {line.action for line in lines}


async def test_GRP_12_whoever_is_banned_is_out_and_stays_out_until_it_ends(world: World, club: Group) -> None:
    found = await does(world.joan, moderation.ban, club, world.grace.id, reason="spam")
    await world.settle()

    assert await world.grace.notifications() == ["banned"]
    with pytest.raises(groups.NotAMember):
        await world.grace.writes("Still here", group=club)
    with pytest.raises(groups.Banned):
        await world.grace.joins(club)
    with pytest.raises(groups.Banned):
        await does(world.ada, groups.invite, club, "grace")
    async with world.database.writing() as session:
        ban = await session.get_one(type(found), found.id)
        ban.ends_at = now() - timedelta(seconds=1)
    await world.grace.joins(club)


async def test_GRP_12_a_lifted_ban_lets_them_join_again(world: World, club: Group) -> None:
    await does(world.joan, moderation.ban, club, world.grace.id, reason="spam")
    async with world.database.reading() as session:
        assert [ban.actor_id for ban in await moderation.bans(session, club)] == [world.grace.id]
    await does(world.joan, moderation.unban, club, world.grace.id)
    await world.grace.joins(club)

    with pytest.raises(NotFound):
        await does(world.joan, moderation.unban, club, world.grace.id)


async def test_GRP_12_a_ban_can_take_the_posts_along(world: World, club: Group) -> None:
    post = await world.grace.writes("Spam", group=club)
    await does(world.joan, moderation.ban, club, world.grace.id, reason="spam", removes_posts=True)
    async with world.database.reading() as session:
        assert (await session.get_one(Post, post.id)).removal_reason == "spam"


async def test_GRP_12_many_posts_of_the_banned_are_recalled_with_as_many_questions_as_one(
    world: World, club: Group
) -> None:
    """Each stands in the ledger with the companies that had it."""
    steps: dict[Person, int] = {}
    posts: dict[Person, list[int]] = {}
    engine = world.database.engine.sync_engine
    for person, number in ((world.grace, 1), (world.joan, 4)):
        posts[person] = [(await person.writes(f"Spam {each}", group=club)).id for each in range(number)]
        async with world.database.writing() as session:
            session.add_all(
                Departure(post_id=post_id, inbox=f"https://{host}/inbox", host=host)
                for post_id in posts[person]
                for host in ("north.example", "south.example")
            )
        asked: list[str] = []
        note = partial(_note, asked)
        event.listen(engine, "before_cursor_execute", note)
        await does(world.ada, moderation.ban, club, person.id, reason="spam", removes_posts=True)
        event.remove(engine, "before_cursor_execute", note)
        steps[person] = len([text for text in asked if not text.startswith("INSERT")])

    assert steps[world.grace] == steps[world.joan]
    async with world.database.reading() as session:
        lines = (
            await session.scalars(
                select(LedgerLine).where(LedgerLine.outcome == Outcome.WITHDRAWN).order_by(LedgerLine.id)
            )
        ).all()
    assert [line.post_id for line in lines] == [*posts[world.grace], *posts[world.joan]]
    assert all(line.hosts == ["north.example", "south.example"] for line in lines)


def _note(asked: list[str], _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    asked.append(statement)


async def test_GRP_12_the_owner_and_oneself_are_not_banned(world: World, club: Group) -> None:
    with pytest.raises(groups.OwnerStays):
        await does(world.joan, moderation.ban, club, world.ada.id, reason="because")
    with pytest.raises(moderation.AlreadyOut):
        await does(world.joan, moderation.ban, club, world.joan.id, reason="because")
    with pytest.raises(moderation.EndsInThePast):
        await does(world.joan, moderation.ban, club, world.grace.id, reason="because", ends_at=now())


async def test_GRP_12_a_banned_partner_does_not_come_back_by_asking(world: World) -> None:
    await does(world.alan, moderation.ban, world.alpine, world.nora.id, reason="spam")
    with pytest.raises(groups.Banned):
        await world.northwind.joins(world.alpine, as_=world.nora)


async def test_GRP_13_however_many_a_moderator_elsewhere_pins_the_latest_are_shown(
    world: World, club: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, "_SHOWN", 2)
    posts = [await world.grace.writes(f"Post {number}", group=club) for number in range(3)]
    async with world.database.writing() as session:
        for day, post in enumerate(posts):
            found = await session.get_one(Post, post.id)
            assert await moderation.receive_pin(session, found, by=world.nora, is_pinned=True)
            (await session.get_one(Pin, (club.id, post.id))).since = now() + timedelta(days=day)
    async with world.database.reading() as session:
        group = await session.get_one(Group, club.id)
        shown = (await session.scalars(moderation.pinned(world.ada.staff, group))).unique().all()
    assert [post.id for post in shown] == [posts[2].id, posts[1].id]


async def test_GRP_13_a_closed_conversation_takes_answers_of_its_keepers_alone(world: World, club: Group) -> None:
    post = await world.grace.writes("Question", group=club)
    answer = await world.grace.replies(post, "Addition")
    await does(world.joan, moderation.lock, post.id)

    for parent in (post, answer):
        with pytest.raises(ThreadLocked):
            await world.grace.replies(parent, "And another")
    await world.joan.replies(post, "Closed, see the other thread")
    await does(world.joan, moderation.lock, post.id, is_locked=False)
    await world.grace.replies(post, "Thank you")
    with pytest.raises(NotFound):
        await does(world.joan, moderation.lock, answer.id)


async def test_GRP_13_a_group_has_five_pins_at_most_and_shows_them_latest_first(world: World, club: Group) -> None:
    posts = [await world.grace.writes(f"Post {number}", group=club) for number in range(6)]
    for post in posts[:5]:
        await does(world.joan, moderation.pin, post.id)
    with pytest.raises(moderation.TooManyPins):
        await does(world.joan, moderation.pin, posts[5].id)
    await does(world.joan, moderation.pin, posts[0].id, is_pinned=False)
    await does(world.joan, moderation.remove_post, posts[1].id, reason="old")
    async with world.database.reading() as session:
        found = (await session.scalars(moderation.pinned(world.grace.staff, club))).all()
    assert [post.id for post in found] == [post.id for post in posts[4:1:-1]]


async def test_GRP_13_people_of_partners_can_moderate_and_nothing_else(world: World) -> None:
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.set_role(session, group, world.nora.id, MemberRole.MODERATOR, by=world.alan.staff)
        with pytest.raises(NotFound):
            await groups.set_role(session, group, world.nora.id, MemberRole.OWNER, by=world.alan.staff)
    async with world.database.reading() as session:
        member = await groups.membership(session, world.alpine.id, world.nora.id)
    assert isinstance(member, Membership)
    assert member.role is MemberRole.MODERATOR


async def test_GRP_11_what_was_removed_does_not_exist_outside(world: World) -> None:
    group = await world.ada.founds("market", reach=Reach.PUBLIC, access=Access.OPEN)
    post = await world.ada.writes("Out", group=group)
    assert await world.anybody.sees(post) is True
    await does(world.ada, moderation.remove_post, post.id, reason="mistake")

    assert await world.anybody.sees(post) is False
    assert await world.northwind.sees(post) is False
