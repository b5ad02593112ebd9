"""A page costs a fixed number of statements, whatever is on it, and few once it was shown."""

import pytest

from models.tables import Access
from tests.server.api.conftest import Hand, Statements
from tests.server.api.phone import Phone, upload
from tests.world import World

WARM = 2
"""Which posts in which version; their counts and one's own marks."""
COLD = 11
BESIDE = ("FROM journal", "access_tokens", "FROM accounts")
"""Who follows the journal reads it whenever something happens; then the token is looked up once more, too."""


async def filled(ada: Phone, grace: Phone, world: World, posts: int) -> None:
    group = await world.alan.founds(f"group{posts}", access=Access.OPEN)
    await world.ada.joins(group)
    for number in range(posts):
        media = (await ada.post("/api/v2/media", data=upload())).body if number < 2 else None
        status = await ada.writes(f"{number} @grace @joan #tag{number}", media_ids=[media["id"]] if media else [])
        reply = await grace.writes(f"Reply {number}", in_reply_to_id=status["id"])
        await world.ada.writes(f"In the group {number}", group=group)
        await grace.post(f"/api/v1/statuses/{status['id']}/favourite")
        await ada.post(f"/api/v1/statuses/{reply['id']}/reblog")


async def count(statements: Statements, phone: Phone, path: str) -> int:
    statements.clear()
    answer = await phone.get(path)
    assert answer.body
    return len([text for text in statements if not any(table in text for table in BESIDE)])


@pytest.mark.parametrize("path", ["/api/v1/timelines/home?limit=40", "/api/v1/timelines/public?limit=40"])
async def test_a_timeline_costs_the_same_for_few_and_many_posts(
    ada: Phone, grace: Phone, joan: Phone, world: World, statements: Statements, path: str
) -> None:
    await filled(ada, grace, world, 1)
    few = await count(statements, ada, path)
    await filled(ada, grace, world, 6)

    many = await count(statements, joan, path)
    again = await count(statements, joan, path)

    assert many <= COLD
    assert few <= COLD
    assert again == WARM


async def test_a_change_costs_only_what_changed(ada: Phone, grace: Phone, world: World, statements: Statements) -> None:
    await filled(ada, grace, world, 3)
    await ada.get("/api/v1/timelines/home?limit=40")
    await ada.get("/api/v1/notifications")
    assert await count(statements, ada, "/api/v1/timelines/home?limit=40") == WARM

    await world.ada.writes("New")

    assert await count(statements, ada, "/api/v1/timelines/home?limit=40") <= COLD
    assert await count(statements, ada, "/api/v1/timelines/home?limit=40") == WARM


async def test_one_status_costs_as_little_as_a_page(
    ada: Phone, grace: Phone, world: World, statements: Statements
) -> None:
    status = await ada.writes("Hello")
    await grace.get(f"/api/v1/statuses/{status['id']}")

    assert await count(statements, grace, f"/api/v1/statuses/{status['id']}") == WARM


async def test_notifications_cost_the_same_for_few_and_many(
    ada: Phone, grace: Phone, world: World, statements: Statements
) -> None:
    path = "/api/v1/notifications?limit=80"
    await grace.writes("Hello @ada")
    await world.settle()
    await ada.get(path)
    few = await count(statements, ada, path)
    for number in range(10):
        await grace.writes(f"Hello {number} @ada")
    await world.settle()
    await ada.get(path)

    assert await count(statements, ada, path) == few == WARM + 1


async def test_lists_of_accounts_cost_the_same_for_few_and_many(
    ada: Phone, world: World, statements: Statements, hand: Hand
) -> None:
    path = f"/api/v1/accounts/{world.ada.id}/followers"
    counts = []
    for person in (world.alan, world.joan, world.grace):
        await (await hand(person)).post(f"/api/v1/accounts/{world.ada.id}/follow")
        await ada.get(path)
        counts.append(await count(statements, ada, path))

    assert len(set(counts)) == 1


async def test_a_thread_costs_the_same_for_few_and_many(
    ada: Phone, grace: Phone, world: World, statements: Statements
) -> None:
    top = await ada.writes("Top")
    path = f"/api/v1/statuses/{top['id']}/context"
    counts = []
    for number in range(3):
        await grace.writes(f"Reply {number}", in_reply_to_id=top["id"])
        await ada.get(path)
        counts.append(await count(statements, ada, path))

    assert counts == [WARM + 2] * 3


async def test_to_post_costs_a_statement_for_each_table(ada: Phone, statements: Statements) -> None:
    """And one to see whether the request came before; what is answered is known then."""
    await ada.writes("Warm")
    statements.clear()
    await ada.post("/api/v1/statuses", json={"status": "Hello"}, headers={"Idempotency-Key": "once"})
    changed = [text.split()[2] for text in statements if text.startswith("INSERT")]
    assert changed == ["posts", "revisions", "journal", "idempotency_keys"]
    assert len([text for text in statements if text.startswith("SELECT") and "idempotency_keys" in text]) == 1
    assert not [text for text in statements if text.startswith(("SELECT posts", "UPDATE"))]
