"""EmojiReact, and Like with content: an emoji under a post (FEP-c0e0, FEP-9098)."""

import pytest

from models import notifications, reactions
from models.tables import EmojiReaction, Like, Notification, Reach
from tests.federation.neighbours import altered

CAT = {"type": "Emoji", "name": ":cat:", "icon": {"type": "Image", "url": "http://northwind.localhost/cat.png"}}


async def signs(home, post) -> list[tuple[str, int]]:
    async with home.database.reading() as session:
        found = await reactions.emoji_of(session, [post.id])
    return [(one.emoji, one.people) for one in found.get(post.id, [])]


@pytest.mark.parametrize("type", ["EmojiReact", "Like"])
async def test_an_emoji_is_kept_beside_the_thanks_and_passed_on(square, nora, northwind, type):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    bob = northwind.person("bob", number=1)
    assert await nora.sends(home, nora.does(type, post.uri, content="🎉")) == "done: reacted"
    assert await bob.sends(home, bob.does(type, post.uri, content="🎉")) == "done: reacted"
    assert await bob.sends(home, bob.does(type, post.uri, content=":cat:", tag=[CAT])) == "done: reacted"
    assert await signs(home, post) == [("🎉", 2), (":cat:", 1)]
    assert await home.rows(Like) == []  # no thanks are counted for it
    assert await nora.sends(home, nora.does("Like", post.uri)) == "done: liked"
    assert await signs(home, post) == [("🎉", 2), (":cat:", 1)]
    assert len(await home.rows(Like)) == 1
    assert len(await home.entries("GroupDistributes")) == 4
    await notifications.CONSUMER.catch_up(home.database)
    assert len(await home.rows(Notification)) == 2  # one for each person, however many signs they put


async def test_R_60_the_same_emoji_of_the_same_person_counts_once(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    assert await nora.sends(home, nora.does("EmojiReact", post.uri, content="🎉")) == "done: reacted"
    assert await nora.sends(home, nora.does("EmojiReact", post.uri, content="🎉")) == "ignored: known already"
    assert await signs(home, post) == [("🎉", 1)]


async def test_nobody_puts_more_than_a_few_under_a_post(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    for number in range(reactions.MOST_EMOJI):
        await nora.posts(home, nora.does("EmojiReact", post.uri, content=chr(0x1F600 + number)))
    await home.works()
    assert await nora.sends(home, nora.does("EmojiReact", post.uri, content="🎉")) == "ignored: known already"
    assert len(await home.rows(EmojiReaction)) == reactions.MOST_EMOJI


async def test_what_is_no_emoji_is_none(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    assert await nora.sends(home, nora.does("EmojiReact", post.uri, content="good")) == "ignored: is no emoji"
    assert await nora.sends(home, nora.does("Like", post.uri, content="good")) == "done: liked"
    assert await signs(home, post) == []


async def test_R_71_an_emoji_under_what_they_may_not_see_has_no_effect(square, nora):
    home = square.home
    secret = await home.founds("secret", Reach.INTERNAL)
    post = await home.alan.writes("Inside", group=secret)
    outcome = await nora.sends(home, nora.does("EmojiReact", post.uri, content="🎉"))
    assert outcome == "ignored: is nothing that they may see"


@pytest.mark.parametrize("form", ["whole", "another id", "id only", "as Like"])
async def test_an_emoji_is_taken_back_in_every_form(square, nora, form):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    react = nora.does("EmojiReact", post.uri, content="🎉")
    other = nora.does("EmojiReact", post.uri, content="👍")
    await nora.posts(home, other)
    assert await nora.sends(home, react) == "done: reacted"
    inner = {
        "whole": react,
        "another id": altered(react, id=f"{react['id']}/other"),
        "id only": react["id"],
        "as Like": altered(react, type="Like"),
    }[form]
    assert await nora.sends(home, nora.does("Undo", inner)) == "done: reacted no more"
    assert await signs(home, post) == [("👍", 1)]
    assert (await nora.posts(home, react)).status == 202


async def test_R_14_nobody_takes_back_the_emoji_of_another(square, nora, northwind):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    react = nora.does("EmojiReact", post.uri, content="🎉")
    await nora.sends(home, react)
    bob = northwind.person("bob", number=1)
    assert (await bob.sends(home, bob.does("Undo", react))).startswith("refused: R-14")
    own = {"type": "EmojiReact", "actor": bob.id, "object": post.uri, "content": "🎉"}
    assert await bob.sends(home, bob.does("Undo", own)) == "ignored: undoes nothing here"
    assert await signs(home, post) == [("🎉", 1)]


async def test_an_emoji_taken_back_before_it_came_has_no_effect(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    react = nora.does("EmojiReact", post.uri, content="🎉")
    assert await nora.sends(home, nora.does("Undo", react)) == "done: remembered"
    assert await nora.sends(home, react) == "ignored: was taken back before it came"
