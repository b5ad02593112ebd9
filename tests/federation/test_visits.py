"""What is read of a person or a thread elsewhere when somebody here looks (R-44, COL-8)."""

import asyncio

import pytest

from federation.fetch import FetchFailed
from federation.upkeep import threads
from federation.visits import MOST_POSTS, Visits, posts_of
from models.tables import Post
from tests.federation.neighbours import altered


async def known(home, person):
    """Somebody elsewhere as they are known here."""
    from federation import trust

    return await trust.fetch_actor(home.wire, person.id)


def lists(person, *items, page="outbox?page=true", **more) -> None:
    """Let somebody's outbox have one page with these items."""
    outbox = f"{person.id}/outbox"
    peer = person.peer
    peer.serve({"id": outbox, "type": "OrderedCollection", "first": f"{person.id}/{page}"})
    peer.serve({"id": f"{person.id}/{page}", "type": "OrderedCollectionPage", "orderedItems": list(items), **more})


async def texts(home) -> list[str]:
    return [post.html for post in await home.posts()]


async def test_the_latest_public_posts_of_somebody_are_stored_oldest_first(home, northwind, nora):
    first = nora.note("1", "First", published="2026-02-01T10:00:00Z")
    second = nora.note("2", "Second", published="2026-02-02T10:00:00Z")
    lists(nora, nora.does("Create", second), nora.does("Create", first["id"]), second["id"])

    assert await posts_of(home.wire, await known(home, nora)) == 2
    assert await texts(home) == ["<p>First</p>", "<p>Second</p>"]
    assert await posts_of(home.wire, await known(home, nora)) == 0


async def test_what_is_not_theirs_or_not_for_everybody_is_left_out(home, northwind, nora, mallory):
    other = northwind.person("other", number=1)
    eve = mallory.person("eve", number=2)
    forged = altered(nora.note("forged", "Forged"), attributedTo=nora.id)
    northwind.removes(forged["id"], status=404)
    lists(
        nora,
        nora.does("Create", other.note("2")),
        other.does("Create", nora.note("3")),
        nora.does("Announce", other.note("4")["id"]),
        nora.does("Create", nora.note("5", to=[f"{nora.id}/followers"])),
        nora.does("Create", nora.note("6", inReplyTo=f"{northwind.base_url}/notes/x")),
        nora.does("Create", eve.note("7")),
        nora.does("Create", home.url("/ap/o/2222")),
        nora.does("Create", forged["id"]),
        None, 5, {"type": "Create"}, "javascript:x",
    )  # fmt: skip

    assert await posts_of(home.wire, await known(home, nora)) == 0
    assert mallory.asked == []


async def test_R_44_an_outbox_without_end_is_left_after_three_pages(home, northwind, nora):
    lists(nora, next=f"{nora.id}/outbox?page=0")
    for number in range(30):
        page = f"{nora.id}/outbox?page={number}"
        northwind.serve(
            {
                "id": page,
                "type": "OrderedCollectionPage",
                "orderedItems": [],
                "next": f"{nora.id}/outbox?page={number + 1}",
            }
        )
    assert await posts_of(home.wire, await known(home, nora)) == 0
    assert len([path for path in northwind.asked if "outbox" in path]) <= 5

    lists(nora, next=f"{nora.id}/outbox?page=true")  # a page that follows itself
    assert await posts_of(home.wire, await known(home, nora)) == 0


async def test_R_44_of_many_posts_twenty_are_enough(home, northwind, nora):
    notes = [nora.note(str(number), published=f"2026-02-01T10:00:{number:02}Z") for number in range(40)]
    lists(nora, *(nora.does("Create", note) for note in notes))
    assert await posts_of(home.wire, await known(home, nora)) == MOST_POSTS

    lists(nora, *(note["id"] for note in notes[20:]))
    before = len(northwind.asked)
    await posts_of(home.wire, await known(home, nora))
    assert len(northwind.asked) - before <= 21


async def stored(home, nora, **more) -> Post:
    from federation import discovery

    note = nora.note("root", "Root", **more)
    found = await discovery.resolve(home.wire, note["id"])
    assert isinstance(found, Post)
    return found


@pytest.mark.parametrize("form", ["embedded", "by id", "plain list"])
async def test_answers_that_the_server_of_a_post_lists_are_shown_below_it(home, northwind, nora, form):
    other = northwind.person("other", number=1)
    root = f"{northwind.base_url}/notes/root"
    answer = other.note("answer", "Answer", inReplyTo=root)
    elsewhere = other.note("elsewhere", "Of another thread")
    page = {"id": f"{root}/replies?page=1", "type": "CollectionPage", "items": [answer["id"], elsewhere["id"], 5, None]}
    replies = {"id": f"{root}/replies", "type": "Collection", "first": page}
    if form == "by id":
        northwind.serve(page)
        replies["first"] = page["id"]
        northwind.serve(replies)
        replies = replies["id"]
    elif form == "plain list":
        replies = {"id": f"{root}/replies", "type": "Collection", "items": page["items"]}
    post = await stored(home, nora, replies=replies)

    assert await threads.read(home.wire, post) == 1
    rows = await home.posts()
    assert [(row.html, row.reply_to_id) for row in rows if row.id != post.id] == [("<p>Answer</p>", post.id)]


async def test_SIG_35_answers_on_servers_we_do_not_talk_with_are_not_asked_for(home, northwind, nora, mallory):
    root = f"{northwind.base_url}/notes/root"
    eve = mallory.person("eve", number=2)
    answer = eve.note("answer", inReplyTo=root)
    foreign = {"id": f"{mallory.base_url}/replies", "type": "Collection", "items": [answer["id"]]}
    mallory.serve(foreign)
    post = await stored(home, nora, replies={"id": f"{root}/replies", "type": "Collection", "items": [answer["id"]]})
    assert await threads.read(home.wire, post) == 0

    nora.note("root", replies=foreign["id"])
    assert await threads.read(home.wire, post) == 0
    assert mallory.asked == []


async def test_a_visit_is_made_once_in_a_while_and_nobody_waits_for_long(home, northwind, nora, clock):
    lists(nora, nora.does("Create", nora.note("1")))
    actor = await known(home, nora)
    northwind.silent.add("/users/nora/outbox")
    visits = Visits(home.wire, patience=0.01)
    async with asyncio.timeout(5):
        await asyncio.gather(*(visits.person(actor) for _ in range(5)))
        await visits.close()
    assert northwind.asked.count("/users/nora/outbox") <= 1
    northwind.silent.clear()
    patient = Visits(home.wire)
    await patient.person(actor)
    assert await texts(home) == ["<p>Good day</p>"]
    asked = len(northwind.asked)
    await patient.person(actor)
    assert len(northwind.asked) == asked
    clock.advance(hours=2)
    await patient.person(actor)
    assert len(northwind.asked) > asked


async def test_a_visit_in_vain_hurts_nobody(home, northwind, nora, caplog):
    actor = await known(home, nora)
    northwind.removes(f"{nora.id}/outbox")
    with pytest.raises(FetchFailed):
        await posts_of(home.wire, actor)
    await Visits(home.wire).person(actor)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
