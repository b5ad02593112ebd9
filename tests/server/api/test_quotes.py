"""Quotes through the client API: what is quoted, who may, and taking it back."""

from typing import Any

import pytest

from models.posts import receiving
from models.tables import Access, Actor, Reach, Visibility
from tests.server.api.conftest import Hand, Statements
from tests.server.api.phone import Phone
from tests.server.api.test_shapes import STATUS, faults
from tests.server.api.test_statements import WARM, count
from tests.world import NORTHWIND, World


async def test_a_post_is_quoted_with_all_it_says(ada: Phone, grace: Phone, joan: Phone, world: World) -> None:
    status = await ada.writes("News")

    quote = await grace.writes("Look", quoted_status_id=status["id"])
    await world.settle()

    assert quote["quote"]["state"] == "accepted"
    assert quote["quote"]["quoted_status"]["id"] == status["id"]
    assert faults(quote, STATUS) == {}
    assert faults(quote["quote"]["quoted_status"], STATUS) == {}
    assert quote["quote"]["quoted_status"]["quotes_count"] == 1
    assert (await joan.get(f"/api/v1/statuses/{status['id']}")).body["quotes_count"] == 1
    assert (await joan.get(f"/api/v1/statuses/{status['id']}/quotes")).ids == [quote["id"]]
    [told] = (await ada.get("/api/v1/notifications?types[]=quote")).body
    assert (told["type"], told["status"]["id"], told["account"]["username"]) == ("quote", quote["id"], "grace")


async def test_a_quote_in_a_quote_is_named_by_its_id(ada: Phone, grace: Phone) -> None:
    first = await ada.writes("News")
    second = await grace.writes("Look", quoted_status_id=first["id"])

    third = await ada.writes("See", quoted_status_id=second["id"])

    inner = third["quote"]["quoted_status"]
    assert inner["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}


async def test_an_author_takes_a_quote_back(ada: Phone, grace: Phone, joan: Phone) -> None:
    status = await ada.writes("News")
    quote = await grace.writes("Look", quoted_status_id=status["id"])
    path = f"/api/v1/statuses/{status['id']}/quotes/{quote['id']}/revoke"

    await joan.post(path, status=403)
    await ada.post(f"/api/v1/statuses/{status['id']}/quotes/123/revoke", status=404)
    await ada.post(f"/api/v1/statuses/{status['id']}/quotes/{10**30}/revoke", status=404)
    revoked = (await ada.post(path)).body

    assert (revoked["id"], revoked["quote"]) == (quote["id"], {"state": "revoked", "quoted_status": None})
    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body["quotes_count"] == 0


async def test_an_author_says_who_may_quote_from_now_on(ada: Phone, grace: Phone, world: World) -> None:
    status = await ada.writes("News", quote_approval_policy="nobody")
    path = f"/api/v1/statuses/{status['id']}"
    assert status["quote_approval"] == {"automatic": [], "manual": [], "current_user": "automatic"}
    before = (await grace.get(path)).body["quote_approval"]
    refused = await grace.post(
        "/api/v1/statuses", json={"status": "Look", "quoted_status_id": status["id"]}, status=403
    )

    await grace.put(f"{path}/interaction_policy", json={"quote_approval_policy": "public"}, status=403)
    await ada.put(f"{path}/interaction_policy", json={"quote_approval_policy": "everybody"}, status=422)
    followers = (await ada.put(f"{path}/interaction_policy", json={"quote_approval_policy": "followers"})).body
    strangers = (await grace.get(path)).body["quote_approval"]
    await grace.post(f"/api/v1/accounts/{world.ada.id}/follow")

    assert (before["current_user"], refused.body["code"]) == ("denied", "not_permitted")
    assert followers["quote_approval"]["automatic"] == ["followers"]
    assert strangers["current_user"] == "denied"
    assert (await grace.get(path)).body["quote_approval"]["current_user"] == "automatic"


async def test_L13_a_post_of_a_partner_group_is_quoted_inside_it_alone(ada: Phone, world: World, hand: Hand) -> None:
    status = await ada.writes("Prices @alpine")

    refused = await ada.post("/api/v1/statuses", json={"status": "Look", "quoted_status_id": status["id"]}, status=422)
    inside = await ada.writes("Look @alpine", quoted_status_id=status["id"])

    assert refused.body["code"] == "cannot_quote_here"
    assert inside["quote"]["quoted_status"]["id"] == status["id"]
    assert status["quote_approval"]["automatic"] == []
    alan = await hand(world.alan)
    assert (await alan.get(f"/api/v1/statuses/{inside['id']}")).body["quote"]["state"] == "accepted"


async def test_R_71_what_one_does_not_see_is_quoted_like_what_is_not_there(ada: Phone, joan: Phone) -> None:
    status = await ada.writes("Prices @alpine")

    answers = [
        await joan.post("/api/v1/statuses", json={"status": "Look", "quoted_status_id": wanted}, status=404)
        for wanted in (status["id"], "123")
    ]

    assert answers[0].body == answers[1].body
    await joan.get(f"/api/v1/statuses/{status['id']}/quotes", status=404)


async def test_a_deleted_post_leaves_an_honest_gap(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("News")
    quote = await grace.writes("Look", quoted_status_id=status["id"])
    await ada.delete(f"/api/v1/statuses/{status['id']}")

    shown = (await grace.get(f"/api/v1/statuses/{quote['id']}")).body["quote"]

    assert shown == {"state": "deleted", "quoted_status": None}


async def test_outside_nothing_internal_shows_through_a_quote(ada: Phone, anybody: Phone, world: World) -> None:
    group = await world.alan.founds("open", reach=Reach.PUBLIC, access=Access.OPEN)
    await world.ada.joins(group)
    first = await world.ada.writes("Public", group=group)
    quote = await world.ada.writes("Look", group=group, quote_of_id=first.id)

    shown = (await anybody.get(f"/api/v1/statuses/{quote.id}")).body
    assert shown["quote"]["quoted_status"]["id"] == str(first.id)
    assert shown["quote_approval"]["current_user"] == "denied"
    await world.alan.opens(group, Reach.INTERNAL)
    await anybody.get(f"/api/v1/statuses/{quote.id}", status=404)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (None, {"automatic": [], "manual": [], "current_user": "unknown"}),
        ('{"quote":[["*"],[]]}', {"automatic": ["public"], "manual": [], "current_user": "automatic"}),
        ('{"quote":[[],["*"]]}', {"automatic": [], "manual": ["public"], "current_user": "manual"}),
        ('{"quote":[["author"],[]]}', {"automatic": [], "manual": [], "current_user": "denied"}),
        (
            '{"quote":[["http://x.localhost/u/1"],["followers"]]}',
            {"automatic": ["unsupported_policy"], "manual": ["followers"], "current_user": "denied"},
        ),
    ],
)
async def test_the_rule_of_a_post_elsewhere_is_told(
    ada: Phone, world: World, kept: str | None, expected: dict[str, Any]
) -> None:
    author = await world.northwind.sends("nils")
    async with world.database.writing() as session:
        post = await receiving.receive(
            session,
            receiving.RemotePost(
                uri=f"http://{NORTHWIND}/o/1",
                url=None,
                author=await session.get_one(Actor, author.id),
                visibility=Visibility.PUBLIC,
                html="Hi",
                interaction=kept,
            ),
        )
    assert post is not None

    assert (await ada.get(f"/api/v1/statuses/{post.id}")).body["quote_approval"] == expected


async def test_a_page_with_quotes_costs_the_same_for_few_and_many(
    ada: Phone, grace: Phone, statements: Statements
) -> None:
    counts = []
    for _ in range(3):
        status = await ada.writes("News")
        await grace.writes("Look", quoted_status_id=status["id"])
        await grace.get("/api/v1/timelines/home")
        # a token or a number that is kept for some seconds may be asked for again in one of them
        counts.append(min([await count(statements, grace, "/api/v1/timelines/home") for _ in range(2)]))

    assert counts == [WARM + 3] * 3
