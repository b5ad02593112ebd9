"""Timelines and their pages: who finds what where, and how a client walks on."""

from typing import Any

import pytest

from models.tables import Access, Reach, Visibility
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.world import HOME, World


@pytest.fixture
async def five(world: World) -> list[str]:
    """The ids of five posts of Ada's, newest first."""
    return [str((await world.ada.writes(f"Number {number}")).id) for number in range(5)][::-1]


PAGES: list[tuple[str, dict[str, Any], list[int]]] = [
    ("everything, newest first", {}, [0, 1, 2, 3, 4]),
    ("at most so many", {"limit": 2}, [0, 1]),
    ("older than a border, which is not on it", {"max_id": 1, "limit": 2}, [2, 3]),
    ("the newest above a border", {"since_id": 4, "limit": 2}, [0, 1]),
    ("those right above a border, newest first all the same", {"min_id": 4, "limit": 2}, [2, 3]),
    ("between two borders", {"max_id": 0, "since_id": 3}, [1, 2]),
    ("right above a border and below another", {"min_id": 4, "max_id": 1, "limit": 5}, [2, 3]),
    ("nothing newer than the newest", {"min_id": 0}, []),
]


async def test_a_page_has_what_is_between_its_borders(ada: Phone, five: list[str]) -> None:
    for what, borders, expected in PAGES:
        asked = {name: value if name == "limit" else five[value] for name, value in borders.items()}
        page = await ada.get("/api/v1/timelines/home", params={name: str(value) for name, value in asked.items()})
        assert page.ids == [five[number] for number in expected], what


async def test_a_border_may_be_an_id_that_is_gone_or_never_was(ada: Phone, five: list[str]) -> None:
    await ada.delete(f"/api/v1/statuses/{five[2]}")

    below_the_gone = (await ada.get("/api/v1/timelines/home", params={"max_id": five[2]})).ids
    between = (await ada.get("/api/v1/timelines/home", params={"max_id": str(int(five[3]) + 1)})).ids

    assert below_the_gone == [five[3], five[4]]
    assert between == [five[3], five[4]]


async def test_a_limit_beyond_the_most_is_the_most(ada: Phone, five: list[str]) -> None:
    assert len((await ada.get("/api/v1/timelines/home?limit=9999")).body) == 5
    assert len((await ada.get("/api/v1/timelines/home?limit=-3")).body) == 1
    await ada.get("/api/v1/timelines/home?limit=many", status=422)


async def test_a_border_that_is_no_id_is_refused_and_an_empty_one_is_none(ada: Phone, five: list[str]) -> None:
    await ada.get("/api/v1/timelines/home?max_id=abc", status=422)

    assert (await ada.get("/api/v1/timelines/home?max_id=&since_id=")).ids == five


async def test_the_link_header_is_absolute_and_keeps_other_parameters(ada: Phone, five: list[str]) -> None:
    page = await ada.get("/api/v1/timelines/public?local=true&limit=2&max_id=" + five[0])

    older = f"{HOME}/api/v1/timelines/public?local=true&limit=2&max_id={five[2]}"
    newer = f"{HOME}/api/v1/timelines/public?local=true&limit=2&min_id={five[1]}"
    assert page.headers["Link"] == f'<{older}>; rel="next", <{newer}>; rel="prev"'


async def test_an_empty_page_has_no_link_header(ada: Phone) -> None:
    assert "Link" not in (await ada.get("/api/v1/timelines/home")).headers


@pytest.mark.parametrize("kept", ["bookmark", "favourite"])
async def test_what_one_kept_is_walked_in_the_order_it_was_kept(ada: Phone, five: list[str], kept: str) -> None:
    wanted = [five[3], five[0], five[4], five[1]]
    for post_id in wanted:
        await ada.post(f"/api/v1/statuses/{post_id}/{kept}")

    walked = await ada.follow_pages(f"/api/v1/{kept}s?limit=1")

    assert walked == wanted[::-1]


async def test_prev_leads_to_what_is_newer(ada: Phone, five: list[str]) -> None:
    page = await ada.get("/api/v1/timelines/home", params={"max_id": five[2], "limit": "1"})
    path = page.links["prev"].removeprefix(HOME)

    assert (await ada.get(path)).ids == [five[2]]


# What is where


async def test_home_is_the_company_ones_groups_and_whom_one_follows(
    ada: Phone, grace: Phone, joan: Phone, world: World
) -> None:
    company = await world.joan.writes("For all")
    own_group = await world.alan.writes("In alpine", group=world.alpine)
    other_group = await world.alan.founds("other", access=Access.OPEN)
    elsewhere = await world.alan.writes("In another group", group=other_group)
    boost = await world.grace.boosts(company)

    before = (await ada.get("/api/v1/timelines/home")).ids
    await ada.post(f"/api/v1/accounts/{other_group.id}/follow")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")
    after = (await ada.get("/api/v1/timelines/home")).ids

    assert before == [str(own_group.id), str(company.id)]
    assert after == [str(boost.id), str(elsewhere.id), str(own_group.id), str(company.id)]


async def test_local_is_what_was_written_here(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Here")
    await world.grace.boosts(post)
    await world.ada.tells(world.grace)

    assert (await ada.get("/api/v1/timelines/public?local=true")).ids == [str(post.id)]
    assert (await ada.get("/api/v1/timelines/public")).ids == [str(post.id)]
    assert (await ada.get("/api/v1/timelines/public?remote=true")).ids == []


async def test_a_tag_is_found_in_any_case_and_with_others(ada: Phone, world: World) -> None:
    one = str((await world.ada.writes("#Case")).id)
    both = str((await world.ada.writes("#case #blue")).id)
    blue = str((await world.ada.writes("#blue")).id)

    assert (await ada.get("/api/v1/timelines/tag/CASE")).ids == [both, one]
    assert (await ada.get("/api/v1/timelines/tag/case?any[]=blue")).ids == [blue, both, one]
    assert (await ada.get("/api/v1/timelines/tag/case?all[]=blue")).ids == [both]
    assert (await ada.get("/api/v1/timelines/tag/case?none[]=blue")).ids == [one]


async def test_only_media_leaves_the_rest_out(ada: Phone, world: World) -> None:
    await world.ada.writes("Words")
    media = (await ada.post("/api/v2/media", data=upload())).body
    status = await ada.writes("Picture", media_ids=[media["id"]])

    assert (await ada.get("/api/v1/timelines/public?only_media=true")).ids == [status["id"]]
    assert (await ada.get(f"/api/v1/accounts/{world.ada.id}/statuses?only_media=1")).ids == [status["id"]]


async def test_lists_are_the_groups_one_belongs_to(ada: Phone, joan: Phone, world: World) -> None:
    post = await world.alan.writes("In alpine", group=world.alpine)

    lists = (await ada.get("/api/v1/lists")).body

    assert [(entry["id"], entry["title"]) for entry in lists] == [(str(world.alpine.id), "alpine")]
    assert (await ada.get(f"/api/v1/timelines/list/{world.alpine.id}")).ids == [str(post.id)]
    members = (await ada.get(f"/api/v1/lists/{world.alpine.id}/accounts?limit=0")).body
    assert {member["username"] for member in members} == {"alan", "ada", "nora"}
    assert (await joan.get("/api/v1/lists")).body == []
    for path in ("lists", "timelines/list"):
        await joan.get(f"/api/v1/{path}/{world.alpine.id}", status=404)
    await joan.get(f"/api/v1/lists/{world.alpine.id}/accounts", status=404)


async def test_a_conversation_is_its_newest_message_and_with_whom(ada: Phone, grace: Phone, world: World) -> None:
    first = await world.ada.tells(world.grace, text="One")
    second = await world.grace.replies(first, "Two @ada")
    other = await world.ada.tells(world.joan, text="Another")

    found = (await ada.get("/api/v1/conversations")).body

    assert [talk["last_status"]["id"] for talk in found] == [str(other.id), str(second.id)]
    assert [[person["acct"] for person in talk["accounts"]] for talk in found] == [["joan"], ["grace"]]
    assert [talk["unread"] for talk in found] == [False, True], "what one wrote oneself is read"
    await grace.post(f"/api/v1/conversations/{found[0]['id']}/read", status=404)


async def test_a_conversation_is_read_set_back_to_unread_and_unread_again_with_the_next_message(
    ada: Phone, grace: Phone, world: World
) -> None:
    first = await world.grace.tells(world.ada, text="One")
    talk = (await ada.get("/api/v1/conversations")).body[0]
    path = f"/api/v1/conversations/{talk['id']}"
    assert talk["unread"]

    assert (await ada.post(f"{path}/read")).body == {**talk, "unread": False}
    assert not (await ada.get("/api/v1/conversations")).body[0]["unread"]
    assert (await ada.post(f"{path}/unread")).body["unread"]
    await ada.post(f"{path}/read")
    await world.grace.replies(first, "Two @ada")
    assert (await ada.get("/api/v1/conversations")).body[0]["unread"]
    await world.ada.replies(first, "Three @grace")
    assert not (await ada.get("/api/v1/conversations")).body[0]["unread"]
    assert (await grace.get("/api/v1/conversations")).body[0]["unread"]


async def test_a_conversation_thrown_away_is_gone_for_oneself_until_somebody_writes_in_it_again(
    ada: Phone, grace: Phone, world: World
) -> None:
    first = await world.grace.tells(world.ada, text="One")
    path = f"/api/v1/conversations/{(await ada.get('/api/v1/conversations')).ids[0]}"

    assert (await ada.delete(path)).body == {}
    await ada.delete(path, status=404)
    assert (await ada.get("/api/v1/conversations")).body == []
    assert len((await grace.get("/api/v1/conversations")).body) == 1
    await ada.get(f"/api/v1/statuses/{first.id}")

    second = await world.grace.replies(first, "Two @ada")
    returned = (await ada.get("/api/v1/conversations")).body
    assert [(talk["last_status"]["id"], talk["unread"]) for talk in returned] == [(str(second.id), True)]


async def test_somebodys_posts_can_be_narrowed(ada: Phone, world: World) -> None:
    top = await world.grace.writes("Top #one")
    reply = await world.grace.replies(await world.ada.writes("Question"), "Answer")
    boost = await world.grace.boosts(await world.ada.writes("Good"))
    path = f"/api/v1/accounts/{world.grace.id}/statuses"

    assert (await ada.get(path)).ids == [str(post.id) for post in (boost, reply, top)]
    assert (await ada.get(f"{path}?exclude_replies=true")).ids == [str(boost.id), str(top.id)]
    assert (await ada.get(f"{path}?exclude_reblogs=true")).ids == [str(reply.id), str(top.id)]
    assert (await ada.get(f"{path}?tagged=one")).ids == [str(top.id)]
    assert (await ada.get(f"{path}?pinned=true")).ids == []


async def test_a_groups_posts_are_on_its_account(ada: Phone, joan: Phone, world: World) -> None:
    post = await world.alan.writes("In alpine", group=world.alpine)
    path = f"/api/v1/accounts/{world.alpine.id}/statuses"

    assert (await ada.get(path)).ids == [str(post.id)]
    assert (await joan.get(path)).ids == []


async def test_visitors_see_what_left_and_only_that(anybody: Phone, hand: Hand, world: World) -> None:
    news = await world.alan.founds("news", reach=Reach.PUBLIC)
    public = await world.alan.writes("We are hiring #jobs", group=news)
    await world.alan.writes("Secret #jobs")
    await world.alan.writes("Secret #jobs", group=world.alpine)
    await world.alan.writes("Secret #jobs @ada", visibility=Visibility.DIRECT)

    assert (await anybody.get("/api/v1/timelines/public")).ids == [str(public.id)]
    assert (await anybody.get("/api/v1/timelines/tag/jobs")).ids == [str(public.id)]
    assert (await anybody.get(f"/api/v1/accounts/{news.id}/statuses")).ids == [str(public.id)]
    shown = (await anybody.get(f"/api/v1/statuses/{public.id}")).body
    assert (shown["content"].startswith("<p>We are hiring"), shown["application"]) == (True, None)
