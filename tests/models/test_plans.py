"""How SQLite goes about the questions that are asked all the time: never through everything there is."""

from typing import Any

import pytest
from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects import sqlite

from models import approvals, notifications, policy, tallies, timelines
from models.database import Database
from models.journal import reading
from models.notifications.grouping import is_head
from models.posts import outlines
from models.tables import Notification, Post
from tests.world import World


async def _plan(database: Database, statement: Select[Any], **values: object) -> str:
    compiled = statement.params(**values).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with database.reading() as session:
        steps = await session.execute(text(f"EXPLAIN QUERY PLAN {compiled}".replace(":", r"\:")))
        return "\n".join(step.detail for step in steps)


@pytest.fixture
def sqlite_only(database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL plans by what the tables hold")


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize(
    "timeline", [timelines.home, timelines.sorted_home, timelines.of_company, timelines.everything]
)
async def test_a_page_is_filled_from_the_newest_on(world: World, timeline: Any) -> None:
    for person in (world.ada, world.grace, world.alan):
        page = timeline(person.staff).order_by(Post.id.desc()).limit(20)
        plan = await _plan(world.database, page)
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


@pytest.mark.usefixtures("sqlite_only")
async def test_whom_one_does_not_hear_is_looked_up_through_indexes(world: World) -> None:
    plan = await _plan(world.database, timelines.home(world.ada.staff).order_by(Post.id.desc()).limit(20))
    assert "SCAN mutes" not in plan, plan
    assert "SCAN host_blocks" not in plan
    assert "SCAN actors" not in plan
    assert "SEARCH follows USING INDEX ix_follows_follower_id_followee_id (follower_id=? AND followee_id=?)" in plan


@pytest.mark.usefixtures("sqlite_only")
async def test_notifications_are_read_from_the_newest_on_alone_and_in_groups(world: World) -> None:
    viewer = world.ada.staff
    told = notifications.of_account(viewer).options().with_only_columns(Notification.id).limit(20)
    for statement in (told, told.where(is_head(viewer, notifications.TOGETHER))):
        plan = await _plan(world.database, statement)
        assert "SEARCH notifications USING INDEX ix_notifications_account_id_id (account_id=?)" in plan, plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan
    assert "ix_notifications_together (account_id=? AND group_key=? AND id>?)" in plan


@pytest.mark.usefixtures("sqlite_only")
async def test_what_somebody_wrote_is_found_through_its_index(world: World) -> None:
    async with world.database.reading() as session:
        nora = await session.get_one(type(world.nora), world.nora.id)
    plan = await _plan(world.database, timelines.of_actor(world.ada.staff, nora).order_by(Post.id.desc()).limit(20))
    assert "USING INDEX ix_posts_of_author (author_id=?)" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan


@pytest.mark.usefixtures("sqlite_only")
async def test_how_much_somebody_wrote_or_a_group_has_is_counted_without_reading_it(world: World) -> None:
    counted = select(func.count(), func.max(Post.created_at)).where(policy.sees_post(tallies.COLLEAGUE))
    plan = await _plan(world.database, counted.where(Post.author_id == world.ada.staff.actor_id))
    assert "SEARCH posts USING COVERING INDEX ix_posts_of_author (author_id=?)" in plan, plan
    plan = await _plan(world.database, counted.where(Post.group_id == world.alpine.id, Post.boost_of_id.is_(None)))
    assert "SEARCH posts USING COVERING INDEX ix_posts_of_group (group_id=?)" in plan, plan


@pytest.mark.usefixtures("sqlite_only")
async def test_what_came_back_to_somebody_is_found_without_all_they_wrote(world: World) -> None:
    plan = await _plan(world.database, approvals.returned_to(world.ada.staff))
    assert "SEARCH approvals USING INDEX ix_approvals_verdict_id (verdict=?)" in plan, plan
    assert "ix_posts_of_author" not in plan


@pytest.mark.usefixtures("sqlite_only")
async def test_news_is_found_however_long_the_journal_is(world: World) -> None:
    plan = await _plan(world.database, reading._page(False).statement, number=5, most=100)
    assert plan == "SEARCH journal USING INTEGER PRIMARY KEY (rowid>?)"


@pytest.mark.usefixtures("sqlite_only")
async def test_what_one_passed_on_is_found_by_what_it_was_not_among_all_one_wrote(world: World) -> None:
    viewer = world.ada.staff
    plan = await _plan(world.database, outlines._marks(viewer), post_ids=[1, 2])
    assert "ix_posts_boost_of_id (boost_of_id=?)" in plan
    assert "ix_posts_of_author" not in plan, plan
