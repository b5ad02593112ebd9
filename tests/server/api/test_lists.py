"""Lists of one's own beside the groups one belongs to: keeping them, who may be in them, what is on them."""

from typing import Any

import pytest

from models import policy, relations
from models.tables import Access, Actor, Visibility
from tests.server.api.phone import Phone
from tests.world import World

LISTS = "/api/v1/lists"


async def list_of(phone: Phone, *people: int, **more: Any) -> str:
    """Make a list with some people in it; its address."""
    made = (await phone.post(LISTS, json={"title": "Team", **more})).body
    path = f"{LISTS}/{made['id']}"
    if people:
        await phone.post(f"{path}/accounts", json={"account_ids": [str(person) for person in people]})
    return path


async def posts_of(phone: Phone, path: str) -> list[str]:
    return (await phone.get(path.replace("/lists/", "/timelines/list/"))).ids


async def test_a_list_is_made_shown_changed_and_deleted(ada: Phone, grace: Phone, world: World) -> None:
    made = (await ada.post(LISTS, data={"title": " Team ", "replies_policy": "none", "exclusive": "true"})).body
    path = f"{LISTS}/{made['id']}"

    assert made == {
        "id": made["id"],
        "title": "Team",
        "replies_policy": "none",
        "exclusive": True,
        "kontor": None,
    }
    assert (await ada.get(path)).body == made
    assert (await ada.get(LISTS)).ids == [str(world.alpine.id), made["id"]]
    assert (await grace.get(LISTS)).ids == []
    changed = (await ada.put(path, json={"title": "Others", "exclusive": 0})).body
    assert changed == {**made, "title": "Others", "exclusive": False}
    for method in ("get", "put", "delete"):
        await getattr(grace, method)(path, status=404)
    await grace.get(f"{path}/accounts", status=404)
    await grace.post(f"{path}/accounts", json={"account_ids": [str(world.ada.id)]}, status=404)
    await grace.get(path.replace("/lists/", "/timelines/list/"), status=404)

    assert (await ada.delete(path)).body == {}
    await ada.get(path, status=404)


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({}, "Validation failed: Title can't be blank"),
        ({"title": "  "}, "Validation failed: Title can't be blank"),
        ({"title": "T", "replies_policy": "some"}, "Validation failed: Replies policy is not included in the list"),
        ({"title": "T", "exclusive": "perhaps"}, "A value in this request"),
    ],
)
async def test_what_cannot_be_a_list_is_refused_in_words(ada: Phone, wish: dict[str, Any], error: str) -> None:
    assert (await ada.post(LISTS, json=wish, status=422)).body["error"].startswith(error)


async def test_a_group_is_a_list_that_is_not_changed_here(ada: Phone, world: World) -> None:
    path = f"{LISTS}/{world.alpine.id}"
    accounts = {"account_ids": [str(world.joan.id)]}

    for answer in (
        await ada.put(path, json={"title": "Mine"}, status=422),
        await ada.delete(path, status=422),
        await ada.post(f"{path}/accounts", json=accounts, status=422),
        await ada.delete(f"{path}/accounts", json=accounts, status=422),
    ):
        assert answer.body["code"] == "list_is_group"
    assert (await ada.get(path)).body["title"] == "alpine"


async def test_people_are_put_in_and_taken_out_by_pages(ada: Phone, world: World) -> None:
    people = [world.grace.id, world.joan.id, world.alan.id]
    path = await list_of(ada, *people)

    assert (await ada.get(f"{path}/accounts")).ids == [str(person) for person in people[::-1]]
    assert await ada.follow_pages(f"{path}/accounts?limit=1") == [str(person) for person in people[::-1]]
    assert len((await ada.get(f"{path}/accounts?limit=0")).body) == 3
    again = await ada.post(f"{path}/accounts", json={"account_ids": [str(world.joan.id)]}, status=422)
    assert again.body["error"] == "Validation failed: Account has already been taken"
    holding = (await ada.get(f"/api/v1/accounts/{world.joan.id}/lists")).ids
    assert holding == [path.rpartition("/")[2]]

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    await ada.delete(f"{path}/accounts", data=f"account_ids[]={world.joan.id}&account_ids[]=17", headers=form)
    await ada.delete(f"{path}/accounts?account_ids[]={world.alan.id}")

    assert (await ada.get(f"{path}/accounts")).ids == [str(world.grace.id)]
    assert (await ada.get(f"/api/v1/accounts/{world.joan.id}/lists")).body == []


async def test_only_whom_one_follows_can_be_in_a_list(ada: Phone, world: World) -> None:
    stranger = await world.northwind.sends("nick")
    other = await world.alan.founds("other", access=Access.OPEN)
    hidden = await world.alan.founds("hidden", access=Access.CLOSED)
    path = await list_of(ada)

    for actor_id, code in ((stranger.id, "not_followed"), (other.id, "not_followed"), (17, "not_found")):
        sent = {"account_ids": [str(world.joan.id), str(actor_id)]}
        assert (await ada.post(f"{path}/accounts", json=sent, status=404)).body["code"] == code
    assert (await ada.post(f"{path}/accounts", json={"account_ids": [hidden.id]}, status=404)).body["code"] in (
        "not_found",
        "not_followed",
    )
    assert (await ada.get(f"{path}/accounts")).body == []
    async with world.database.writing() as session:
        follow = await relations.follow(session, await session.get_one(Actor, stranger.id), by=world.ada.staff)
        await relations.receive_answer(
            session,
            follower=await session.get_one(Actor, world.ada.id),
            by=await session.get_one(Actor, stranger.id),
            accepted=True,
        )
        assert follow.accepted_at is not None
    await ada.post(f"{path}/accounts", json={"account_ids": [stranger.id, world.alpine.id, world.ada.id]})

    await ada.post(f"/api/v1/accounts/{stranger.id}/unfollow")
    await ada.post(f"/api/v1/accounts/{world.alpine.id}/unfollow")

    assert (await ada.get(f"{path}/accounts")).ids == [str(world.ada.id)]


async def test_who_blocks_somebody_has_them_in_no_list(ada: Phone, grace: Phone, world: World) -> None:
    path = await list_of(ada, world.grace.id, world.joan.id)

    await grace.post(f"/api/v1/accounts/{world.ada.id}/block")

    assert (await ada.get(f"{path}/accounts")).ids == [str(world.joan.id)]
    refused = await ada.post(f"{path}/accounts", json={"account_ids": [world.grace.id]}, status=404)
    assert refused.body["code"] == "not_followed"
    async with world.database.reading() as session:
        listable = await session.scalars(policy.listable_actors(world.grace.staff))
        assert world.ada.id not in {actor.id for actor in listable}


async def test_a_list_has_what_those_in_it_wrote_and_boosted_as_far_as_one_may_see(
    ada: Phone, joan: Phone, world: World
) -> None:
    path = await list_of(ada, world.alan.id)
    theirs = await list_of(joan, world.alan.id)
    company = await world.alan.writes("For all")
    group = await world.alan.writes("In alpine", group=world.alpine)
    await world.alan.tells(world.grace)
    await world.grace.writes("Not in it")
    boost = await world.alan.boosts(await world.grace.writes("Good"))

    assert await posts_of(ada, path) == [str(boost.id), str(group.id), str(company.id)]
    assert await posts_of(joan, theirs) == [str(boost.id), str(company.id)]
    older = await ada.get(path.replace("/lists/", "/timelines/list/") + "?limit=1")
    assert older.ids == [str(boost.id)]
    assert f"max_id={boost.id}" in older.links["next"]


async def test_a_list_wants_the_answers_that_it_was_told_to(ada: Phone, world: World) -> None:
    lists = {
        policy: await list_of(ada, world.grace.id, world.alan.id, replies_policy=policy)
        for policy in ("followed", "list", "none")
    }
    top = await world.grace.writes("Top")
    own = await world.grace.replies(top, "To myself")
    to_listed = await world.grace.replies(await world.alan.writes("Alan's"), "To Alan")
    to_other = await world.grace.replies(await world.joan.writes("Joan's"), "To Joan")
    to_me = await world.grace.replies(await world.ada.writes("Mine"), "To Ada")
    everything = {post.id for post in (own, to_listed, to_other, to_me)}

    shown = {
        policy: everything & {int(post_id) for post_id in await posts_of(ada, path)} for policy, path in lists.items()
    }

    assert shown == {
        "followed": everything,
        "list": everything - {to_other.id},
        "none": {own.id, to_me.id},
    }


async def test_an_exclusive_list_takes_its_people_and_groups_out_of_home(ada: Phone, world: World) -> None:
    own = await world.ada.writes("Mine", group=world.alpine)
    company = await world.joan.writes("For all")
    kept = await world.grace.writes("Stays")
    in_group = await world.alan.writes("In alpine", group=world.alpine)
    path = await list_of(ada, world.joan.id, world.alpine.id)
    home = "/api/v1/timelines/home"
    before = (await ada.get(home)).ids

    await ada.put(path, json={"exclusive": True})
    apart = (await ada.get(home)).ids
    listed = await posts_of(ada, path)
    await ada.delete(f"{path}/accounts", json={"account_ids": [str(world.joan.id)]})
    less = (await ada.get(home)).ids
    await ada.delete(path)
    after = (await ada.get(home)).ids

    assert before == after == [str(post.id) for post in (in_group, kept, company, own)]
    assert apart == [str(kept.id), str(own.id)]
    assert listed == [str(in_group.id), str(company.id), str(own.id)]
    assert less == [str(kept.id), str(company.id), str(own.id)]


async def test_L9_a_list_tells_nothing_of_who_may_not_be_known(ada: Phone, joan: Phone, world: World) -> None:
    path = await list_of(joan, world.alan.id, world.ada.id)
    await world.ada.writes("Secret", group=world.alpine)
    await world.ada.writes("Between us @alan", visibility=Visibility.DIRECT)

    assert await posts_of(joan, path) == []
    await joan.get(f"/api/v1/timelines/list/{world.alpine.id}", status=404)
    await ada.get(path, status=404)
