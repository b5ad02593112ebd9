"""Writing, changing and deleting posts in pages; what was typed is never lost."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from models import approvals, conversations
from models.posts import reading
from models.posts.drafts import Draft
from models.posts.writing import edit
from models.tables import Post, Verdict
from tests.films import film, needs_video
from tests.server.web.browser import Browser
from tests.server.web.conftest import Open
from tests.world import World


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def newest(world: World) -> Post:
    posts = await world.ada.home()
    assert posts
    return posts[0]


async def test_a_post_for_the_company_is_there_at_once(world: World, ada: Browser) -> None:
    sent = await ada.submit("/", "/posts", text="Hello **house**", title="A title", content_warning="Mind it")
    page = await ada.follow(sent)

    post = await newest(world)
    assert sent.location == f"/#post-{post.id}"
    assert "Your post is there." in page.words
    assert page.posts == [str(post.id)]
    assert (post.title, post.warning, post.language) == ("A title", "Mind it", "en")


async def test_the_sentence_about_what_happened_is_said_once(world: World, ada: Browser) -> None:
    sent = await ada.submit("/", "/posts", text="Hello")
    first = await ada.follow(sent)
    second = await ada.get("/")

    assert "Your post is there." in first.words
    assert "Your post is there." not in second.words


async def test_a_post_into_a_gated_group_says_that_it_waits(world: World, ada: Browser) -> None:
    sent = await ada.submit("/groups/alpine", "/posts", text="Milling begins")
    page = await ada.follow(sent)

    assert sent.location.startswith("/groups/alpine#post-")
    assert "Your post waits for approval." in page.words
    assert "nobody outside has it yet" in page.words


async def test_a_reply_goes_where_its_parent_is_whatever_the_form_says(world: World, ada: Browser) -> None:
    """R-72: an answer inherits the group."""
    root = await world.alan.writes("Milling begins", group=world.alpine)

    sent = await ada.submit(f"/posts/{root.id}", "/posts", text="When?", group="")
    page = await ada.follow(sent)

    reply = await newest(world)
    assert reply.group_id == world.alpine.id
    assert reply.reply_to_id == root.id
    assert page.posts == [str(root.id), str(reply.id)]


REFUSED = [
    ({"text": ""}, "There is nothing in this post yet", "post-text"),
    ({"text": "word " * 2000}, "This text is too long", "post-text"),
    ({"text": "Hello", "title": "x" * 201}, "This text is too long", "post-title"),
    ({"text": "Hello", "content_warning": "x" * 501}, "This text is too long", "post-content_warning"),
    ({"text": "Hello", "group": "1"}, "This does not exist, or you may not see it", "post-group"),
    ({"text": "Ask @nora@northwind.localhost:8002"}, "people outside whom it names will not see it", "post-text"),
]


@pytest.mark.parametrize(("typed", "sentence", "field"), REFUSED, ids=lambda value: value if "post-" in value else "")
async def test_a_refused_post_comes_back_whole_with_the_reason_at_its_field(
    world: World, ada: Browser, typed: dict[str, str], sentence: str, field: str
) -> None:
    everything = {"title": "A title", "content_warning": "Mind it", "language": "de", **typed}

    page = await ada.submit("/", "/posts", **everything)

    form = page.form("/posts")
    assert page.status in (403, 422)
    assert sentence in page.words
    assert f"{field}-error" in page.ids
    assert {name: form.get(name) for name in everything if name != "group"} == {
        name: value for name, value in everything.items() if name != "group"
    }
    assert [post.source for post in await world.ada.home()] == []


async def test_a_refused_reply_comes_back_under_its_post(world: World, ada: Browser) -> None:
    root = await world.alan.writes("Milling begins", group=world.alpine)

    page = await ada.submit(f"/posts/{root.id}", "/posts", text="word " * 2000)

    assert page.status == 422
    assert page.posts == [str(root.id)]
    assert page.form("/posts").get("text") == "word " * 2000
    assert "Reply to Alan" in page.words


async def test_a_reply_to_a_post_that_is_gone_loses_no_word(world: World, ada: Browser) -> None:
    root = await world.ada.writes("Hello")
    form = (await ada.get(f"/posts/{root.id}")).form("/posts")
    await world.ada.deletes(root)

    page = await ada.fill(form, text="My long answer")

    assert page.status == 422
    assert page.form("/posts").get("text") == "My long answer"


async def test_L12_naming_somebody_outside_is_explained_and_can_be_meant(world: World, ada: Browser) -> None:
    refused = await ada.submit("/", "/posts", text="Ask @nora@northwind.localhost:8002")
    sent = await ada.fill(refused.form("/posts"), names_outsiders="on")

    assert "nora@northwind.localhost:8002 works outside and will not see this" in refused.words
    assert sent.status == 303
    assert (await newest(world)).source == "Ask @nora@northwind.localhost:8002"


# Pictures


async def test_videos_and_sounds_go_along_too(world: World, ada: Browser) -> None:
    needs_video()
    sent = await ada.submit(
        "/",
        "/posts",
        ("image", film()),
        ("alt", "The mill"),
        ("image", film("mp3", None, "libmp3lame")),
        ("alt", ""),
        text="Look and listen",
    )
    page = await ada.follow(sent)

    [video] = re.findall(r"<video[^>]*>.*?</video>", page.html)
    assert 'aria-label="The mill"' in video
    assert 'preload="metadata"' in video
    assert re.search(r'poster="/media/[0-9a-f/]+\.webp"', video)
    assert 'aria-label="Sound without description"' in page.html
    [path] = re.findall(r'<source src="([^"]+)" type="video/mp4">', video)
    part = await ada.get(path, Range="bytes=0-3")
    assert part.status == 206

    refused = await ada.submit("/", "/posts", ("image", b"OggS and no more"), ("alt", ""), text="Listen")
    assert "This is not a video or sound we can read." in refused.words
    assert 'accept="image/*,video/*,audio/*"' in refused.html


async def test_pictures_go_along_with_what_one_sees_in_them(world: World, ada: Browser) -> None:
    sent = await ada.submit(
        "/",
        "/posts",
        ("image", picture("teal")),
        ("alt", "A drill"),
        ("image", picture("red")),
        ("alt", ""),
        text="Look",
    )

    async with world.database.reading() as session:
        files = await reading.files_of(session, (await newest(world)).id, 1)
        assert [(file.description, file.media.width) for file in files] == [("A drill", 64), ("", 64)]
    page = await ada.follow(sent)
    assert 'alt="A drill"' in page.html
    assert "Image without description" in page.words


async def test_R_75_a_picture_of_an_internal_post_is_for_those_who_see_the_post(
    world: World, ada: Browser, joan: Browser, visitor: Browser
) -> None:
    await ada.submit("/groups/alpine", "/posts", ("image", picture()), ("alt", "A drill"), text="Look")
    page = await ada.get("/groups/alpine")
    path = next(link for link in page.links if link.startswith("/media/"))

    assert "?" not in path
    assert (await ada.client.get(path, headers={"Cookie": f"kontor={ada.cookies['kontor']}"})).status == 200
    assert (await ada.client.get(path, headers={"Cookie": f"kontor={joan.cookies['kontor']}"})).status == 404
    assert (await ada.client.get(path)).status == 404


async def test_a_refused_post_keeps_the_pictures_too(world: World, ada: Browser) -> None:
    refused = await ada.submit("/", "/posts", ("image", picture()), ("alt", "A drill"), text="word " * 2000)
    form = refused.form("/posts")
    sent = await ada.fill(form, text="Shorter now")

    assert form.get("media") is not None
    async with world.database.reading() as session:
        post = await newest(world)
        files = await reading.files_of(session, post.id, 1)
        assert sent.status == 303
        assert [file.description for file in files] == ["A drill"]


async def test_a_picture_can_be_taken_out_before_sending_again(world: World, ada: Browser) -> None:
    refused = await ada.submit("/", "/posts", ("image", picture()), ("alt", "A drill"), text="word " * 2000)
    form = refused.form("/posts")
    await ada.fill(form, ("drop", form.get("media")), text="Shorter now")

    async with world.database.reading() as session:
        assert await reading.files_of(session, (await newest(world)).id, 1) == []


async def test_a_file_that_is_no_picture_is_refused_and_the_text_stays(world: World, ada: Browser) -> None:
    page = await ada.submit("/", "/posts", ("image", b"#!/bin/sh\nrm -rf /"), ("alt", ""), text="Look")

    assert page.status == 422
    assert "This is not an image we can read" in page.words
    assert page.form("/posts").get("text") == "Look"
    assert [post.source for post in await world.ada.home()] == []


async def test_a_fifth_picture_is_refused_and_the_four_are_kept(world: World, ada: Browser) -> None:
    five = [part for n in range(5) for part in (("image", picture()), ("alt", f"Number {n}"))]

    page = await ada.submit("/", "/posts", *five, text="Look")

    assert page.status == 422
    assert "fewer pictures" in page.words
    assert [name for name, _ in page.form("/posts").fields].count("media") == 4


# Changing


async def test_an_edit_makes_a_new_version_and_the_old_one_stays_in_the_history(world: World, ada: Browser) -> None:
    post = await world.ada.writes("First words")

    sent = await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", text="Second words")
    page = await ada.follow(sent)
    history = await ada.get(f"/posts/{post.id}/history")

    assert "Your changes are saved." in page.words
    assert "Second words" in page.words
    assert "edited" in page.words
    assert history.words.index("Second words") < history.words.index("First words")
    assert "Version 2" in history.words


async def test_an_edit_keeps_the_pictures_and_may_change_what_is_said_of_them(world: World, ada: Browser) -> None:
    await ada.submit("/", "/posts", ("image", picture()), ("alt", "A drill"), text="Look")
    post = await newest(world)
    form = (await ada.get(f"/posts/{post.id}/edit")).form(f"/posts/{post.id}")
    media_id = form.get("media")

    await ada.fill(form, text="Look again", **{f"media-alt-{media_id}": "A better drill"})

    async with world.database.reading() as session:
        files = await reading.files_of(session, post.id, 2)
        assert [(str(file.media_id), file.description) for file in files] == [(media_id, "A better drill")]


async def test_who_edits_an_older_version_sees_the_difference_and_keeps_their_text(world: World, ada: Browser) -> None:
    post = await world.ada.writes("The drill is red and new")
    form = (await ada.get(f"/posts/{post.id}/edit")).form(f"/posts/{post.id}")
    async with world.database.writing() as session:
        await edit(session, post.id, Draft(text="The drill is blue and new"), by=world.ada.staff)

    page = await ada.fill(form, text="The drill is green and new")
    again = await ada.fill(page.form(f"/posts/{post.id}"))

    assert page.status == 409
    assert "This post was changed meanwhile" in page.words
    assert "removed: blue" in page.words
    assert "added: green" in page.words
    assert page.form(f"/posts/{post.id}").get("text") == "The drill is green and new"
    assert page.form(f"/posts/{post.id}").get("revision") == "2"
    assert again.status == 303


async def test_a_refused_edit_keeps_what_was_typed(world: World, ada: Browser) -> None:
    post = await world.ada.writes("First words")

    page = await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", text="word " * 2000, title="New title")

    assert page.status == 422
    assert page.form(f"/posts/{post.id}").get("text") == "word " * 2000
    assert page.form(f"/posts/{post.id}").get("title") == "New title"
    assert "f-text-error" in page.ids


async def test_an_edit_behind_the_gate_says_that_partners_keep_what_they_have(world: World, ada: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine)
    await world.grace.approves(post)

    sent = await ada.submit(f"/posts/{post.id}/edit", f"/posts/{post.id}", text="Milling began")
    page = await ada.follow(sent)

    assert "Until then partners keep what they have." in page.words
    assert "until then partners keep the version approved before" in page.words
    async with world.database.reading() as session:
        newest_approval = (await approvals.latest(session, [post.id]))[post.id]
        assert newest_approval.verdict is Verdict.WAITING


async def test_deleting_leads_back_to_where_the_post_was(world: World, ada: Browser) -> None:
    root = await world.ada.writes("Milling begins", group=world.alpine)
    reply = await world.ada.replies(root, "Soon")

    first = await ada.submit(f"/posts/{reply.id}", f"/posts/{reply.id}/deletion")
    second = await ada.submit(f"/posts/{root.id}", f"/posts/{root.id}/deletion")
    page = await ada.follow(second)

    assert first.location == f"/posts/{root.id}"
    assert second.location == "/groups/alpine"
    assert page.posts == []


async def test_nobody_is_offered_what_they_may_not_do(world: World, ada: Browser, joan: Browser) -> None:
    post = await world.ada.writes("Hello")

    mine, theirs = await ada.get(f"/posts/{post.id}"), await joan.get(f"/posts/{post.id}")

    assert mine.has_form(f"/posts/{post.id}/deletion")
    assert f"/posts/{post.id}/edit" in mine.links
    assert not theirs.has_form(f"/posts/{post.id}/deletion")
    assert f"/posts/{post.id}/edit" not in theirs.links


@pytest.mark.parametrize("what", ["like", "boost", "bookmark"])
async def test_a_press_marks_and_a_second_one_unmarks(world: World, joan: Browser, what: str) -> None:
    post = await world.ada.writes("Hello")
    action = f"/posts/{post.id}/{what}"

    on = await joan.submit(f"/posts/{post.id}", action)
    marked = (await joan.get(f"/posts/{post.id}")).form(action)
    await joan.fill(marked)
    unmarked = (await joan.get(f"/posts/{post.id}")).form(action)

    assert on.location == f"/posts/{post.id}#post-{post.id}"
    assert marked.get("set") == "no"
    assert unmarked.get("set") == "yes"


async def test_kept_posts_are_listed_for_oneself_alone(world: World, joan: Browser, ada: Browser) -> None:
    first, second = await world.ada.writes("One"), await world.ada.writes("Two")
    await joan.submit(f"/posts/{second.id}", f"/posts/{second.id}/bookmark")
    await joan.submit(f"/posts/{first.id}", f"/posts/{first.id}/bookmark")

    assert (await joan.get("/saved")).posts == [str(first.id), str(second.id)]
    assert (await ada.get("/saved")).posts == []


# Threads


async def test_a_thread_shows_what_is_answered_and_every_answer_below_its_parent(world: World, ada: Browser) -> None:
    root = await world.ada.writes("Root")
    one = await world.joan.replies(root, "One")
    two = await world.joan.replies(root, "Two")
    deep = await world.ada.replies(one, "One, deeper")

    whole = await ada.get(f"/posts/{root.id}")
    part = await ada.get(f"/posts/{deep.id}")

    assert whole.posts == [str(post.id) for post in (root, one, deep, two)]
    assert part.posts == [str(post.id) for post in (root, one, deep)]
    assert "3 replies" in whole.words


async def test_a_deleted_answer_leaves_a_gap_and_what_answers_it_stays(world: World, ada: Browser) -> None:
    root = await world.ada.writes("Root")
    middle = await world.joan.replies(root, "Soon gone")
    leaf = await world.ada.replies(middle, "Still here")
    await world.joan.deletes(middle)

    whole = await ada.get(f"/posts/{root.id}")
    part = await ada.get(f"/posts/{leaf.id}")

    assert whole.posts == [str(root.id), str(leaf.id)]
    assert "There was a post here." in whole.words
    assert "There was a post here." in part.words
    assert "Soon gone" not in whole.html


@pytest.mark.parametrize("replies", [1, 12], ids=["one reply", "twelve replies"])
async def test_a_thread_costs_the_same_number_of_statements_however_long_it_is(
    world: World, ada: Browser, statements: Callable[[], Any], replies: int
) -> None:
    root = await world.alan.writes("Milling begins", group=world.alpine)
    for n in range(replies):
        await world.ada.replies(root, f"Number {n} #tag{n}")

    with statements() as asked:
        page = await ada.get(f"/posts/{root.id}")

    assert len(page.posts) == replies + 1
    assert len(asked) == 22, "\n\n".join(asked)


async def test_who_opens_a_post_has_read_what_the_inbox_says_of_it(world: World, browser: Open) -> None:
    joan = await browser(world.joan)
    post = await world.ada.writes("Hello @joan")
    await world.settle()
    before = await joan.get("/notifications")
    page = await joan.get(f"/posts/{post.id}")

    assert "Ada names you new" in before.words
    assert "Inbox 0" in page.words or "Inbox 1" not in page.words
    assert "new" not in (await joan.get("/notifications")).words.partition("For you")[2].partition("Replies")[0]


async def test_who_opens_a_message_has_read_the_conversation(world: World, grace: Browser) -> None:
    first = await world.ada.tells(world.grace)
    last = await world.ada.replies(first, "And then? @grace")

    await grace.get(f"/posts/{first.id}")

    async with world.database.reading() as session:
        assert await conversations.unread_by(session, world.grace.staff, last.id) is None
        assert await conversations.unread_by(session, world.ada.staff, last.id) is None
