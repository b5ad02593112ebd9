"""What others do in groups of ours, and what ours do in groups of others."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from federation.keys import KeyRing
from federation.signatures import proofs
from federation.signatures.multikey import decode_key
from federation.vocabulary import PUBLIC
from models import approvals, journal, lanes, partners
from models.base import now
from models.posts import receiving, writing
from models.tables import (
    DeliveryState,
    Dialect,
    Group,
    Reach,
    Received,
)
from tests.federation.office import (
    BLOG,
    FORUM,
    a_post_from,
    actor_of,
    approved,
    delivered,
    departures,
    group_elsewhere,
    lines,
    outsider,
    public_group,
    stored,
)
from tests.federation.receiver import SECRET, quick_keys
from tests.world import NORTHWIND, SOUTHWIND, Outsider


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


# What others do in groups of ours


async def test_GEN_5_a_received_activity_is_passed_on_exactly_as_it_came(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)

    (sent,) = await office.sends()

    assert (sent.host, sent.form) == (NORTHWIND, "Announce{Create}")
    async with world.database.reading() as session:
        came = (await session.scalars(select(Received))).one()
    assert came.body in sent.body
    assert b'"n": 1.0' in sent.body
    assert await departures(world, post) == {(NORTHWIND, 1)}
    proof = proofs.find(sent.document, now=now())
    own = await KeyRing(SECRET).ensure(world.database, world.alpine.id)
    proofs.verify(proof, decode_key(own.ed25519_multibase))


async def test_the_ledger_names_the_person_outside_whose_post_is_passed_on(world, office):
    await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()

    line = (await lines(world))[-1]
    assert (line.what, line.actor, line.rule) == ("Create", f"nora@{NORTHWIND}", "agreement")


async def test_a_new_thread_in_a_public_group_goes_to_microblogs_by_its_id_and_its_replies_do_not(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await a_post_from(world, FORUM, "reader", group)
    assert await office.forms() == [(FORUM, "Announce{Create}"), (BLOG, "Announce{id}")]

    await a_post_from(world, FORUM, "reader", group, uri="2", parent=post)

    assert await office.forms() == [(FORUM, "Announce{Create}")]


@pytest.mark.parametrize("addressing", [{"to": [PUBLIC]}, {}], ids=["to all", "as Takahe sends it"])
async def test_GRP_8a_a_like_is_passed_on_to_forums_only(world, office, addressing):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await a_post_from(world, FORUM, "reader", group)
    await office.forms()
    liker = await outsider(world.database, FORUM, "reader")
    activity = {"id": f"http://{FORUM}/x/9", "type": "Like", "actor": liker.uri, "object": post.uri, **addressing}
    async with world.database.writing() as session:
        number = await stored(session, activity)
        journal.record(session, journal.GroupDistributes(group.id, number, post_id=post.id))

    assert await office.forms() == [(FORUM, "Announce{Like}")]


async def test_what_came_for_members_only_is_not_announced_to_all(world, office):
    group = await public_group(world, (BLOG, None), office=office)
    await a_post_from(world, BLOG, "reader", group, is_public=False)

    (sent,) = await office.sends()
    assert sent.form == "Announce{Create}"
    assert PUBLIC not in sent.body.decode()


async def test_GRP_11_a_post_of_others_that_is_removed_here_is_removed_by_the_group(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        await writing.delete(session, post.id, by=world.alan.staff)

    (sent,) = await office.sends()

    assert sent.form == "Announce{Delete}"
    assert sent.document["object"]["actor"] == sent.document["actor"]
    assert sent.document["object"]["object"]["id"] == post.uri


async def test_a_post_that_its_author_elsewhere_deleted_is_passed_on_once_and_its_boost_undone(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await a_post_from(world, FORUM, "reader", group)
    await office.sends()
    await delivered(world)
    activity = {
        "id": f"http://{FORUM}/x/3",
        "type": "Delete",
        "actor": f"http://{FORUM}/u/reader",
        "to": [PUBLIC],
        "object": post.uri,
    }
    async with world.database.writing() as session:
        await receiving.receive_deletion(session, post.uri, host=FORUM, by_handle="reader")
        journal.record(session, journal.GroupDistributes(group.id, await stored(session, activity), post.id))

    assert await office.forms() == [(BLOG, "Undo{Announce}"), (FORUM, "Announce{Delete}")]


async def test_an_internal_group_passes_nothing_on(world, office):
    await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    async with world.database.writing() as session:
        (await session.get_one(Group, world.alpine.id)).reach = Reach.INTERNAL

    assert await office.sends() == []


# Groups that were opened


async def opened_to_all(world, office):
    """A post of Ada's and one of Nora's in a group for partners, which everybody may follow since; a follower came."""
    await delivered(world)
    own = await approved(world, "For partners")
    theirs = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await delivered(world)
    await world.alan.opens(world.alpine, Reach.PUBLIC)
    async with world.database.writing() as session:
        await partners.admit(session, BLOG)
    await Outsider(world.database, BLOG).joins(world.alpine, as_=await outsider(world.database, BLOG, "reader"))
    await office.sends()
    return own, theirs


async def test_R_72_what_was_written_for_partners_goes_to_no_follower_of_the_group_it_is_in(world, office):
    """Neither its new versions nor what is said to it: they cannot read it either."""
    own, theirs = await opened_to_all(world, office)
    assert not await Outsider(world.database, BLOG).sees(own)

    await world.ada.edits(own, "For partners still")
    await world.grace.approves(own, revision=2)
    await approved(world, "More of it", reply_to_id=own.id)
    liker = await outsider(world.database, NORTHWIND, "nora")
    like = {"id": f"http://{NORTHWIND}/x/8", "type": "Like", "actor": liker.uri, "object": own.uri}
    update = {
        "id": f"http://{NORTHWIND}/x/9",
        "type": "Update",
        "actor": liker.uri,
        "to": [PUBLIC],
        "object": theirs.uri,
    }
    async with world.database.writing() as session:
        for activity, about in ((like, own), (update, theirs)):
            journal.record(
                session, journal.GroupDistributes(world.alpine.id, await stored(session, activity), about.id)
            )

    sent = await office.sends()
    assert {one.host for one in sent} == {NORTHWIND}
    assert sorted(one.form for one in sent) == [
        "Announce{Create}",
        "Announce{Like}",
        "Announce{Update}",
        "Announce{Update}",
    ]
    assert not [one for one in sent if one.document["to"] == [PUBLIC]]


async def test_a_gatekeeper_is_shown_who_gets_a_post_that_was_written_for_partners(world, office):
    own, _theirs = await opened_to_all(world, office)
    await world.ada.edits(own, "For partners still")

    async with world.database.reading() as session:
        found = (await approvals.latest(session, [own.id]))[own.id]
    assert {company["host"] for company in found.companies} == {NORTHWIND, SOUTHWIND}


# Groups elsewhere


async def test_GRP_10_a_post_into_a_group_elsewhere_goes_to_that_group_alone(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel", world.ada.id)
    place = await actor_of(world, group)

    post = await world.ada.writes("Prices?", group=group)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (place.inbox, "Create")
    assert sent.document["to"] == [place.uri, place.followers_uri]
    assert (await lines(world))[-1].rule == "group_elsewhere"
    assert await office.knows(world.ada.id) == {NORTHWIND}
    await world.ada.edits(post, "Prices!")
    await delivered(world)
    await world.ada.deletes(post)
    assert [(one.inbox, one.form) for one in await office.sends()] == [(place.inbox, "Delete")]


async def test_a_public_post_into_a_group_elsewhere_reaches_whom_it_names(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel", world.ada.id, is_locked=False)
    async with world.database.writing() as session:
        await partners.admit(session, BLOG)
    await outsider(world.database, BLOG, "reader")
    await office.speaks(BLOG, Dialect.MICROBLOG)

    await world.ada.writes(f"Prices? @reader@{BLOG}", group=group)

    assert sorted(await office.forms()) == [(BLOG, "Create"), (NORTHWIND, "Create")]


# A forum that cannot get what is inside


async def fails(world, host, status):
    """Let the first delivery to `host` be refused with `status`."""
    async with world.database.writing() as session:
        [lane] = [
            lane for lane in await lanes.claim(session, limit=9, busy=(), at=now() + timedelta(1)) if lane.host == host
        ]
        refused = lanes.Result(claimed=lane.deliveries[0], ending=lanes.Ending.REFUSED, status=status, error="no")
        await lanes.note(session, [refused])


async def test_GRP_8_a_forum_that_cannot_fetch_what_is_inside_is_told_the_id(world, office):
    """DLV: topics of authors whose server serves no activities would be missing there."""
    group = await public_group(world, (FORUM, Dialect.FORUM), (BLOG, Dialect.MICROBLOG), office=office)
    await delivered(world)
    post = await a_post_from(world, BLOG, "reader", group)
    await office.sends()
    await fails(world, FORUM, 424)

    [sent] = await office.sends()
    assert (sent.host, sent.form, sent.document["object"]) == (FORUM, "Announce{id}", post.uri)
    assert (FORUM, "Create", DeliveryState.FAILED) not in await office.queue()
    await fails(world, FORUM, 424)
    assert await office.sends() == []
    assert (FORUM, "Announce", DeliveryState.FAILED) in await office.queue()


@pytest.mark.parametrize(("of", "is_dead"), [(FORUM, False), (BLOG, True)], ids=["its own", "somebody else's"])
async def test_a_forum_that_cannot_get_its_own_back_leaves_no_dead_letter(world, office, of, is_dead):
    group = await public_group(world, (FORUM, Dialect.FORUM), (BLOG, Dialect.MICROBLOG), office=office)
    post = await world.ada.writes("Out", group=group)
    await office.sends()
    await delivered(world)
    liker = await outsider(world.database, of, "reader")
    activity = {"id": f"http://{of}/x/9", "type": "Like", "actor": liker.uri, "object": post.uri, "to": [PUBLIC]}
    async with world.database.writing() as session:
        number = await stored(session, activity)
        journal.record(session, journal.GroupDistributes(group.id, number, post_id=post.id))
    await office.sends()

    await fails(world, FORUM, 424)
    assert await office.sends() == []

    assert ((FORUM, "Like", DeliveryState.FAILED) in await office.queue()) is is_dead


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_GRP_8_any_other_refusal_stays_a_refusal(world, office, status):
    group = await public_group(world, (FORUM, Dialect.FORUM), office=office)
    await delivered(world)
    await a_post_from(world, FORUM, "reader", group)
    await office.sends()
    await fails(world, FORUM, status)

    assert await office.sends() == []


async def test_GRP_8_what_is_not_for_everybody_never_goes_by_its_id(world, office):
    await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await fails(world, NORTHWIND, 424)

    assert await office.sends() == []


async def test_GRP_8_a_post_of_ours_can_be_fetched_and_needs_no_second_form(world, office):
    group = await public_group(world, (FORUM, Dialect.FORUM), office=office)
    await delivered(world)
    await world.ada.writes("Out", group=group)
    await office.sends()
    await fails(world, FORUM, 424)

    assert await office.sends() == []
