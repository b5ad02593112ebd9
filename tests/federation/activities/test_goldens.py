"""What other software sends, form by form, has the effect it means (protocol sections 12, 18, 21)."""

import pytest

from models import polls
from models.tables import Like, Media, MemberState, PostKind, Reach, Visibility
from tests.federation.activities.conftest import known
from tests.federation.activities.test_follow import asks_to_join, memberships, standing
from tests.federation.goldens import golden, names
from tests.federation.neighbours import PeerActor


@pytest.fixture
async def ours(square, nora):
    """Our places in the documents, and a post of ours in the public group."""
    home = square.home
    post = await home.alan.writes("Who delivers?", group=square.public)
    return {
        "theirs": nora.peer.base_url,
        "our_group": square.public_actor.uri,
        "our_group_page": square.public_actor.url,
        "our_person": (await home.actor(home.alan.id)).uri,
        "our_post": post.uri,
    }


async def remote(home):
    return [post for post in await home.posts() if not post.is_local]


async def test_mastodon_the_life_of_a_post_that_mentions_a_group(square, nora, ours):
    home = square.home
    outcomes = {
        name: await nora.sends(home, golden(f"mastodon/{name}", **ours))
        for name in ("follow", "create_note_mentioning_a_group", "update_note", "delete_note")
    }
    assert list(outcomes.values()) == ["done: joined", "done: stored", "done: replaced", "done: deleted"]
    assert len(await home.entries("GroupDistributes")) == 3


async def test_mastodon_a_post_keeps_its_words_warning_and_picture(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("mastodon/create_note_with_image_and_warning", **ours)) == "done: stored"
    [post] = await remote(home)
    assert (post.group_id, post.visibility, post.warning) == (square.public.id, Visibility.GROUP, "Prices")
    assert "Who has 1.4301 in 3 mm?" in post.html
    assert ours["our_group_page"] in post.html
    [media] = await home.rows(Media)
    assert (media.description, media.width, media.focus_x, media.focus_y) == ("Stack of tubes", 640, 0.5, -0.25)


async def test_mastodon_a_reply_finds_its_thread_without_naming_the_group(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("mastodon/create_reply", **ours)) == "done: stored"
    [post] = await remote(home)
    assert (post.reply_to_uri, post.group_id) == (ours["our_post"], square.public.id)


async def test_mastodon_thanks_and_boosts_come_and_go(square, nora, ours):
    home = square.home
    assert await nora.sends(home, golden("mastodon/like", **ours)) == "done: liked"
    assert len(await home.rows(Like)) == 1
    assert await nora.sends(home, golden("mastodon/undo_like", **ours)) == "done: liked no more"
    assert await home.rows(Like) == []
    assert await nora.sends(home, golden("mastodon/announce", **ours)) == "done: boosted"


async def test_mastodon_leaving_and_ending(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("mastodon/undo_follow", **ours)) == "done: left"
    assert await memberships(home) == []
    assert await nora.sends(home, golden("mastodon/delete_actor", **ours)) == "done: actor deleted"


async def test_mastodon_a_poll_comes_with_its_answers(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("mastodon/create_poll", **ours)) == "done: stored"
    [post] = await remote(home)
    assert post.kind is PostKind.QUESTION
    async with home.database.reading() as session:
        [standing] = (await polls.of_posts(session, square.ada.staff, [post])).values()
    assert [option.title for option in standing.poll.options] == ["3 mm", "4 mm"]
    assert standing.poll.ends_at is not None


async def test_gotosocial_single_values_and_a_delete_without_id(square, nora, ours):
    home = square.home
    outcomes = [
        await nora.sends(home, golden(f"gotosocial/{name}", **ours))
        for name in ("follow", "create_note", "delete_without_id")
    ]
    assert outcomes == ["done: joined", "done: stored", "done: deleted"]


async def test_takahe_a_public_collection_in_short_and_nulls(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("takahe/create_note", **ours)) == "done: stored"
    [post] = await remote(home)
    assert (post.reach, post.group_id) == (Reach.PUBLIC, square.public.id)


async def test_lemmy_somebody_there_posts_into_a_group_of_ours(square, nora, ours):
    home = square.home
    await nora.sends(home, golden("mastodon/follow", **ours))
    assert await nora.sends(home, golden("lemmy/submit_page", **ours)) == "done: stored"
    [post] = await remote(home)
    assert (post.kind, post.title) == (PostKind.ARTICLE, "Who delivers 1.4301?")
    assert post.source == "We need 4 t until *May*."


# Groups there


async def a_group(home, northwind, path: str, people: str) -> PeerActor:
    """A group of other software that Alan joined; whoever writes there is served at `people`."""
    uri = f"{northwind.base_url}{path}"
    parts = {"id": uri, "inbox": f"{uri}/inbox", "outbox": f"{uri}/outbox", "followers": f"{uri}/followers"}
    keys = {"publicKey": {"id": f"{uri}#main-key", "owner": uri}}
    group = northwind.group("steel")
    keys["publicKey"]["publicKeyPem"] = group.document["publicKey"]["publicKeyPem"]
    group.document = {**group.document, **parts, **keys, "attributedTo": f"{uri}/moderators"}
    northwind.serve(group.document)
    person = f"{northwind.base_url}{people}"
    author = northwind.person("leo", number=1)
    parts = {"id": person, "inbox": f"{person}/inbox", "outbox": f"{person}/outbox", "followers": f"{person}/followers"}
    key = {**author.document["publicKey"], "id": f"{person}#main-key", "owner": person}
    northwind.serve({**author.document, **parts, "publicKey": key, "assertionMethod": []})
    return group


async def test_lemmy_a_community_passes_on_what_happens_in_it(home, northwind):
    community = await a_group(home, northwind, "/c/steel", "/u/leo")
    follow = await asks_to_join(home, community)
    places = {
        "theirs": northwind.base_url,
        "our_person": (await home.actor(home.alan.id)).uri,
        "our_follow": follow,
    }
    for name in ("page", "comment"):
        northwind.serve(golden(f"lemmy/{name}", **places))
    outcomes = {
        name: await community.sends(home, golden(f"lemmy/{name}", **places))
        for name in (
            "accept_follow",
            "announce_create_page",
            "announce_page_by_id",
            "announce_create_comment",
            "announce_like",
            "announce_undo_like",
            "announce_dislike",
            "announce_delete",
        )
    }
    assert outcomes == {
        "accept_follow": "done: joined",
        "announce_create_page": "done: Create: stored",
        "announce_page_by_id": "ignored: is no newer than what is stored",
        "announce_create_comment": "done: Create: stored",
        "announce_like": "done: Like: liked",
        "announce_undo_like": "done: Undo: liked no more",
        "announce_dislike": "ignored: passes on what is not handled yet",
        "announce_delete": "done: Delete: deleted",
    }
    page, comment = await remote(home)
    assert (page.kind, page.deleted_at is not None) == (PostKind.ARTICLE, True)
    assert (comment.reply_to_id, comment.group_id) == (page.id, (await home.actor(community.id)).id)


async def test_nodebb_a_category_passes_on_topics_and_replies(home, northwind):
    category = await a_group(home, northwind, "/category/5", "/uid/1")
    places = {"theirs": northwind.base_url, "our_person": (await home.actor(home.alan.id)).uri}
    await asks_to_join(home, category)
    for name in ("note", "reply"):
        northwind.serve(golden(f"nodebb/{name}", **places))
    outcomes = [
        await category.sends(home, golden(f"nodebb/{name}", **places))
        for name in ("announce_create_reply", "announce_create_note")
    ]
    assert outcomes == ["done: Create: stored", "ignored: is no newer than what is stored"]  # it came as the parent
    topic, reply = sorted(await remote(home), key=lambda post: post.uri)
    assert (topic.title, reply.title, reply.reply_to_id) == ("Who delivers?", "", topic.id)
    assert {post.group_id for post in (topic, reply)} == {(await home.actor(category.id)).id}
    assert len(await home.entries("Joined")) == 1  # GRP-10a: it never sent an Accept


async def test_nodebb_numbers_where_ids_belong_break_nothing(home, northwind):
    category = await a_group(home, northwind, "/category/5", "/uid/1")
    await known(home, category)
    document = golden("nodebb/undo_announce_with_numbers", theirs=northwind.base_url)
    document["actor"] = document["object"]["actor"] = category.id
    assert await category.sends(home, document) == "done: remembered"


async def test_nodebb_a_refusal_in_the_servers_name_ends_the_wish(home, northwind):
    category = await a_group(home, northwind, "/category/5", "/uid/1")
    await asks_to_join(home, category)
    places = {"theirs": northwind.base_url, "our_person": (await home.actor(home.alan.id)).uri}
    uri = f"{northwind.base_url}/actor"
    server = northwind.person("server", type="Application")
    key = {**server.document["publicKey"], "id": f"{uri}#main-key", "owner": uri}
    parts = {"id": uri, "inbox": f"{uri}/inbox", "outbox": f"{uri}/outbox", "followers": f"{uri}/followers"}
    server.document = {**server.document, **parts, "publicKey": key, "assertionMethod": []}
    northwind.serve(server.document)
    assert await server.sends(home, golden("nodebb/reject_follow", **places)) == "done: not let in"
    assert await standing(home) == [MemberState.REFUSED]


@pytest.mark.parametrize("name", names())
def test_every_document_is_whole(name):
    document = golden(name)
    assert document["type"]
    assert "THEIRS" in str(document)
