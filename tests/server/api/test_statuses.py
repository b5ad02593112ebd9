"""Posting, reading, changing and deleting through the client API."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from models import moderation
from models.posts import reading
from models.tables import Post, Reach, Visibility
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.world import World


async def stored(world: World, status: dict[str, Any]) -> Post:
    async with world.database.reading() as session:
        return await session.get_one(Post, int(status["id"]))


async def test_a_post_without_visibility_is_for_the_company(ada: Phone, world: World) -> None:
    status = await ada.writes("Coffee is ready")

    assert (status["visibility"], status["local_only"]) == ("public", True)
    assert (await stored(world, status)).visibility is Visibility.COMPANY


@pytest.mark.parametrize(
    "sent",
    [
        {"status": "Coffee is ready"},
        {"status": "Ask @grace about #coffee", "spoiler_text": "Drinks", "language": "en"},
        {"status": "The new case @alpine"},
        {"status": "Tea?", "poll": {"options": ["yes", "no"], "expires_in": 3600}},
        {"status": "Between us @grace", "visibility": "direct"},
    ],
    ids=["plain", "names", "group", "poll", "direct"],
)
async def test_whoever_posts_is_answered_what_is_read_afterwards(ada: Phone, sent: dict[str, Any]) -> None:
    status = (await ada.post("/api/v1/statuses", json=sent)).body

    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body == status


async def test_whoever_answers_with_a_picture_is_answered_what_is_read_afterwards(ada: Phone) -> None:
    parent = await ada.writes("Coffee is ready")
    media = (await ada.post("/api/v2/media", data=upload())).body

    status = await ada.writes("And cake", in_reply_to_id=parent["id"], media_ids=[media["id"]])

    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body == status
    assert (status["in_reply_to_id"], len(status["media_attachments"])) == (parent["id"], 1)


@pytest.mark.parametrize("word", ["public", "unlisted", "private", "local", ""])
async def test_whatever_a_client_calls_it_a_post_outside_groups_stays_in_the_house(
    ada: Phone, world: World, word: str
) -> None:
    post = await stored(world, await ada.writes("Coffee is ready", visibility=word))

    assert (post.visibility, post.reach) == (Visibility.COMPANY, Reach.INTERNAL)


async def test_an_unknown_visibility_is_refused(ada: Phone) -> None:
    answer = await ada.post("/api/v1/statuses", json={"status": "x", "visibility": "secret"}, status=422)

    assert answer.body["details"]["visibility"]


async def test_a_direct_message_reaches_whom_it_names(ada: Phone, grace: Phone, joan: Phone) -> None:
    status = await ada.writes("Between us @grace", visibility="direct")

    assert status["visibility"] == "direct"
    await grace.get(f"/api/v1/statuses/{status['id']}")
    await joan.get(f"/api/v1/statuses/{status['id']}", status=404)


async def test_mentioning_a_group_of_ones_own_posts_into_it(ada: Phone, world: World) -> None:
    status = await ada.writes("The new case @alpine")

    post = await stored(world, status)
    assert (post.group_id, post.visibility) == (world.alpine.id, Visibility.GROUP)
    assert status["visibility"] == "private"
    assert status["kontor"] == {
        "reach": "partners",
        "group": "alpine",
        "group_id": str(world.alpine.id),
        "state": "held",
    }


async def test_mentioning_a_group_one_is_not_in_is_refused(joan: Phone) -> None:
    answer = await joan.post("/api/v1/statuses", json={"status": "Hello @alpine"}, status=403)

    assert answer.body["code"] == "not_a_member"


async def test_R_72_a_reply_stays_in_its_group_whatever_the_client_says(ada: Phone, world: World) -> None:
    parent = await ada.writes("The new case @alpine")

    reply = await ada.writes("And in blue", in_reply_to_id=parent["id"], visibility="public")

    assert (await stored(world, reply)).group_id == world.alpine.id
    assert reply["in_reply_to_id"] == parent["id"]
    assert reply["in_reply_to_account_id"] == parent["account"]["id"]


async def test_an_answer_names_what_it_answers_as_long_as_that_is_there(ada: Phone, grace: Phone, world: World) -> None:
    first, second = await ada.writes("Tea is ready"), await ada.writes("So is the coffee @alpine")
    one = await grace.writes("On my way", in_reply_to_id=first["id"])
    other = await ada.writes("Me too", in_reply_to_id=second["id"])
    boost = (await ada.post(f"/api/v1/statuses/{one['id']}/reblog")).body

    async def answered() -> list[tuple[str | None, str | None]]:
        statuses = [
            (await ada.get(f"/api/v1/statuses/{one['id']}")).body,
            (await ada.get(f"/api/v1/statuses/{boost['id']}")).body["reblog"],
            (await ada.get(f"/api/v1/statuses/{other['id']}")).body,
        ]
        return [(status["in_reply_to_id"], status["in_reply_to_account_id"]) for status in statuses]

    tea, coffee = ((status["id"], status["account"]["id"]) for status in (first, second))
    assert await answered() == [tea, tea, coffee]

    await ada.delete(f"/api/v1/statuses/{first['id']}")
    async with world.database.writing() as session:
        await moderation.remove_post(session, int(second["id"]), by=world.alan.staff, reason="Off topic")
    nothing = (None, None)
    assert await answered() == [nothing, nothing, nothing]
    edited = (await grace.put(f"/api/v1/statuses/{one['id']}", json={"status": "I was on my way"})).body
    assert edited["in_reply_to_id"] is None

    async with world.database.writing() as session:
        await moderation.restore_post(session, int(second["id"]), by=world.alan.staff)
    assert await answered() == [nothing, nothing, coffee]


async def test_a_post_of_a_public_group_is_public_and_released(ada: Phone, world: World) -> None:
    await world.ada.founds("news", reach=Reach.PUBLIC)

    status = await ada.writes("We are hiring @news")

    assert (status["visibility"], status["local_only"], status["kontor"]["state"]) == ("public", False, "released")


async def test_an_approved_post_says_so_and_an_edit_of_it_waits_again(ada: Phone, world: World) -> None:
    status = await ada.writes("The new case @alpine")
    await world.grace.approves(await stored(world, status))

    approved = (await ada.get(f"/api/v1/statuses/{status['id']}")).body
    edited = (await ada.put(f"/api/v1/statuses/{status['id']}", json={"status": "The blue case"})).body

    assert approved["kontor"]["state"] == "released"
    assert edited["kontor"]["state"] == "outdated"


async def test_a_warning_alone_is_the_text(ada: Phone) -> None:
    status = await ada.writes("", spoiler_text="Lunch!")
    assert (status["content"], status["spoiler_text"]) == ("<p>Lunch!</p>", "")
    edited = await ada.put(f"/api/v1/statuses/{status['id']}", json={"spoiler_text": "Supper!"})
    assert (edited.body["content"], edited.body["spoiler_text"]) == ("<p>Supper!</p>", "")


@pytest.mark.parametrize(
    ("sent", "kept"), [("de", "de"), ("pt_BR", "pt-BR"), ("", None), ("klingon language", None), ("x" * 30, None)]
)
async def test_what_is_no_language_is_none(ada: Phone, sent: str, kept: str | None) -> None:
    assert (await ada.writes("Hello", language=sent))["language"] == kept


async def test_an_empty_post_is_refused(ada: Phone) -> None:
    answer = await ada.post("/api/v1/statuses", json={"status": "  "}, status=422)

    assert answer.body["code"] == "empty_post"


async def test_a_text_that_is_too_long_is_refused(ada: Phone) -> None:
    answer = await ada.post("/api/v1/statuses", json={"status": "x" * 5001}, status=422)

    assert answer.body["code"] == "too_long"


async def test_L12_a_mention_of_somebody_outside_is_explained_before_sending(ada: Phone, world: World) -> None:
    text = f"Ask @nora@{world.nora.host}"

    answer = await ada.post("/api/v1/statuses", json={"status": text}, status=422)
    agreed = await ada.writes(text, kontor_names_outsiders=True)

    assert answer.body["code"] == "outsider_mentioned"
    assert agreed["kontor"]["state"] == "internal"


async def test_what_was_sent_along_comes_back(ada: Phone) -> None:
    status = await ada.writes("Ending", spoiler_text="Film", sensitive="1", language="en")

    assert (status["spoiler_text"], status["sensitive"], status["language"]) == ("Film", True, "en")
    assert status["application"] == {"name": "Phone", "website": "https://phone.example"}


async def test_the_application_is_shown_to_the_author_alone(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Hello")

    assert (await grace.get(f"/api/v1/statuses/{status['id']}")).body["application"] is None


async def test_links_in_the_text_lead_where_mentions_and_tags_lead(ada: Phone) -> None:
    status = await ada.writes("Hello @grace #Größe #tag2")

    links = re.findall(r'href="([^"]+)"', status["content"])
    assert sorted(links) == sorted([status["mentions"][0]["url"], *(tag["url"] for tag in status["tags"])])


# Every body encoding (the traps of the client API)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"json": {"status": "Hello", "sensitive": "0", "in_reply_to_id": None}}, id="json"),
        pytest.param({"data": {"status": "Hello", "sensitive": "false"}}, id="form"),
        pytest.param(
            {"data": {"status": "Hello", "quote_approval_policy": "", "media_attributes": "", "in_reply_to_id": ""}},
            id="form with nothing in it",
        ),
        pytest.param({"params": {"status": "Hello"}}, id="query"),
        pytest.param({"data": b'{"status": "Hello"}'}, id="json without its type"),
    ],
)
async def test_every_body_encoding_is_read(ada: Phone, sent: dict[str, Any]) -> None:
    posted = await ada.post("/api/v1/statuses", **sent)

    assert posted.body["content"] == "<p>Hello</p>"
    assert posted.body["sensitive"] is False


async def test_a_multipart_post_is_read(ada: Phone) -> None:
    from aiohttp import FormData

    form = FormData(default_to_multipart=True)
    form.add_field("status", "Hello")
    form.add_field("media_ids[]", "")

    assert (await ada.post("/api/v1/statuses", data=form)).body["content"] == "<p>Hello</p>"


# Idempotency


async def test_R_63_a_request_that_comes_again_posts_nothing_new(ada: Phone) -> None:
    headers = {"Idempotency-Key": "once"}

    first = await ada.post("/api/v1/statuses", json={"status": "Hello"}, headers=headers)
    again = await ada.post("/api/v1/statuses", json={"status": "Hello"}, headers=headers)

    assert first.body["id"] == again.body["id"]
    assert len((await ada.get("/api/v1/timelines/home")).body) == 1


async def test_R_63_parallel_requests_with_one_key_make_one_post(ada: Phone) -> None:
    headers = {"Idempotency-Key": "once"}
    one = {"json": {"status": "Hello"}, "headers": headers}

    answers = await asyncio.gather(*(ada.post("/api/v1/statuses", **one) for _ in range(6)))

    assert len({answer.body["id"] for answer in answers}) == 1
    assert len((await ada.get("/api/v1/timelines/home")).body) == 1


async def test_R_63_another_persons_same_key_is_another_post(ada: Phone, grace: Phone) -> None:
    headers = {"Idempotency-Key": "once"}

    own = await ada.post("/api/v1/statuses", json={"status": "Hello"}, headers=headers)
    other = await grace.post("/api/v1/statuses", json={"status": "Hello"}, headers=headers)

    assert own.body["id"] != other.body["id"]


async def test_R_63_a_refused_request_leaves_its_key_free(ada: Phone) -> None:
    headers = {"Idempotency-Key": "once"}

    await ada.post("/api/v1/statuses", json={"status": ""}, headers=headers, status=422)
    posted = await ada.post("/api/v1/statuses", json={"status": "Hello"}, headers=headers)

    assert posted.body["content"] == "<p>Hello</p>"


# Reading


async def test_several_posts_come_in_the_order_asked_without_what_one_may_not_see(
    ada: Phone, joan: Phone, world: World
) -> None:
    one, two = await ada.writes("One"), await ada.writes("Two")
    hidden = await ada.writes("Secret @alpine")
    ids = [("id[]", two["id"]), ("id[]", hidden["id"]), ("id[]", one["id"]), ("id[]", "1")]

    found = await joan.get("/api/v1/statuses", params=ids)

    assert found.ids == [two["id"], one["id"]]


async def test_a_thread_is_what_was_answered_and_what_answers(ada: Phone, grace: Phone) -> None:
    top = await ada.writes("One")
    middle = await grace.writes("Two", in_reply_to_id=top["id"])
    last = await ada.writes("Three", in_reply_to_id=middle["id"])
    aside = await ada.writes("Aside", in_reply_to_id=top["id"])

    context = (await ada.get(f"/api/v1/statuses/{middle['id']}/context")).body
    whole = (await ada.get(f"/api/v1/statuses/{top['id']}/context")).body

    assert [status["id"] for status in context["ancestors"]] == [top["id"]]
    assert [status["id"] for status in context["descendants"]] == [last["id"]]
    assert [status["id"] for status in whole["descendants"]] == [middle["id"], last["id"], aside["id"]]
    assert (await ada.get(f"/api/v1/statuses/{top['id']}")).body["replies_count"] == 2


async def test_the_source_is_the_text_as_typed(ada: Phone) -> None:
    status = await ada.writes("Hello **world**", spoiler_text="Warning")

    source = (await ada.get(f"/api/v1/statuses/{status['id']}/source")).body

    assert source == {"id": status["id"], "text": "Hello **world**", "spoiler_text": "Warning"}


async def test_the_history_has_every_text_oldest_first(ada: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload(description="Old"))).body
    status = await ada.writes("First", media_ids=[media["id"]])
    await ada.put(f"/api/v1/statuses/{status['id']}", json={"status": "Second", "media_ids": []})

    edits = (await ada.get(f"/api/v1/statuses/{status['id']}/history")).body

    assert [edit["content"] for edit in edits] == ["<p>First</p>", "<p>Second</p>"]
    assert [len(edit["media_attachments"]) for edit in edits] == [1, 0]
    assert edits[0]["account"]["username"] == "ada"


# Changing


async def test_an_edit_replaces_text_and_alternative_texts(ada: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload(description="Old"))).body
    status = await ada.writes("First", media_ids=[media["id"]])
    assert status["edited_at"] is None

    changes = {
        "status": "Second @grace",
        "media_ids": [media["id"]],
        "media_attributes": [{"id": media["id"], "description": "New", "focus": "0.5,-0.25"}],
    }
    edited = (await ada.put(f"/api/v1/statuses/{status['id']}", json=changes)).body

    assert "Second" in edited["content"]
    assert edited["edited_at"] is not None
    assert edited["media_attachments"][0]["description"] == "New"
    assert edited["media_attachments"][0]["meta"]["focus"] == {"x": 0.5, "y": -0.25}
    assert [mention["acct"] for mention in edited["mentions"]] == ["grace"]
    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body == edited


async def test_nobody_edits_what_somebody_else_wrote(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Mine")

    await grace.put(f"/api/v1/statuses/{status['id']}", json={"status": "Yours"}, status=403)

    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body["content"] == "<p>Mine</p>"


async def test_a_deleted_post_gives_its_text_and_files_back(ada: Phone, anybody: Phone) -> None:
    media = (await ada.post("/api/v2/media", data=upload())).body
    status = await ada.writes("Hello **world**", media_ids=[media["id"]])

    await ada.put(f"/api/v1/media/{media['id']}", json={"description": "A globe"}, status=404)
    gone = (await ada.delete(f"/api/v1/statuses/{status['id']}")).body
    described = (await ada.put(f"/api/v1/media/{media['id']}", json={"description": "A globe"})).body
    assert (await ada.get(f"/api/v1/media/{media['id']}")).body == described
    for file in (gone["media_attachments"][0], described):
        for name in ("url", "preview_url"):  # to show it while the post is written anew
            link = urlsplit(file[name])
            await anybody.get(f"{link.path}?{link.query}")
            await anybody.get(f"{link.path}?{link.query.replace('owner=', 'owner=1')}", status=404)
    before = urlsplit(status["media_attachments"][0]["url"])
    await anybody.get(f"{before.path}?{before.query}", status=404)
    again = await ada.writes(gone["text"], media_ids=[file["id"] for file in gone["media_attachments"]])

    assert gone["text"] == "Hello **world**"
    await ada.get(f"/api/v1/statuses/{status['id']}", status=404)
    assert again["media_attachments"][0]["id"] == media["id"]
    assert again["media_attachments"][0]["description"] == "A globe"


async def test_a_colleague_deletes_nothing_of_others(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Mine")

    await grace.delete(f"/api/v1/statuses/{status['id']}", status=404)

    await ada.get(f"/api/v1/statuses/{status['id']}")


async def test_deleting_a_boost_takes_only_the_boost_back(ada: Phone, grace: Phone, world: World) -> None:
    status = await ada.writes("Good")
    boost = (await grace.post(f"/api/v1/statuses/{status['id']}/reblog")).body

    await grace.delete(f"/api/v1/statuses/{boost['id']}")

    assert (await ada.get(f"/api/v1/statuses/{status['id']}")).body["reblogs_count"] == 0


# What people make of posts


@pytest.mark.parametrize(
    ("do", "undo", "flag", "count"),
    [
        ("favourite", "unfavourite", "favourited", "favourites_count"),
        ("bookmark", "unbookmark", "bookmarked", None),
    ],
)
async def test_a_reaction_is_told_to_whom_it_belongs_and_can_be_taken_back(
    ada: Phone, grace: Phone, do: str, undo: str, flag: str, count: str | None
) -> None:
    status = await ada.writes("Good")

    done = (await grace.post(f"/api/v1/statuses/{status['id']}/{do}")).body
    again = (await grace.post(f"/api/v1/statuses/{status['id']}/{do}")).body
    seen = (await ada.get(f"/api/v1/statuses/{status['id']}")).body
    undone = (await grace.post(f"/api/v1/statuses/{status['id']}/{undo}")).body

    assert (done[flag], again[flag], seen[flag], undone[flag]) == (True, True, False, False)
    if count is not None:
        assert (done[count], again[count], seen[count], undone[count]) == (1, 1, 1, 0)


async def test_a_boost_is_a_status_of_its_own_around_the_other(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Good")

    boost = (await grace.post(f"/api/v1/statuses/{status['id']}/reblog")).body
    undone = (await grace.post(f"/api/v1/statuses/{status['id']}/unreblog")).body

    assert boost["id"] > status["id"]
    assert boost["account"]["username"] == "grace"
    assert (boost["reblog"]["id"], boost["reblog"]["reblogged"], boost["reblog"]["reblogs_count"]) == (
        status["id"],
        True,
        1,
    )
    assert (undone["id"], undone["reblogged"], undone["reblogs_count"]) == (status["id"], False, 0)


async def test_who_thanked_and_who_boosted_is_told(ada: Phone, grace: Phone, joan: Phone) -> None:
    status = await ada.writes("Good")
    await grace.post(f"/api/v1/statuses/{status['id']}/favourite")
    await joan.post(f"/api/v1/statuses/{status['id']}/favourite")
    await joan.post(f"/api/v1/statuses/{status['id']}/reblog")

    thanked = await ada.follow_pages(f"/api/v1/statuses/{status['id']}/favourited_by?limit=1")
    boosted = (await ada.get(f"/api/v1/statuses/{status['id']}/reblogged_by")).body

    accounts = [(await ada.get(f"/api/v1/accounts/{account}")).body["username"] for account in thanked]
    assert accounts == ["joan", "grace"]
    assert [account["username"] for account in boosted] == ["joan"]


async def test_a_direct_message_cannot_be_boosted(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Between us @grace", visibility="direct")

    await grace.post(f"/api/v1/statuses/{status['id']}/reblog", status=403)


async def test_a_post_with_a_title_shows_it_to_clients_that_know_none(ada: Phone, world: World) -> None:
    post = await world.ada.writes("Body", title="Why <we> moved")

    status = (await ada.get(f"/api/v1/statuses/{post.id}")).body

    assert status["content"] == "<p><strong>Why &lt;we&gt; moved</strong></p><p>Body</p>"


async def test_a_post_is_read_again_after_it_changed(ada: Phone, hand: Hand, world: World) -> None:
    post = await world.ada.writes("One")
    before = (await ada.get(f"/api/v1/statuses/{post.id}")).body

    await world.ada.edits(post, "Two")
    after = (await ada.get(f"/api/v1/statuses/{post.id}")).body

    assert (before["content"], after["content"]) == ("<p>One</p>", "<p>Two</p>")
    async with world.database.reading() as session:
        assert (await reading.one(session, world.ada.staff, post.id)).source == "Two"
