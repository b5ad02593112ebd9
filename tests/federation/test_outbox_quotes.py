"""Quotes and interaction policies on the wire: what a post says of them, who is asked, and what is taken back."""

from typing import Any

import pytest
from msgspec.structs import replace

from federation import stamps
from federation.documents.post import interaction, quote
from federation.stamps import Claim
from federation.vocabulary import LD_JSON, PUBLIC
from models import actors, partners, quotes, relations
from models.interactions import AUTHOR, EVERYBODY, FOLLOWERS, Interaction, QuotePolicy, Rule, pack
from models.posts import receiving
from models.tables import Actor, Post, Visibility
from tests.federation.office import BLOG, approved, delivered, lines, outsider, public_group
from tests.federation.receiver import quick_keys
from tests.world import NORTHWIND, World

FEDERATED = [(BLOG, None)]


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


def note_of(sent) -> dict[str, Any]:
    found = sent.document
    while found["type"] not in ("Note", "Page", "Question"):
        found = found["object"]
    return found


async def elsewhere(world: World, rules: str | None = None, **more: Any) -> Post:
    author = await outsider(world.database, BLOG, "nils")
    async with world.database.writing() as session:
        told: dict[str, Any] = {
            "uri": f"http://{BLOG}/o/1",
            "url": f"http://{BLOG}/@nils/1",
            "author": await session.get_one(Actor, author.id),
            "visibility": Visibility.PUBLIC,
            "html": "From us",
            "interaction": rules,
            **more,
        }
        post = await receiving.receive(session, receiving.RemotePost(**told))
        assert post is not None
        return post


# What a post says


async def test_POL_1_what_is_public_may_be_quoted_and_passed_on(world, office):
    group = await public_group(world, *FEDERATED, office=office)
    await world.ada.writes("Out", group=group)

    note = note_of((await office.sends())[0])

    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": [PUBLIC]}}


async def test_POL_1_what_is_for_partners_is_for_its_author_alone_to_quote_and_pass_on(world, office):
    await approved(world, "Out")

    note = note_of((await office.sends())[0])

    only = {"automaticApproval": [note["attributedTo"]]}
    assert note["interactionPolicy"] == {"canQuote": only, "canAnnounce": only}


@pytest.mark.parametrize(
    ("wanted", "member"),
    [(QuotePolicy.PUBLIC, PUBLIC), (QuotePolicy.FOLLOWERS, "/followers"), (QuotePolicy.NOBODY, "/ap/u/")],
)
async def test_POL_1_an_author_restricts_who_may_quote(world, office, wanted, member):
    group = await public_group(world, *FEDERATED, office=office)
    await world.ada.writes("Out", group=group, quoting=wanted)

    note = note_of((await office.sends())[0])

    [allowed] = note["interactionPolicy"]["canQuote"]["automaticApproval"]
    assert member in allowed


async def test_POL_1_a_change_of_who_may_quote_is_told_to_who_has_the_post(world, office):
    group = await public_group(world, *FEDERATED, office=office)
    post = await world.ada.writes("Out", group=group)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        await quotes.set_policy(session, post.id, QuotePolicy.NOBODY, by=world.ada.staff)

    told = await office.sends()

    assert {one.what for one in told} == {"Update"}
    assert note_of(told[0])["interactionPolicy"]["canQuote"]["automaticApproval"] == [note_of(told[0])["attributedTo"]]


NORA = Actor(uri="https://n.example/u/nora", followers_uri="https://n.example/u/nora/followers", following_uri=None)


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"automaticApproval": [PUBLIC]}, Rule((EVERYBODY,))),
        ({"always": "as:Public"}, Rule((EVERYBODY,))),
        ({"always": [], "approvalRequired": [PUBLIC]}, Rule((), (EVERYBODY,))),
        ({"automaticApproval": ["https://n.example/u/nora"]}, Rule((AUTHOR,))),
        ({"manualApproval": ["https://n.example/u/nora/followers"]}, Rule((), (FOLLOWERS,))),
        ({"automaticApproval": [7, None, "x"], "manualApproval": "javascript:alert(1)"}, Rule()),
        ({}, Rule()),
        ("nobody", None),
        (None, None),
    ],
)
def test_interaction_policies_are_read_in_both_spellings(told, rule):
    rules = interaction.parse({"interactionPolicy": {"canQuote": told, "canDance": {}}}, insecure_hosts=())

    assert interaction.known(rules, NORA).get(Interaction.QUOTE) == rule
    assert set(rules) <= {Interaction.QUOTE}


@pytest.mark.parametrize("policy", [None, 7, [], "x"])
def test_what_is_no_policy_is_none(policy):
    assert interaction.parse({"interactionPolicy": policy}, insecure_hosts=()) == {}


# Quotes


async def test_POL_5_a_quote_is_written_in_every_spelling_with_its_stamp(world, office):
    group = await public_group(world, *FEDERATED, office=office)
    post = await world.alan.writes("First", group=await joined(world, group))
    await office.sends()
    made = await world.ada.writes("Look", group=group, quote_of_id=post.id)

    note = note_of((await office.sends())[0])

    for name in ("quote", "quoteUrl", "quoteUri", "_misskey_quote"):
        assert note[name] == post.uri
    assert note["content"].startswith(f'<p class="quote-inline">RE: <a href="{post.url}">{post.url}</a></p>')
    assert {"mediaType": LD_JSON, "href": post.uri, "type": "Link"}.items() <= note["tag"][-1].items()
    async with world.database.reading() as session:
        consent = await quotes.of_post(session, made.id)
    assert note["quoteAuthorization"] == consent.stamp_uri
    assert quote.parse(note, insecure_hosts=("*.localhost",)) == post.uri


async def joined(world, group):
    await world.alan.joins(group)
    return group


async def test_POL_5_what_waits_at_the_gate_is_not_named_in_what_leaves(world, office):
    post = await world.ada.writes("Secret", group=world.alpine)
    made = await world.ada.writes("Look", group=world.alpine, quote_of_id=post.id)
    await world.grace.approves(made)

    (sent,) = await office.sends()

    assert post.uri not in sent.body.decode()
    assert "quote" not in note_of(sent)


async def test_POL_5_the_author_elsewhere_is_asked_and_a_yes_is_told_to_who_has_the_post(world, office):
    target = await elsewhere(world, pack({Interaction.QUOTE: Rule((), (EVERYBODY,))}))
    group = await public_group(world, *FEDERATED, office=office)
    post = await world.ada.writes("Look", group=group, quote_of_id=target.id)

    sent = await office.sends()
    await delivered(world)

    [request] = [one for one in sent if one.what == "QuoteRequest"]
    assert (request.host, request.inbox) == (BLOG, f"http://{BLOG}/u/nils/inbox")
    assert request.document["object"] == target.uri
    assert request.document["instrument"]["id"] == post.uri
    assert request.document["instrument"]["quote"] == target.uri
    assert "quoteAuthorization" not in request.document["instrument"]
    assert ("QuoteRequest", "quote", [BLOG]) in [(line.what, line.rule, line.hosts) for line in await lines(world)]

    async with world.database.writing() as session:
        consent = await quotes.of_post(session, post.id)
        stamp = f"http://{BLOG}/stamps/1"
        assert await quotes.receive_answer(session, consent.id, stamp_uri=stamp) is True
        assert await quotes.receive_answer(session, consent.id, stamp_uri=stamp) is False
    told = await office.sends()
    assert {one.what for one in told} == {"Update"}
    assert note_of(told[0])["quoteAuthorization"] == stamp


async def test_POL_5_a_refused_quote_is_taken_out(world, office):
    target = await elsewhere(world)
    group = await public_group(world, *FEDERATED, office=office)
    post = await world.ada.writes("Look", group=group, quote_of_id=target.id)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        consent = await quotes.of_post(session, post.id)
        await quotes.receive_answer(session, consent.id, stamp_uri=None)

    told = await office.sends()

    assert {one.what for one in told} == {"Update"}
    assert target.uri not in told[0].body.decode()


async def test_POL_5_nobody_is_asked_about_a_post_they_may_not_read(world, office):
    target = await elsewhere(world)
    post = await world.ada.writes("Look", group=world.alpine, quote_of_id=target.id)
    await world.grace.approves(post)

    assert [(one.host, one.what) for one in await office.sends()] == [(NORTHWIND, "Create")]


async def test_POL_5_a_quote_of_ours_that_is_revoked_is_deleted_where_the_quote_went(world, office):
    group = await public_group(world, *FEDERATED, office=office)
    post = await world.alan.writes("First", group=await joined(world, group))
    made = await world.ada.writes("Look", group=group, quote_of_id=post.id)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        stamp = (await quotes.of_post(session, made.id)).stamp_uri
        await quotes.revoke(session, post.id, made.id, by=world.alan.staff)

    told = await office.sends()

    [deletion] = [one for one in told if one.what == "Delete"]
    assert deletion.document["object"]["id"] == stamp
    assert deletion.document["object"]["type"] == "QuoteAuthorization"
    updates = [one for one in told if one.what == "Update"]
    assert updates
    assert post.uri not in updates[0].body.decode()


# Asking before an answer


async def test_POL_3_an_answer_that_needs_consent_goes_to_its_author_alone_until_they_agree(world, office, monkeypatch):
    monkeypatch.setattr(world.database, "instance", replace(world.database.instance, clients_public_leaves=True))
    target = await elsewhere(world, pack({Interaction.REPLY: Rule((), (EVERYBODY,))}))
    async with world.database.writing() as session:
        await partners.admit(session, BLOG)
        follower = await session.get_one(Actor, world.nora.id)
        ada = await session.get_one(Actor, world.ada.id)
        await actors.disclose(session, ada.id, {NORTHWIND})
        await relations.receive_follow(session, by=follower, followee=ada, uri="http://x.localhost/f/1")
    await office.sends()
    post = await world.ada.writes("Yes", reply_to_id=target.id, visibility=Visibility.PUBLIC)

    sent = await office.sends()
    await delivered(world)
    assert [(one.host, one.what) for one in sent] == [(BLOG, "Create")]
    assert "approvedBy" not in note_of(sent[0])

    async with world.database.writing() as session:
        consent = await quotes.answering(session, post)
        await quotes.receive_answer(session, consent.id, stamp_uri=f"http://{BLOG}/stamps/2")
    told = await office.sends()
    assert [(one.host, one.what) for one in told] == [(NORTHWIND, "Create")]
    assert note_of(told[0])["approvedBy"] == f"http://{BLOG}/stamps/2"


# Stamps

CLAIM = Claim(
    type="QuoteAuthorization",
    author="https://a.example/u/1",
    interaction="https://b.example/o/9",
    target="https://a.example/o/5",
)
STAMP = "https://a.example/q/3"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "https://a.example/q/4"},
        {"type": "Note"},
        {"type": "ReplyApproval"},
        {"attributedTo": "https://a.example/u/2"},
        {"interactingObject": "https://b.example/o/8"},
        {"interactionTarget": "https://a.example/o/6"},
        {"interactingObject": None},
    ],
)
def test_POL_4_a_stamp_says_exactly_what_is_claimed(change):
    document = stamps.render(STAMP, CLAIM)

    assert stamps.says(document, STAMP, CLAIM)
    assert not stamps.says({**document, **change}, STAMP, CLAIM)


def test_POL_4_a_reply_approval_names_its_parts_otherwise():
    claim = Claim(type="ReplyApproval", author=CLAIM.author, interaction=CLAIM.interaction, target=CLAIM.target)

    document = stamps.render(STAMP, claim)

    assert (document["object"], document["target"]) == (claim.interaction, claim.target)
    assert stamps.says(document, STAMP, claim)


@pytest.mark.parametrize(
    "document",
    [
        {"quote": "https://a.example/o/5"},
        {"quoteUrl": "https://a.example/o/5"},
        {"quoteUri": "https://a.example/o/5"},
        {"_misskey_quote": "https://a.example/o/5"},
        {"tag": {"type": "Link", "mediaType": LD_JSON, "href": "https://a.example/o/5", "rel": quote._REL}},
    ],
)
def test_POL_5_a_quote_is_read_in_every_spelling(document):
    assert quote.parse(document, insecure_hosts=()) == "https://a.example/o/5"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"quote": 7},
        {"quote": "javascript:alert(1)"},
        {"tag": {"type": "Link", "href": "https://a.example/o/5"}},
        {"tag": {"type": "Link", "mediaType": "text/html", "href": "https://a.example/o/5", "rel": quote._REL}},
        {"tag": {"type": "Mention", "mediaType": LD_JSON, "href": "https://a.example/o/5", "rel": quote._REL}},
    ],
)
def test_a_mere_link_is_no_quote(document):
    assert quote.parse(document, insecure_hosts=()) is None
