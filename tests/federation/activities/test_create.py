"""Create, Update and Delete: posts from elsewhere, whose they are, whom they concern, and how they end."""

import pytest
from sqlalchemy import select

from federation.vocabulary import PUBLIC
from models import notifications
from models.posts import receiving
from models.tables import Activity, Media, PostTag, Reach, Recipient, Revision, Tombstone, Visibility
from tests.federation.activities.conftest import follows, known
from tests.federation.neighbours import altered
from tests.world import sees


async def remote(home):
    return [post for post in await home.posts() if not post.is_local]


# For people of ours


async def test_a_note_for_somebody_of_ours_is_stored_with_all_it_says(square, nora):
    home = square.home
    note = nora.note(
        "1",
        "Good <b>day</b><script>alert(1)</script>",
        cc=[square.ada_actor.uri],
        summary="Careful",
        sensitive=True,
        contentMap={"en": "<p>Good <b>day</b><script>alert(1)</script></p>"},
        url=f"{nora.peer.base_url}/@nora/1",
        tag=[
            {"type": "Mention", "href": square.ada_actor.uri, "name": "@ada"},
            {"type": "Hashtag", "href": "x", "name": "#Steel"},
        ],
        attachment=[
            {"type": "Document", "mediaType": "image/png", "url": f"{nora.peer.base_url}/1.png", "name": "A tube"}
        ],
    )
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    [post] = await remote(home)
    assert (post.uri, post.url, post.visibility, post.reach) == (
        note["id"],
        note["url"],
        Visibility.PUBLIC,
        Reach.PUBLIC,
    )
    assert (post.html, post.warning, post.is_sensitive, post.language) == (
        "<p>Good <b>day</b></p>",
        "Careful",
        True,
        "en",
    )
    assert [(media.remote_url, media.description) for media in await home.rows(Media)] == [
        (f"{nora.peer.base_url}/1.png", "A tube")
    ]
    async with home.database.reading() as session:
        assert (await session.scalars(select(PostTag.name))).all() == ["steel"]
    assert await home.ledger() == ["received Create public"]
    await notifications.CONSUMER.catch_up(home.database)
    assert await square.ada.notifications() == ["mention"]


async def test_a_direct_message_is_for_those_it_names(square, nora):
    home = square.home
    note = nora.note("1", to=[square.ada_actor.uri], cc=[])
    assert await nora.sends(home, nora.does("Create", note), inbox=square.ada_actor.inbox) == "done: stored"
    [post] = await remote(home)
    assert post.visibility is Visibility.DIRECT
    assert await sees(home.database, square.ada.staff, post)
    assert not await sees(home.database, home.alan.staff, post)


async def test_ADR_2_what_names_nobody_is_for_the_owner_of_the_inbox(square, nora):
    home = square.home
    note = nora.note("1", to=None, cc=None)
    assert await nora.sends(home, nora.does("Create", note), inbox=square.ada_actor.inbox) == "done: stored"
    [post] = await remote(home)
    assert post.visibility is Visibility.DIRECT
    assert await sees(home.database, square.ada.staff, post)


async def test_ADR_2_the_narrower_of_activity_and_object_counts(square, nora):
    home = square.home
    create = nora.does("Create", nora.note("1", cc=[square.ada_actor.uri]))
    assert await nora.sends(home, altered(create, to=[square.ada_actor.uri], cc=[])) == "done: stored"
    assert [post.visibility for post in await remote(home)] == [Visibility.DIRECT]


async def test_R_16_what_is_for_followers_is_seen_by_followers_alone(square, nora):
    """Whom it is addressed to decides who is shown it (ADR-7)."""
    home = square.home
    await follows(home, square.ada, nora)
    note = nora.note("1", to=[f"{nora.id}/followers"])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    [post] = await remote(home)
    assert post.visibility is Visibility.FOLLOWERS
    assert await sees(home.database, square.ada.staff, post)
    assert not await sees(home.database, home.alan.staff, post)


@pytest.mark.parametrize("spelling", ["as:Public", "Public", PUBLIC])
@pytest.mark.parametrize("where", ["to", "cc"])
async def test_ADR_1_the_public_has_three_spellings_and_two_places(square, nora, spelling, where):
    home = square.home
    note = nora.note("1", **{"to": square.ada_actor.uri, "cc": square.ada_actor.uri, where: spelling})
    await nora.sends(home, nora.does("Create", note))
    expected = Visibility.PUBLIC if where == "to" else Visibility.UNLISTED
    assert [post.visibility for post in await remote(home)] == [expected]


async def test_relevance_what_concerns_nobody_here_is_not_kept(square, nora):
    home = square.home
    assert await nora.sends(home, nora.does("Create", nora.note("1"))) == "ignored: concerns nobody here"
    unknown = nora.note("2", inReplyTo=f"{nora.peer.base_url}/notes/0")
    assert await nora.sends(home, nora.does("Create", unknown)) == "ignored: concerns nobody here"
    assert await remote(home) == []
    assert "/notes/0" not in nora.peer.asked

    await follows(home, square.ada, nora)
    assert await nora.sends(home, nora.does("Create", nora.note("3"))) == "done: stored"


async def test_a_vote_is_no_post(square, nora):
    vote = nora.note("1", "", to=[square.ada_actor.uri], name="Yes", inReplyTo="http://x.localhost/1", content=None)
    assert (await nora.sends(square.home, nora.does("Create", vote))).startswith("ignored: a vote")


@pytest.mark.parametrize(
    "changes",
    [
        {"object__attributedTo": "{neighbour}"},
        {"object__attributedTo": "http://mallory.localhost:9/users/eve"},
        {"object__attributedTo": None},
        {"object__id": "http://mallory.localhost:9/notes/1"},
        {"object__id": None},
        {"object__id": "{ours}/ap/o/1"},
        {"object__id": 7},
        {"object__type": "Place"},
        {"object__type": None},
        {"object": "{ours}/ap/o/1"},
        {"object": None},
        {"object": []},
        {"object": 5},
        {"object": "http://mallory.localhost:9/notes/1"},
    ],
    ids=str,
)
async def test_R_10_R_13_crossed_ids_and_authors_are_refused(square, nora, northwind, changes):
    home = square.home
    neighbour = northwind.person("neighbour", number=1)
    create = nora.does("Create", nora.note("1", cc=[square.ada_actor.uri]))
    northwind.removes(f"{northwind.base_url}/notes/1")  # nothing can be fetched to repair it

    def filled(value):
        known = {"neighbour": neighbour.id, "ours": home.instance.base_url}
        return value.format(**known) if isinstance(value, str) else value

    crossed = altered(create, **{name: filled(value) for name, value in changes.items()})
    outcome = await nora.sends(home, crossed)
    assert outcome.startswith(("refused", "ignored")), outcome
    assert await remote(home) == []
    assert await home.ledger() in ([], ["refused Create R-10"], ["refused Create R-13"])

    northwind.serve(create["object"])
    assert await nora.sends(home, altered(create, id=f"{create['id']}b")) == "done: stored"  # unforged


async def test_R_10_what_is_embedded_by_somebody_else_is_asked_of_its_origin(square, nora, northwind):
    """What another carries along changes nothing that we keep (TRUST-5)."""
    home = square.home
    carrier = northwind.person("carrier", number=1)
    note = nora.note("1", "True", cc=[square.ada_actor.uri])
    forged = altered(note, content="<p>False</p>")
    assert await carrier.sends(home, nora.does("Create", forged)) == "done: stored"
    assert [(post.html, post.author_id) for post in await remote(home)] == [
        ("<p>True</p>", (await home.actor(nora.id)).id)
    ]


async def test_R_09_a_linked_data_signature_proves_nothing(square, nora, northwind):
    home = square.home
    carrier = northwind.person("carrier", number=1)
    note = nora.note("1", cc=[square.ada_actor.uri])
    northwind.removes(note["id"], status=404)
    forged = nora.does(
        "Create", note, signature={"type": "RsaSignature2017", "creator": nora.key_id, "signatureValue": "x"}
    )
    assert (await carrier.sends(home, forged)).startswith("ignored: FetchFailed")
    assert await remote(home) == []


async def test_R_60_a_post_comes_once_whichever_way_it_comes(square, nora):
    home = square.home
    note = nora.note("1", cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert await nora.sends(home, nora.does("Create", note)) == "ignored: is no newer than what is stored"
    assert len(await remote(home)) == 1
    assert len(await home.entries("PostWritten")) == 1


async def test_two_posts_of_one_second_are_two(square, nora, monkeypatch):
    home = square.home
    chances = iter([5, 5, 6])
    monkeypatch.setattr("models.base.secrets.randbelow", lambda most: next(chances))
    for name in "12":
        note = nora.note(name, cc=[square.ada_actor.uri], published="2026-02-01T10:00:00Z")
        assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert len({post.id for post in await remote(home)}) == 2


async def test_R_42_a_moment_takes_as_many_posts_as_come(square, nora, monkeypatch):
    """There are only so many ids in a millisecond, and a search for a free one among none would never end."""
    home = square.home
    monkeypatch.setattr("models.base.secrets.randbelow", lambda most: 5)
    for name in "123":
        note = nora.note(name, cc=[square.ada_actor.uri], published="2025-02-01T10:00:00Z")
        assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert len({post.id for post in await remote(home)}) == 3


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
async def test_GEN_7_a_date_before_all_servers_leads_to_no_id_that_nobody_can_ask_for(square, nora, date):
    note = nora.note("1", cc=[square.ada_actor.uri], published=date)
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"
    [post] = await remote(square.home)
    assert post.id > 0
    assert post.created_at.year == 1971


async def test_R_13_no_page_and_no_thread_of_ours_is_that_of_a_post_from_elsewhere(square, nora):
    home = square.home
    own = await home.alan.writes("Ours", group=square.public)
    note = nora.note("1", to=[PUBLIC, square.ada_actor.uri], url=own.url, context=own.context_uri)
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    [post] = await remote(home)
    assert (post.url, post.context_uri) == (None, None)
    async with home.database.reading() as session:
        found = await receiving.by_uri(session, own.url)
    assert found is not None
    assert found.id == own.id
    thread = await nora.gets(home, own.context_uri)
    assert thread.json()["orderedItems"] == [own.uri]


async def test_R_15_a_known_post_is_addressed_once(square, nora):
    home = square.home
    note = nora.note("1", to=[square.ada_actor.uri])
    await nora.sends(home, nora.does("Create", note))
    wider = altered(note, to=[PUBLIC, square.ada_actor.uri], updated="2030-01-01T00:00:00Z", content="<p>Wider</p>")
    for type in ("Create", "Update"):
        await nora.sends(home, nora.does(type, altered(wider, content=f"<p>{type}</p>")))
    [post] = await remote(home)
    assert post.visibility is Visibility.DIRECT
    assert not await sees(home.database, home.alan.staff, post)


@pytest.mark.parametrize("bad", ["\u0000", "\ufffe", "\u202e", "\u0007", "\U000e0001"], ids=ascii)
async def test_R_43_no_character_stops_the_queue(square, nora, bad):
    home = square.home
    text = f"Good{bad}day"
    note = nora.note(
        "1",
        text,
        cc=[square.ada_actor.uri],
        name=text,
        summary=text,
        sensitive=True,
        contentMap={f"e{bad}n": f"<p>{text}</p>"},
        source={"content": text, "mediaType": "text/markdown"},
        mediaType=text,
        context=text,
        conversation=text,
        url=text,
        updated=text,
        tag=[
            {"type": "Hashtag", "name": f"#{text}"},
            {"type": "Mention", "href": text, "name": text},
            {"type": "Emoji", "name": text, "icon": {"url": text}},
        ],
        attachment=[
            {"type": "Image", "mediaType": text, "url": f"{nora.peer.base_url}/1", "name": text, "blurhash": text}
        ],
        **{text: text},
    )
    assert await nora.sends(home, nora.does("Create", note, **{text: text})) == "done: stored"
    nora.peer.serve(
        altered(
            nora.document, name=text, summary=text, attachment=[{"type": "PropertyValue", "name": text, "value": text}]
        )
    )
    assert await nora.sends(home, nora.does("Update", nora.document)) == "done: actor replaced"
    assert (await nora.sends(home, nora.does("Like", text))).startswith("ignored")
    assert (await nora.sends(home, nora.does("Undo", text))).startswith("ignored")
    [post] = await remote(home)
    assert "\u0000" not in post.html + post.warning + post.source + (post.language or "")


# What it answers


async def test_parents_are_fetched_and_stored_before_the_answer(square, nora, northwind):
    home = square.home
    wren = northwind.person("wren", number=1)
    root = wren.note("root", "Root")
    middle = nora.note("middle", "Middle", inReplyTo=root["id"])
    leaf = nora.note("leaf", "Leaf", inReplyTo=middle["id"], cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", leaf)) == "done: stored"

    stored = {post.uri: post for post in await remote(home)}
    assert stored[leaf["id"]].reply_to_id == stored[middle["id"]].id
    assert {post.thread_id for post in stored.values()} == {stored[root["id"]].id}


async def test_R_44_a_chain_of_parents_is_followed_five_steps(square, nora):
    home = square.home
    for number in range(30):
        nora.note(str(number), inReplyTo=f"{nora.peer.base_url}/notes/{number + 1}", cc=[square.ada_actor.uri])
    first = nora.note("0", inReplyTo=f"{nora.peer.base_url}/notes/1", cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", first)) == "done: stored"
    assert len([path for path in nora.peer.asked if path.startswith("/notes/")]) == 5
    assert len(await remote(home)) == 6


async def test_R_44_posts_that_answer_one_another_end_somewhere(square, nora):
    home = square.home
    one = nora.note("1", inReplyTo=f"{nora.peer.base_url}/notes/2", cc=[square.ada_actor.uri])
    nora.note("2", inReplyTo=one["id"])
    assert await nora.sends(home, nora.does("Create", one)) == "done: stored"
    assert len(await remote(home)) == 2


async def test_SIG_35_a_parent_at_a_stranger_is_not_asked_for(square, nora, mallory):
    home = square.home
    eve = mallory.person("eve")
    parent = eve.note("1")
    reply = nora.note("2", inReplyTo=parent["id"], cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", reply)) == "done: stored"
    [post] = await remote(home)
    assert (post.reply_to_id, post.reply_to_uri, mallory.asked) == (None, parent["id"], [])


async def test_an_unknown_parent_is_waited_for_an_hour(square, nora, clock):
    home = square.home
    parent = nora.note("1")
    nora.peer.removes(parent["id"], status=503)
    reply = nora.note("2", inReplyTo=parent["id"], cc=[square.ada_actor.uri])
    outcome = await nora.sends(home, nora.does("Create", reply), now=clock.now)
    assert outcome == "waiting: what it answers cannot be had now"

    clock.advance(minutes=2)
    nora.peer.serve(parent)
    await home.works()
    assert await home.outcome() == "done: stored"
    assert len(await remote(home)) == 2


async def test_after_an_hour_what_concerns_us_is_stored_without_its_parent(square, nora, clock):
    home = square.home
    parent = f"{nora.peer.base_url}/notes/1"
    nora.peer.removes(parent, status=503)
    reply = nora.note("2", inReplyTo=parent, cc=[square.ada_actor.uri])
    await nora.sends(home, nora.does("Create", reply), now=clock.now)
    for _ in range(6):
        clock.advance(minutes=20)
        await home.works()
    assert await home.outcome() == "done: stored"
    assert [post.reply_to_uri for post in await remote(home)] == [parent]


async def test_R_71_an_answer_to_something_hidden_attaches_to_nothing(square, nora):
    home = square.home
    secret = await home.founds("secret", Reach.INTERNAL)
    post = await home.alan.writes("Between us", group=secret)
    reply = nora.note("1", inReplyTo=post.uri, cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", reply)) == "ignored: answers nothing that they may see"
    assert await remote(home) == []


# Later versions


async def stored_note(square, nora, **more):
    note = nora.note("1", "First", cc=[square.ada_actor.uri], **more)
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"
    return note


async def test_R_62_the_newest_version_wins(square, nora):
    home = square.home
    note = await stored_note(square, nora)
    versions = [("Third", "2026-02-03T00:00:00Z"), ("Second", "2026-02-02T00:00:00Z"), ("None", None)]
    outcomes = [
        await nora.sends(home, nora.does("Update", altered(note, content=f"<p>{text}</p>", updated=when)))
        for text, when in versions
    ]
    assert outcomes == ["done: replaced", *["ignored: is no newer than what is stored"] * 2]
    assert [post.html for post in await remote(home)] == ["<p>Third</p>"]
    async with home.database.reading() as session:
        history = (await session.scalars(select(Revision.html).order_by(Revision.number))).all()
    assert history == ["<p>First</p>", "<p>Third</p>"]
    assert await home.ledger() == ["received Create public", "received Update public"]


async def test_R_62_a_version_that_was_seen_first_is_not_replaced_by_an_older_one(square, nora):
    home = square.home
    note = nora.note("1", cc=[square.ada_actor.uri], tag=[{"type": "Mention", "href": square.ada_actor.uri}])
    versions = [("Third", "2026-02-03T00:00:00Z"), ("Second", "2026-02-02T00:00:00Z")]
    for text, when in versions:
        await nora.sends(home, nora.does("Update", altered(note, content=f"<p>{text}</p>", updated=when)))
    assert [post.html for post in await remote(home)] == ["<p>Third</p>"]


async def test_R_14_only_the_author_changes_or_deletes(square, nora, northwind, other):
    """Same owner, whatever server it comes from (TRUST-3)."""
    home = square.home
    await home.admits(other)
    note = await stored_note(square, nora)
    changed = altered(note, content="<p>Changed</p>", updated="2026-03-01T00:00:00Z")
    for stranger in (northwind.person("neighbour", number=1), other.person("olaf", number=2)):
        for activity in (
            stranger.does("Update", changed),
            stranger.does("Update", altered(changed, attributedTo=stranger.id)),
            stranger.does("Delete", note["id"]),
            stranger.does("Undo", nora.does("Create", note)),
        ):
            outcome = await stranger.sends(home, activity)
            assert outcome.startswith(("refused", "ignored")), (activity, outcome)
    assert [post.html for post in await remote(home)] == ["<p>First</p>"]


async def test_an_update_of_something_unknown_is_taken_as_new(square, nora):
    note = nora.note("1", cc=[square.ada_actor.uri], updated="2026-02-02T00:00:00Z")
    assert await nora.sends(square.home, nora.does("Update", note)) == "done: stored"


async def test_ACT_4_an_actor_changes_itself_and_its_keys(square, nora, northwind):
    home = square.home
    await known(home, nora)
    northwind.serve(altered(nora.document, name="Nora Barnacle"))
    update = nora.does("Update", altered(nora.document, name="Whatever the activity says"))
    assert await nora.sends(home, update) == "done: actor replaced"
    assert (await home.actor(nora.id)).display_name == "Nora Barnacle"  # what its origin says counts


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [("Person", "Group", "Person"), ("Group", "Person", "Group"), ("Person", "Service", "Service")],
)
async def test_ACT_4_no_person_becomes_a_group_nor_a_group_a_person(square, northwind, before, after, stays):
    """Who follows the one, or belongs to the other, asked for that; and verbs of the one meet no row of the other."""
    home = square.home
    somebody = northwind.person("somebody", type=before)
    await known(home, somebody)
    document = altered(somebody.document, type=after, name="New name")
    northwind.serve(document)
    assert await somebody.sends(home, somebody.does("Update", document)) == "done: actor replaced"
    actor = await home.actor(somebody.id)
    assert (actor.type, actor.display_name) == (stays, "New name")


async def test_R_14_an_actor_changes_nobody_else(square, nora, northwind):
    home = square.home
    victim = northwind.person("victim", number=1)
    await known(home, victim)
    update = nora.does("Update", altered(victim.document, name="Changed"))
    assert (await nora.sends(home, update)).startswith("refused: R-14")
    assert (await home.actor(victim.id)).display_name == "Victim"


@pytest.mark.parametrize("form", ["id", "tombstone", "whole"])
async def test_R_61_what_was_deleted_is_gone_and_stays_gone(square, nora, form):
    home = square.home
    note = await stored_note(square, nora)
    uri = note["id"]
    object = {"id": uri, "tombstone": {"id": uri, "type": "Tombstone"}, "whole": note}[form]
    assert await nora.sends(home, nora.does("Delete", object)) == "done: deleted"
    [post] = await remote(home)
    assert (post.deleted_at is not None, post.html) == (True, "")

    assert await nora.sends(home, nora.does("Create", note)) == "ignored: was deleted"
    assert (
        await nora.sends(home, nora.does("Update", altered(note, updated="2030-01-01T00:00:00Z")))
        == "ignored: was deleted"
    )
    assert await nora.sends(home, nora.does("Delete", object)) == "ignored: was deleted before"


async def test_R_61_a_delete_that_comes_first_suppresses_the_post(square, nora):
    home = square.home
    note = nora.note("1", cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Delete", note["id"])) == "done: remembered"
    assert await nora.sends(home, nora.does("Create", note)) == "ignored: was deleted"
    assert (
        await nora.sends(home, nora.does("Delete", "http://other.localhost/1")) == "refused: R-14: is of another server"
    )
    async with home.database.reading() as session:
        assert (await session.scalars(select(Tombstone.uri))).all() == [note["id"]]


async def test_R_13_nobody_deletes_or_changes_what_is_ours(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    alan = await home.actor(home.alan.id)
    ours = altered(nora.note("1"), id=post.uri, attributedTo=alan.uri, updated="2030-01-01T00:00:00Z")
    for activity in (
        nora.does("Delete", post.uri),
        nora.does("Update", ours),
        nora.does("Create", ours),
        nora.does("Update", altered(ours, attributedTo=nora.id)),
        nora.does("Delete", alan.uri),
        nora.does("Update", {"id": alan.uri, "type": "Person", "name": "Eve"}),
    ):
        assert (await nora.sends(home, activity)).startswith("refused"), activity
    [kept] = await home.posts()
    assert (kept.html, kept.deleted_at) == ("<p>Ours</p>", None)


async def test_INB_7_a_delete_brought_by_another_is_asked_of_the_origin(square, nora, northwind):
    home = square.home
    note = await stored_note(square, nora)
    carrier = northwind.person("carrier", number=1)
    assert await carrier.sends(home, nora.does("Delete", note["id"])) == "ignored: its origin still has it"
    northwind.removes(note["id"])
    assert await carrier.sends(home, nora.does("Delete", note["id"])) == "done: deleted"


async def test_R_14_what_is_kept_from_us_who_ask_is_not_gone(square, nora, northwind):
    """A message for some is "not found" for the server itself, and whoever knew its id could have it deleted here."""
    home = square.home
    note = nora.note("1", to=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    carrier = northwind.person("carrier", number=1)
    northwind.removes(note["id"], status=404)
    assert await carrier.sends(home, nora.does("Delete", note["id"])) == "ignored: its origin still has it"
    northwind.removes(note["id"], status=410)
    assert await carrier.sends(home, nora.does("Delete", note["id"])) == "done: deleted"


async def test_a_delete_of_an_actor_takes_everything_of_it(square, nora):
    home = square.home
    await stored_note(square, nora)
    await nora.sends(home, nora.does("Follow", square.alpine_actor.uri))
    await nora.sends(home, nora.does("Like", (await home.alan.writes("x", group=square.public)).uri))
    assert await nora.sends(home, nora.does("Delete", nora.id)) == "done: actor deleted"
    [post] = await remote(home)
    assert post.deleted_at is not None
    assert (await home.actor(nora.id)).deleted_at is not None
    assert (await nora.posts(home, nora.does("Delete", nora.id))).status == 202


async def test_no_answer_goes_to_anybody_for_what_was_ignored(square, nora):
    await nora.sends(square.home, nora.does("Create", nora.note("1")))
    assert await square.home.rows(Activity) == []
    async with square.home.database.reading() as session:
        assert (await session.scalars(select(Recipient))).all() == []
