"""Blocks and reports through the client API."""

import pytest

from models import reports
from models.posts import receiving
from models.posts.receiving import RemotePost
from models.tables import Block, Featured, Report, Visibility
from tests.server.api.phone import Phone
from tests.world import World


async def test_R_79_who_is_blocked_is_seen_no_more_in_either_direction(ada: Phone, grace: Phone, world: World) -> None:
    hers = await ada.writes("From Ada")
    theirs = await grace.writes("From Grace")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")

    stands = (await ada.post(f"/api/v1/accounts/{world.grace.id}/block")).body

    assert (stands["blocking"], stands["blocked_by"], stands["following"]) == (True, False, False)
    back = (await grace.get(f"/api/v1/accounts/relationships?id[]={world.ada.id}")).body
    assert (back[0]["blocking"], back[0]["blocked_by"]) == (False, True)
    assert (await ada.get("/api/v1/blocks")).ids == [str(world.grace.id)]
    assert (await grace.get("/api/v1/blocks")).body == []
    for who, status in ((ada, theirs), (grace, hers)):
        await who.get(f"/api/v1/statuses/{status['id']}", status=404)
        assert status["id"] not in (await who.get("/api/v1/timelines/home")).ids
        await who.post(f"/api/v1/statuses/{status['id']}/favourite", status=404)
    refused = await grace.post(f"/api/v1/accounts/{world.ada.id}/follow", status=403)
    assert refused.body["code"] == "kept_apart"

    stands = (await ada.post(f"/api/v1/accounts/{world.grace.id}/unblock")).body

    assert (stands["blocking"], stands["following"]) == (False, False)
    await ada.get(f"/api/v1/statuses/{theirs['id']}")


async def test_who_judges_what_is_posted_reads_it_in_spite_of_a_block(ada: Phone, world: World) -> None:
    """A gatekeeper cannot be kept from the gate by blocking her."""
    gated = await world.alan.founds("gated")
    await world.ada.joins(gated)
    await world.grace.joins(gated)
    post = await world.ada.writes("For the gate", group=gated)
    await ada.post(f"/api/v1/accounts/{world.grace.id}/block")
    assert await world.grace.sees(post) is world.grace.staff.is_gatekeeper


async def test_nobody_blocks_themselves_or_a_group(ada: Phone, world: World) -> None:
    group = await world.ada.founds("club")
    assert (await ada.post(f"/api/v1/accounts/{world.ada.id}/block", status=422)).body["code"] == "block_self"
    await ada.post(f"/api/v1/accounts/{group.id}/block", status=404)
    async with world.database.reading() as session:
        assert await session.scalar(Block.__table__.select()) is None


async def test_a_report_is_kept_for_those_in_charge(ada: Phone, grace: Phone, world: World) -> None:
    status = await grace.writes("Rude")
    form = {
        "account_id": str(world.grace.id),
        "status_ids[]": status["id"],
        "comment": "This is rude",
        "category": "violation",
        "forward": "true",
    }

    made = (await ada.post("/api/v1/reports", data=form)).body

    assert (made["category"], made["comment"], made["action_taken"]) == ("violation", "This is rude", False)
    assert made["status_ids"] == [status["id"]]
    assert made["forwarded"] is False  # nobody elsewhere is concerned
    assert made["target_account"]["id"] == str(world.grace.id)
    async with world.database.reading() as session:
        assert await reports.count_open(session, world.alan.staff) == 1
        assert await reports.count_open(session, world.grace.staff) == 0


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"account_id": "123"}, 404),
        ({"account_id": "{grace}", "status_ids[]": "123"}, 404),
        ({"account_id": "{grace}", "category": "boring"}, 422),
        ({"account_id": "{ada}"}, 422),
    ],
)
async def test_a_report_about_nothing_is_refused(ada: Phone, world: World, form: dict[str, str], status: int) -> None:
    filled = {name: text.format(grace=world.grace.id, ada=world.ada.id) for name, text in form.items()}
    await ada.post("/api/v1/reports", data=filled, status=status)
    async with world.database.reading() as session:
        assert await session.scalar(Report.__table__.select()) is None


async def test_posts_that_somebody_elsewhere_pinned_are_on_top(ada: Phone, world: World) -> None:
    async with world.database.writing() as session:
        told = RemotePost(
            uri="http://northwind.localhost:8002/o/1",
            url=None,
            author=world.nora,
            visibility=Visibility.PUBLIC,
            html="<p>Hello</p>",
        )
        post = await receiving.receive(session, told)
        assert post is not None
        session.add(Featured(actor_id=world.nora.id, post_id=post.id))
    assert (await ada.get(f"/api/v1/accounts/{world.nora.id}/statuses?pinned=true")).ids == [str(post.id)]
    assert (await ada.get(f"/api/v1/accounts/{world.grace.id}/statuses?pinned=true")).body == []
