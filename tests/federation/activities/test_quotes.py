"""Quotes and consents from elsewhere: what is asked of us and answered to us, and what is shown of others' quotes."""

import json

import pytest
from sqlalchemy import select

from federation import outbox
from federation.vocabulary import PUBLIC
from models import actors, groups, quotes
from models.interactions import AUTHOR, Interaction, QuotePolicy, Rule, pack
from models.quotes import QuoteState
from models.tables import Activity, Consent, ConsentState, Group, Like, Post
from tests.federation.activities.conftest import follows, known


@pytest.fixture
async def news(square) -> Post:
    """A public post of Ada's."""
    await joins(square, square.public)
    return await square.ada.writes("News", group=square.public)


async def joins(square, group) -> None:
    async with square.home.database.writing() as session:
        await groups.join(session, await session.get_one(Group, group.id), by=square.ada.staff)


async def sent(square, type: str):
    """The activities of one type that were queued."""
    await outbox.consumer(square.home.wire.keys).catch_up(square.home.database)
    async with square.home.database.reading() as session:
        rows = await session.scalars(select(Activity).where(Activity.type == type).order_by(Activity.id))
        return [json.loads(row.body) for row in rows]


async def consent(square, uri: str) -> Consent | None:
    async with square.home.database.reading() as session:
        return await session.scalar(select(Consent).where(Consent.uri == uri))


def asks(nora, target: Post, note):
    return nora.does("QuoteRequest", target.uri, instrument=note)


async def state_of(square, uri: str) -> QuoteState | None:
    async with square.home.database.reading() as session:
        post = await session.scalar(select(Post).where(Post.uri == uri))
        found = await quotes.of_posts(session, square.ada.staff, [post.id])
    return found[post.id].state if post.id in found else None


# They ask us


async def test_POL_5_a_request_for_a_public_post_is_agreed_to_with_a_stamp_that_its_audience_can_read(
    square, nora, news, mallory
):
    note = nora.note("1", quote=news.uri)
    assert await nora.sends(square.home, asks(nora, news, note)) == "done: agreed"

    [answer] = await sent(square, "Accept")
    assert (answer["to"], answer["object"]["type"], answer["object"]["instrument"]) == (
        [nora.id],
        "QuoteRequest",
        note["id"],
    )
    stamp = (await nora.gets(square.home, answer["result"])).json()
    assert stamp["type"] == "QuoteAuthorization"
    assert (stamp["attributedTo"], stamp["interactingObject"], stamp["interactionTarget"]) == (
        square.ada_actor.uri,
        note["id"],
        news.uri,
    )
    stranger = mallory.person("mallory")
    assert (await stranger.gets(square.home, answer["result"])).status in (401, 404)


async def test_POL_5_a_request_for_a_partner_post_is_refused_and_for_an_internal_one_ignored(square, nora):
    await joins(square, square.alpine)
    await known(square.home, nora)
    await square.home.joins(nora, square.alpine)
    partner = await square.ada.writes("Prices", group=square.alpine)
    inside = await square.ada.writes("Inside")

    first = await nora.sends(square.home, asks(nora, partner, nora.note("1", quote=partner.uri)))
    second = await nora.sends(square.home, asks(nora, inside, nora.note("2", quote=inside.uri)))

    assert (first, second) == ("done: not agreed", "ignored: asks for nothing that they may see")
    answers = [*await sent(square, "Accept"), *await sent(square, "Reject")]
    assert [one["type"] for one in answers if one["object"]["type"] == "QuoteRequest"] == ["Reject"]


async def test_POL_5_an_author_who_wants_no_quotes_is_not_quoted(square, nora, news):
    async with square.home.database.writing() as session:
        await quotes.set_policy(session, news.id, QuotePolicy.NOBODY, by=square.ada.staff)

    assert await nora.sends(square.home, asks(nora, news, nora.note("1", quote=news.uri))) == "done: not agreed"


async def test_POL_5_nobody_asks_for_somebody_else_or_for_a_post_that_quotes_another(square, nora, news, other):
    nils = other.person("nils")
    foreign = nils.note("1", quote=news.uri)
    elsewhere = nora.note("2", quote="https://example.org/o/1")

    outcomes = [await nora.sends(square.home, asks(nora, news, note)) for note in (foreign, elsewhere)]

    assert outcomes == ["refused: POL-5: asks for somebody else", "refused: POL-5: quotes something else"]
    assert await sent(square, "Accept") == []


async def test_POL_5_a_quote_of_ours_is_shown_with_our_stamp_and_no_more_once_that_is_taken_back(square, nora, news):
    home = square.home
    await follows(home, square.ada, nora)
    note = nora.note("1", quote=news.uri)
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert await state_of(square, note["id"]) is QuoteState.PENDING
    assert await nora.sends(home, asks(nora, news, note)) == "done: agreed"
    [answer] = await sent(square, "Accept")
    assert await state_of(square, note["id"]) is QuoteState.ACCEPTED

    async with home.database.writing() as session:
        quoting = await session.scalar(select(Post).where(Post.uri == note["id"]))
        await quotes.revoke(session, news.id, quoting.id, by=square.ada.staff)

    assert await state_of(square, note["id"]) is QuoteState.REVOKED
    [deletion] = await sent(square, "Delete")
    assert deletion["object"]["id"] == answer["result"]
    assert (await nora.gets(home, answer["result"])).status == 404
    assert await nora.sends(home, asks(nora, news, note)) == "done: not agreed"


# Others quote others


async def test_POL_5_a_quote_without_stamp_is_not_shown_and_one_with_a_stamp_is(square, nora, other):
    home = square.home
    await home.admits(other)
    await follows(home, square.ada, nora)
    nils = other.person("nils")
    target = nils.note("1")
    stamp = {
        "id": f"{other.base_url}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": nils.id,
        "interactingObject": f"{nora.peer.base_url}/notes/2",
        "interactionTarget": target["id"],
    }
    other.serve(stamp)

    bare = nora.note("1", quote=target["id"])
    stamped = nora.note("2", quote=target["id"], quoteAuthorization=stamp["id"])
    borrowed = nora.note("3", quote=target["id"], quoteAuthorization=stamp["id"])
    for note in (bare, stamped, borrowed):
        assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    assert [await state_of(square, note["id"]) for note in (bare, stamped, borrowed)] == [
        QuoteState.PENDING,
        QuoteState.ACCEPTED,
        QuoteState.PENDING,
    ]


async def test_POL_4_a_stamp_of_another_host_than_the_authors_is_worth_nothing(square, nora, other):
    home = square.home
    await home.admits(other)
    await follows(home, square.ada, nora)
    nils = other.person("nils")
    target = nils.note("1")
    own = {
        "id": f"{nora.peer.base_url}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": nils.id,
        "interactingObject": f"{nora.peer.base_url}/notes/1",
        "interactionTarget": target["id"],
    }
    nora.peer.serve(own)

    note = nora.note("1", quote=target["id"], quoteAuthorization=own["id"])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    assert await state_of(square, note["id"]) is QuoteState.PENDING
    assert "/stamps/1" not in nora.peer.asked


async def test_POL_5_who_quotes_themselves_needs_no_stamp(square, nora):
    home = square.home
    await follows(home, square.ada, nora)
    first = nora.note("1")
    note = nora.note("2", quoteUrl=first["id"])

    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    assert await state_of(square, note["id"]) is QuoteState.ACCEPTED


async def test_POL_5_a_stamp_that_comes_later_shows_the_quote(square, nora, other):
    home = square.home
    await home.admits(other)
    await follows(home, square.ada, nora)
    nils = other.person("nils")
    target = nils.note("1")
    note = nora.note("1", quote=target["id"])
    await nora.sends(home, nora.does("Create", note))
    stamp = {
        "id": f"{other.base_url}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": nils.id,
        "interactingObject": note["id"],
        "interactionTarget": target["id"],
    }
    other.serve(stamp)

    told = {**note, "quoteAuthorization": stamp["id"]}
    assert await nora.sends(home, nora.does("Update", told)) == "done: its quote is shown"
    assert await state_of(square, note["id"]) is QuoteState.ACCEPTED

    deletion = nils.does("Delete", stamp)
    forged = nora.does("Delete", stamp)
    assert await nora.sends(home, forged) == "refused: R-14: is somebody else's"
    assert await nils.sends(home, deletion) == "done: taken back"
    assert await state_of(square, note["id"]) is QuoteState.REVOKED


async def test_R_62_an_older_version_that_comes_late_does_not_hide_the_quote(square, nora, other):
    home = square.home
    await home.admits(other)
    await follows(home, square.ada, nora)
    nils = other.person("nils")
    note = nora.note("1", quote=nils.note("1")["id"])
    await nora.sends(home, nora.does("Create", note))
    stamp = {
        "id": f"{other.base_url}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": nils.id,
        "interactingObject": note["id"],
        "interactionTarget": note["quote"],
    }
    other.serve(stamp)
    newest = {**note, "quoteAuthorization": stamp["id"], "updated": "2026-02-03T00:00:00Z"}
    assert await nora.sends(home, nora.does("Update", newest)) == "done: replaced"

    for late in (note, {**note, "updated": "2026-02-02T00:00:00Z"}):
        assert await nora.sends(home, nora.does("Update", late)) == "ignored: is no newer than what is stored"

    assert await state_of(square, note["id"]) is QuoteState.ACCEPTED


async def test_dd4b_a_boost_with_words_is_taken_back_like_any_other(square, nora, other, news):
    home = square.home
    await follows(home, square.ada, nora)
    boost = nora.does("Announce", news.uri, to=[PUBLIC], content="<p>Look</p>", published="2026-02-01T10:00:00Z")
    assert await nora.sends(home, boost) == "done: quoted: stored"
    await home.admits(other)
    nils = other.person("nils")
    await known(home, nils)

    assert (await nils.sends(home, nils.does("Undo", {**boost, "actor": nils.id}))).startswith("refused: R-14")
    assert await nora.sends(home, nora.does("Undo", boost)) == "done: deleted"

    async with home.database.reading() as session:
        post = await session.scalar(select(Post).where(Post.uri == boost["id"]))
    assert (post.deleted_at is not None, post.html) == (True, "")


async def test_dd4b_a_boost_with_words_is_a_quote_that_needs_consent_too(square, nora, news):
    home = square.home
    await follows(home, square.ada, nora)
    own = nora.note("1")
    plain = nora.does("Announce", own["id"], to=[PUBLIC], content="<p>As I said</p>", published="2026-02-01T10:00:00Z")
    foreign = nora.does("Announce", news.uri, to=[PUBLIC], content="<p>Look</p>", published="2026-02-01T10:00:00Z")

    outcomes = [await nora.sends(home, each) for each in (plain, foreign)]

    assert outcomes == ["done: quoted: stored"] * 2
    assert await state_of(square, plain["id"]) is QuoteState.ACCEPTED
    assert await state_of(square, foreign["id"]) is QuoteState.PENDING


# We ask


async def quoted(square, nora, news) -> tuple[Post, dict, Consent]:
    """A post of Nora's that Ada quotes in public, and what we asked her."""
    home = square.home
    await follows(home, square.ada, nora)
    theirs = nora.note("1")
    await nora.sends(home, nora.does("Create", theirs))
    async with home.database.reading() as session:
        target = await session.scalar(select(Post).where(Post.uri == theirs["id"]))
    post = await square.ada.writes("Look", group=square.public, quote_of_id=target.id)
    [request] = await sent(square, "QuoteRequest")
    found = await consent(square, post.uri)
    assert found is not None
    assert request["id"] == found.request_uri
    return post, theirs, found


async def test_POL_5_a_yes_counts_with_a_stamp_that_holds(square, nora, news):
    post, theirs, asked = await quoted(square, nora, news)
    stamp = {
        "id": f"{nora.peer.base_url}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": nora.id,
        "interactingObject": post.uri,
        "interactionTarget": theirs["id"],
    }
    bad = {**stamp, "id": f"{nora.peer.base_url}/stamps/2", "interactingObject": "https://example.org/o/1"}
    for each in (stamp, bad):
        nora.peer.serve(each)

    outcomes = [
        await nora.sends(square.home, nora.does("Accept", asked.request_uri)),
        await nora.sends(square.home, nora.does("Accept", asked.request_uri, result=bad["id"])),
        await nora.sends(square.home, nora.does("Accept", asked.request_uri, result=stamp["id"])),
    ]

    assert outcomes == ["refused: POL-4: agrees without a stamp that holds"] * 2 + ["done: agreed"]
    found = await consent(square, post.uri)
    assert (found.state, found.stamp_uri) == (ConsentState.ACCEPTED, stamp["id"])


async def test_POL_5_only_who_was_asked_answers(square, nora, news):
    post, _theirs, asked = await quoted(square, nora, news)
    nils = nora.peer.person("nils", number=1)

    assert await nils.sends(square.home, nils.does("Reject", asked.request_uri)) == (
        "ignored: nobody of ours asked for that"
    )
    assert (await consent(square, post.uri)).state is ConsentState.PENDING
    assert await nora.sends(square.home, nora.does("Reject", asked.request_uri)) == "done: not agreed"
    assert (await consent(square, post.uri)).state is ConsentState.REJECTED


# Likes, answers and boosts


async def restricted(square, news, *kinds: Interaction) -> None:
    async with square.home.database.writing() as session:
        (await session.get_one(Post, news.id)).interaction = pack(dict.fromkeys(kinds, Rule((AUTHOR,))))


async def test_POL_2_what_is_not_permitted_is_rejected_and_not_shown(square, nora, news):
    home = square.home
    await restricted(square, news, Interaction.LIKE, Interaction.ANNOUNCE, Interaction.REPLY)
    like, boost = nora.does("Like", news.uri), nora.does("Announce", news.uri, to=[PUBLIC])
    note = nora.note("1", inReplyTo=news.uri, cc=[square.ada_actor.uri])

    outcomes = [await nora.sends(home, each) for each in (like, boost, nora.does("Create", note))]

    assert outcomes == ["done: refused: its author does not permit it"] * 3
    assert [one["object"] for one in await sent(square, "Reject")] == [like["id"], boost["id"], note["id"]]
    assert [post.id for post in await home.posts()] == [news.id]
    assert await home.rows(Like) == []
    refusals = [line for line in await home.ledger() if line.startswith("refused")]
    assert refusals == ["refused Like POL-2", "refused Announce POL-2", "refused Create POL-2"]


async def test_POL_2_who_is_named_may_always_answer(square, nora):
    await known(square.home, nora)
    await joins(square, square.public)
    async with square.home.database.reading() as session:
        handle = (await actors.by_uri(session, nora.id)).handle
    post = await square.ada.writes(f"What do you think, @{handle}?", group=square.public)
    await restricted(square, post, Interaction.REPLY)

    note = nora.note("1", inReplyTo=post.uri, cc=[square.ada_actor.uri])

    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"


async def test_POL_4_an_answer_to_somebody_who_wants_to_be_asked_needs_their_stamp(square, nora, other):
    home = square.home
    await home.admits(other)
    await follows(home, square.ada, nora)
    nils = other.person("nils")
    await follows(home, square.ada, nils)
    asked = nora.note("1", interactionPolicy={"canReply": {"automaticApproval": [], "manualApproval": [PUBLIC]}})
    await nora.sends(home, nora.does("Create", asked))
    stamp = {
        "id": f"{nora.peer.base_url}/stamps/1",
        "type": "ReplyApproval",
        "attributedTo": nora.id,
        "object": f"{other.base_url}/notes/3",
        "target": asked["id"],
    }
    nora.peer.serve(stamp)
    borrowed = {**stamp, "id": f"{other.base_url}/stamps/1"}
    other.serve(borrowed)

    bare = nils.note("1", inReplyTo=asked["id"])
    of_another_host = nils.note("2", inReplyTo=asked["id"], approvedBy=borrowed["id"])
    approved = nils.note("3", inReplyTo=asked["id"], approvedBy=stamp["id"])
    outcomes = [await nils.sends(home, nils.does("Create", note)) for note in (bare, of_another_host, approved)]

    assert outcomes == ["refused: POL-4: whoever it answers has not agreed"] * 2 + ["done: stored"]
