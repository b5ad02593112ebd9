"""What leaves the house: to whom, in which form, in which order, and what is written down about it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from federation.keys import KeyRing
from federation.signatures import proofs
from federation.signatures.multikey import decode_key
from federation.vocabulary import PUBLIC
from models import actors, groups, journal, ledger, partners, reactions, received, relations
from models.base import now
from models.posts import receiving, writing
from models.tables import (
    EVERYBODY,
    Access,
    Activity,
    Actor,
    Delivery,
    DeliveryState,
    Departure,
    Dialect,
    Follow,
    Group,
    Level,
    MemberRole,
    Membership,
    Outcome,
    Post,
    Reach,
    Received,
    Visibility,
)
from tests.federation.office import Office, group_elsewhere, outsider
from tests.federation.receiver import SECRET, quick_keys
from tests.world import EASTWIND, MALLORY, NORTHWIND, SOUTHWIND, Outsider, World, take_in

BLOG = "blog.localhost:8010"
FORUM = "forum.localhost:8011"


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


@pytest.fixture
async def office(world: World) -> Office:
    """Where what happened so far was dealt with already."""
    office = Office(world.database)
    await office.sends()
    async with world.database.writing() as session:
        await session.execute(delete(Activity))
    return office


async def approved(world, text="Out", **more):
    post = await world.ada.writes(text, group=world.alpine, **more)
    await world.grace.approves(post)
    return post


async def public_group(world, *hosts_and_dialects, office):
    """A public group of Ada's with one member at each of some hosts, which speak these dialects."""
    group = await world.ada.founds("market", reach=Reach.PUBLIC, access=Access.OPEN)
    for host, dialect in hosts_and_dialects:
        async with world.database.writing() as session:
            await partners.admit(session, host)
        member = await outsider(world.database, host, "reader")
        await Outsider(world.database, host).joins(group, as_=member)
        if dialect is not None:
            await office.speaks(host, dialect)
    await office.sends()
    return group


async def lines(world):
    async with world.database.reading() as session:
        return list(await session.scalars(ledger.lines(world.alan.staff).order_by(None).order_by("id")))


async def departures(world, post):
    async with world.database.reading() as session:
        found = await session.scalars(select(Departure).where(Departure.post_id == post.id))
        return {(one.host, one.revision) for one in found}


# Posts in groups of ours


async def test_a_released_post_goes_to_the_companies_in_its_group_inside_the_groups_announce(world, office):
    await approved(world, "Quarterly figures")

    (sent,) = await office.sends()

    assert (sent.host, sent.inbox, sent.form) == (NORTHWIND, f"http://{NORTHWIND}/inbox", "Announce{Create}")
    announce = sent.document
    assert announce["to"] == [f"{announce['actor']}/followers"]
    assert "Quarterly figures" in announce["object"]["object"]["content"]
    assert PUBLIC not in sent.body.decode()


async def test_what_waits_at_the_gate_sends_nothing(world, office):
    await world.ada.writes("Waits", group=world.alpine)

    assert await office.sends() == []


async def test_what_is_for_the_company_sends_nothing(world, office):
    await world.ada.writes("Inside")
    group = await world.ada.founds("inner")
    await world.ada.writes("Inside too", group=group)

    assert await office.sends() == []
    assert await office.activities() == []


async def test_GRP_8_the_embedded_activity_is_kept_under_its_own_id_byte_for_byte(world, office):
    post = await approved(world)
    await office.sends()

    create, announce = await office.activities()

    assert (create.type, announce.type) == ("Create", "Create")
    assert create.body in announce.body
    assert json.loads(create.body)["id"] == create.uri
    assert (create.object_uri, create.post_id) == (post.uri, post.id)


async def test_PRF_1_both_the_activity_and_the_announce_carry_a_proof_of_their_actor(world, office):
    await approved(world)
    (sent,) = await office.sends()
    announce = sent.document
    ring = KeyRing(SECRET)

    for document, actor_id in ((announce, world.alpine.id), (announce["object"], world.ada.id)):
        proof = proofs.find(document, now=now())
        assert proof is not None
        own = await ring.ensure(world.database, actor_id)
        assert proof.verification_method == own.ed25519_id
        proofs.verify(proof, decode_key(own.ed25519_multibase))


async def test_the_ledger_says_who_let_what_out_to_whom(world, office):
    post = await approved(world)
    await office.sends()

    line = (await lines(world))[-1]

    assert (line.outcome, line.what, line.rule) == (Outcome.SENT, "Create", "gate")
    assert (line.actor, line.approved_by, line.hosts) == ("ada", "grace", [NORTHWIND])
    assert (line.post_id, line.revision, line.group_id) == (post.id, 1, world.alpine.id)
    assert len(line.digest) == 64


async def test_an_edit_reaches_those_who_have_the_post_once_it_is_approved(world, office):
    post = await approved(world)
    await office.sends()
    await world.ada.edits(post, "Better")
    assert await office.sends() == []

    await world.grace.approves(post)

    (sent,) = await office.sends()
    assert sent.form == "Announce{Update}"
    assert "Better" in sent.document["object"]["object"]["content"]
    assert await departures(world, post) == {(NORTHWIND, 2)}


async def test_a_company_that_joined_since_gets_the_edited_post_as_new(world, office):
    post = await approved(world)
    await office.sends()
    sven = await world.southwind.sends("sven")
    await world.southwind.joins(world.alpine, as_=sven)
    await office.sends()
    await world.ada.edits(post, "Better")
    await world.grace.approves(post)

    assert await office.forms() == [(SOUTHWIND, "Announce{Create}"), (NORTHWIND, "Announce{Update}")]


async def test_DLV_5_an_edit_replaces_an_older_one_that_is_still_queued(world, office):
    post = await approved(world)
    await office.sends()
    for text in ("Second", "Third"):
        await world.ada.edits(post, text)
        await world.grace.approves(post)
        await office.sends()

    states = [(what, state) for _, what, state in await office.queue()]
    assert states.count(("Update", DeliveryState.CANCELLED)) == 1
    assert states[-1] == ("Update", DeliveryState.QUEUED)


async def test_R_73_a_company_that_left_gets_no_edit_but_hears_of_the_end(world, office):
    post = await approved(world)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.receive_leave(session, group, await session.get_one(Actor, world.nora.id))
    await world.ada.edits(post, "Better")
    await world.grace.approves(post)
    assert await office.sends() == []

    await world.ada.deletes(post)

    assert await office.forms() == [(NORTHWIND, "Announce{Delete}")]


async def delivered(world):
    """Let everything that is queued have arrived."""
    async with world.database.writing() as session:
        for row in await session.scalars(select(Delivery).where(Delivery.state == DeliveryState.QUEUED)):
            row.state = DeliveryState.DELIVERED
            row.attempts = 1


async def test_a_deletion_leaves_a_tombstone_where_the_post_went(world, office):
    post = await approved(world)
    await office.sends()
    await delivered(world)

    await world.ada.deletes(post)

    (sent,) = await office.sends()
    delete = sent.document["object"]
    assert (sent.form, sent.what) == ("Announce{Delete}", "Delete")
    assert delete["object"]["type"] == "Tombstone"
    assert delete["object"]["id"] == post.uri
    assert (await lines(world))[-1].rule == "withdrawn"


async def test_DLV_5_a_post_deleted_before_it_left_is_never_heard_of(world, office):
    post = await approved(world)
    await office.sends()

    await world.ada.deletes(post)

    assert await office.sends() == []
    assert await office.queue() == [(NORTHWIND, "Create", DeliveryState.CANCELLED)]


async def test_a_post_whose_group_was_closed_since_is_still_taken_back(world, office):
    post = await approved(world)
    await office.sends()
    await delivered(world)
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.set_reach(session, group, Reach.INTERNAL, by=world.alan.staff, confirmed=None)
    assert await office.forms() == [(NORTHWIND, "Reject{Follow}")]

    await world.ada.deletes(post)

    (sent,) = await office.sends()
    assert sent.form == "Delete"
    assert sent.document["object"]["id"] == post.uri


# Who becomes known


async def test_the_author_becomes_known_where_the_post_went_and_nowhere_else(world, office):
    assert await office.knows(world.ada.id) == set()
    await approved(world)
    await office.sends()

    assert await office.knows(world.ada.id) == {NORTHWIND}
    assert await world.northwind.sees_person(world.ada)
    assert not await world.southwind.sees_person(world.ada)
    assert not await world.northwind.sees_person(world.alan)


async def test_colleagues_whom_a_post_names_become_known_with_it(world, office):
    await approved(world, "Ask @alan or @joan", names_outsiders=True)
    await office.sends()

    assert await office.knows(world.alan.id) == {NORTHWIND}
    assert await office.knows(world.joan.id) == set()  # no member: her name is text there, and no tag


async def test_a_public_post_makes_its_author_known_to_everybody(world, office):
    group = await public_group(world, office=office)
    await world.ada.writes("For all", group=group)
    assert await office.sends() == []

    assert await office.knows(world.ada.id) == {EVERYBODY}


# Dialects (GRP-8a)


@pytest.mark.parametrize(
    ("dialect", "forms"),
    [
        (Dialect.FORUM, ["Announce{Create}"]),
        (Dialect.MICROBLOG, ["Announce{id}"]),
        (Dialect.MIXED, ["Announce{Create}", "Announce{id}"]),
        (None, ["Announce{Create}", "Announce{id}"]),
    ],
    ids=["forum", "microblog", "mixed", "unknown"],
)
async def test_GRP_8a_a_host_gets_the_form_it_understands(world, office, dialect, forms):
    group = await public_group(world, (BLOG, dialect), office=office)

    post = await world.ada.writes("For all", group=group)

    sent = await office.sends()
    assert [one.form for one in sent] == forms
    for one in sent:
        assert one.document["to"] == [PUBLIC]
        if one.form == "Announce{id}":
            assert one.document["object"] == post.uri
    assert await departures(world, post) == {(BLOG, 1)}


@pytest.mark.parametrize("dialect", [Dialect.MICROBLOG, Dialect.MIXED], ids=str)
async def test_what_is_not_public_never_goes_by_its_id(world, office, dialect):
    await office.speaks(NORTHWIND, dialect)
    await approved(world)

    assert await office.forms() == [(NORTHWIND, "Announce{Create}")]


async def test_replies_do_not_flood_microblogs(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await world.ada.writes("For all", group=group)
    await office.sends()

    await world.ada.replies(post, "And more")

    assert await office.forms() == [(FORUM, "Announce{Create}")]


async def test_somebody_on_a_microblog_who_is_answered_gets_the_answer(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    asked = await a_post_from(world, BLOG, "reader", group)
    await office.sends()

    await world.ada.replies(asked, "We do")

    sent = {one.host: one for one in await office.sends()}
    assert {host: one.form for host, one in sent.items()} == {BLOG: "Create", FORUM: "Announce{Create}"}
    assert sent[BLOG].document["id"] == sent[FORUM].document["object"]["id"]
    assert sent[BLOG].document["object"]["inReplyTo"] == asked.uri


async def test_GRP_8b_microblogs_get_the_authors_own_update_and_delete(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await world.ada.writes("For all", group=group)
    await office.sends()
    await world.ada.edits(post, "Better")
    assert await office.forms() == [(BLOG, "Update"), (FORUM, "Announce{Update}")]
    await delivered(world)

    await world.ada.deletes(post)

    assert await office.forms() == [(BLOG, "Delete"), (FORUM, "Announce{Delete}"), (BLOG, "Undo{Announce}")]


async def test_a_host_that_got_both_forms_hears_of_the_end_in_both(world, office):
    group = await public_group(world, (BLOG, None), office=office)
    post = await world.ada.writes("For all", group=group)
    await office.sends()
    await delivered(world)

    await world.ada.deletes(post)

    assert await office.forms() == [(BLOG, "Delete"), (BLOG, "Announce{Delete}"), (BLOG, "Undo{Announce}")]


# What others do in groups of ours


async def a_post_from(world, host, username, group, *, uri="1", parent=None, is_public=True):
    """A post that somebody elsewhere wrote into a group of ours, received and passed on."""
    author = await outsider(world.database, host, username)
    post_uri = f"http://{host}/o/{uri}"
    place = await actor_of(world, group)
    to = [place.uri, PUBLIC if is_public else place.followers_uri]
    activity = {
        "id": f"http://{host}/x/{uri}",
        "type": "Create",
        "actor": author.uri,
        "to": to,
        "object": {"id": post_uri, "type": "Note", "attributedTo": author.uri, "to": to, "content": "Hi", "n": 1.0},
    }
    async with world.database.writing() as session:
        told = receiving.RemotePost(
            uri=post_uri,
            url=None,
            author=await session.get_one(Actor, author.id),
            visibility=Visibility.GROUP,
            html="Hi",
            group=await session.get_one(Group, group.id),
            reply_to_uri=parent.uri if parent is not None else None,
        )
        post = await receiving.receive(session, told)
        number = await stored(session, activity)
        journal.record(session, journal.GroupDistributes(group.id, number, post.id))
    return post


async def stored(session, activity, body=None):
    host = activity["actor"].split("/")[2]
    return await received.store(
        session,
        uri=activity["id"],
        host=host,
        type=activity["type"],
        actor_uri=activity["actor"],
        body=body or json.dumps(activity, indent=1).encode(),
    )


async def actor_of(world, group):
    async with world.database.reading() as session:
        return await session.get_one(Actor, group.id)


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


async def test_a_like_is_passed_on_to_forums_only(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    liker = await outsider(world.database, FORUM, "reader")
    activity = {"id": f"http://{FORUM}/x/9", "type": "Like", "actor": liker.uri, "to": [PUBLIC], "object": "http://x/1"}
    async with world.database.writing() as session:
        journal.record(session, journal.GroupDistributes(group.id, await stored(session, activity)))

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


# Posts outside groups


async def followed(world, person, host, username="fan", *, shared=True):
    follower = await outsider(world.database, host, username, shared=shared)
    async with world.database.writing() as session:
        session.add(Follow(follower_id=follower.id, followee_id=person.id, uri=f"{follower.uri}/f", accepted_at=now()))
    return follower


async def publish(world, post, visibility):
    async with world.database.writing() as session:
        found = await session.get_one(Post, post.id)
        found.visibility, found.reach, found.published_revision = visibility, Reach.PUBLIC, 1
        journal.record(session, journal.PostReleased(post.id, 1))


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS], ids=str)
async def test_ADR_5_followers_of_one_server_share_a_delivery(world, office, visibility):
    for name in ("one", "two", "three"):
        await followed(world, world.ada, NORTHWIND, name)
    await followed(world, world.ada, SOUTHWIND, "alone", shared=False)

    await publish(world, await world.ada.writes("Out"), visibility)

    sent = await office.sends()
    assert sorted(one.inbox for one in sent) == [
        f"http://{NORTHWIND}/inbox",
        f"http://{SOUTHWIND}/u/alone/inbox",
    ]
    assert {one.form for one in sent} == {"Create"}
    expected = {NORTHWIND, SOUTHWIND} if visibility is Visibility.FOLLOWERS else {EVERYBODY}
    assert await office.knows(world.ada.id) == expected


async def test_ADR_5_a_direct_message_goes_to_personal_inboxes(world, office):
    post = await world.ada.writes(f"You @nora@{NORTHWIND}", visibility=Visibility.DIRECT)

    (sent,) = await office.sends()

    assert sent.inbox == world.nora.inbox
    assert sent.document["to"] == [world.nora.uri]
    assert (await lines(world))[-1].rule == "direct"
    assert await departures(world, post) == {(NORTHWIND, 1)}


async def test_a_direct_message_among_colleagues_sends_nothing(world, office):
    await world.ada.tells(world.joan)

    assert await office.sends() == []


async def test_a_boost_is_announced_by_its_id_and_taken_back(world, office):
    await followed(world, world.joan, NORTHWIND)
    post = await world.ada.writes("Out")
    await publish(world, post, Visibility.PUBLIC)
    async with world.database.writing() as session:
        boost = Post(
            uri=world.database.instance.mint("x"),
            author_id=world.joan.id,
            visibility=Visibility.PUBLIC,
            reach=Reach.PUBLIC,
            boost_of_id=post.id,
            published_revision=1,
        )
        session.add(boost)
        await session.flush()
        journal.record(session, journal.PostReleased(boost.id, 1))

    (sent,) = await office.sends()
    assert sent.form == "Announce{id}"
    assert sent.document["object"] == post.uri
    assert sent.document["id"] == boost.uri
    await delivered(world)
    async with world.database.writing() as session:
        await writing.unboost(session, post.id, by=world.joan.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Announce}"
    assert undo.document["object"]["id"] == boost.uri


async def test_R_17_a_boost_inside_the_reach_sends_nothing(world, office):
    post = await approved(world)
    await office.sends()
    await world.alan.boosts(post)

    assert await office.sends() == []


# Thanks


async def test_thanks_go_to_whose_post_it_is_and_can_be_taken_back(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await world.ada.likes(post)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Like")
    assert sent.document["object"] == post.uri
    assert await office.knows(world.ada.id) == {NORTHWIND}
    await delivered(world)
    async with world.database.writing() as session:
        await reactions.unlike(session, post.id, by=world.ada.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Like}"
    assert undo.document["object"]["id"] == sent.document["id"]


async def test_thanks_taken_back_before_they_left_are_never_heard_of(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await office.sends()
    await world.ada.likes(post)
    await office.sends()
    async with world.database.writing() as session:
        await reactions.unlike(session, post.id, by=world.ada.staff)

    assert await office.sends() == []


async def test_thanks_among_colleagues_stay_in_the_house(world, office):
    post = await approved(world)
    await office.sends()
    await world.alan.likes(post)

    assert await office.sends() == []
    assert await office.knows(world.alan.id) == set()


async def test_thanks_for_a_post_of_a_group_elsewhere_go_to_the_group_too(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel", world.ada.id)
    author = await outsider(world.database, SOUTHWIND, "sven")
    async with world.database.writing() as session:
        told = receiving.RemotePost(
            uri=f"http://{SOUTHWIND}/o/1",
            url=None,
            author=await session.get_one(Actor, author.id),
            visibility=Visibility.GROUP,
            html="Hi",
            group=await session.get_one(Group, group.id),
        )
        post = await receiving.receive(session, told)
    await world.ada.likes(post)

    assert sorted(await office.forms()) == [(NORTHWIND, "Like"), (SOUTHWIND, "Like")]


# Following and joining


async def test_a_wish_to_follow_goes_to_whom_it_is_about_and_can_be_withdrawn(world, office):
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        follow = await relations.follow(session, nora, by=world.ada.staff)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Follow")
    assert sent.document["id"] == follow.uri
    assert sent.document["object"] == world.nora.uri
    await delivered(world)
    async with world.database.writing() as session:
        await relations.unfollow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)

    (undo,) = await office.sends()
    assert undo.form == "Undo{Follow}"
    assert undo.document["object"]["id"] == follow.uri


async def test_a_wish_withdrawn_before_it_left_is_never_heard_of(world, office):
    async with world.database.writing() as session:
        await relations.follow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)
    await office.sends()
    async with world.database.writing() as session:
        await relations.unfollow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)

    assert await office.sends() == []


async def asks_to_follow(world, person):
    async with world.database.writing() as session:
        await actors.disclose(session, person.id, [NORTHWIND])
        nora = await session.get_one(Actor, world.nora.id)
        return await relations.receive_follow(
            session, by=nora, followee=await session.get_one(Actor, person.id), uri=f"{nora.uri}/follows/1"
        )


async def test_GRP_3_an_accept_goes_to_the_personal_inbox_with_the_complete_follow(world, office):
    await asks_to_follow(world, world.ada)

    (sent,) = await office.sends()

    assert (sent.inbox, sent.form) == (world.nora.inbox, "Accept{Follow}")
    follow = sent.document["object"]
    assert follow["id"] == f"{world.nora.uri}/follows/1"
    assert (follow["actor"], follow["object"]) == (world.nora.uri, sent.document["actor"])


@pytest.mark.parametrize(("dialect", "waits"), [(Dialect.UNKNOWN, True), (Dialect.FORUM, False)], ids=str)
async def test_an_answer_waits_a_moment_for_servers_that_might_miss_it(world, office, dialect, waits):
    await office.speaks(NORTHWIND, dialect)
    before = now()
    await asks_to_follow(world, world.ada)
    await office.sends()

    async with world.database.reading() as session:
        first = await session.scalar(select(Delivery.next_attempt_at).order_by(Delivery.id.desc()))
    assert (first - before >= timedelta(seconds=1)) is waits


async def test_a_refused_follower_is_told(world, office):
    async with world.database.writing() as session:
        (await session.get_one(Actor, world.ada.id)).is_locked = True
    await asks_to_follow(world, world.ada)
    assert await office.sends() == []
    async with world.database.writing() as session:
        await relations.answer_request(session, world.nora.id, by=world.ada.staff, accepted=False)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Reject{Follow}")


async def test_whoever_joins_from_elsewhere_is_welcomed_by_the_group(world, office):
    sven = await world.southwind.sends("sven")
    member = await world.southwind.joins(world.alpine, as_=sven)

    (sent,) = await office.sends()
    place = await actor_of(world, world.alpine)
    assert (sent.inbox, sent.form) == (sven.inbox, "Accept{Follow}")
    assert sent.document["actor"] == place.uri
    assert sent.document["object"] == {"id": member.uri, "type": "Follow", "actor": sven.uri, "object": place.uri}


async def test_colleagues_who_join_a_group_of_ours_send_nothing(world, office):
    await take_in(world.database, world.alan, world.alpine, world.joan)

    assert await office.sends() == []


async def test_a_wish_to_join_a_group_elsewhere_is_a_follow_of_it(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel")
    place = await actor_of(world, group)
    member = await world.ada.joins(group)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form, sent.document["id"]) == (place.inbox, "Follow", member.uri)
    await delivered(world)
    await world.ada.leaves(group)

    (undo,) = await office.sends()
    assert (undo.inbox, undo.form) == (place.inbox, "Undo{Follow}")
    assert undo.document["object"]["object"] == place.uri


async def test_GRP_17_whoever_is_removed_from_a_group_is_told(world, office):
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.remove(session, group, world.nora.id, by=world.alan.staff)

    (sent,) = await office.sends()
    assert (sent.inbox, sent.form) == (world.nora.inbox, "Reject{Follow}")
    assert sent.document["object"]["object"] == sent.document["actor"]


# Profiles


async def test_a_changed_group_is_told_to_its_members(world, office):
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.describe(
            session, group, by=world.alan.staff, name="Alpine two", purpose="New", access=Access.CLOSED
        )

    (sent,) = await office.sends()
    assert (sent.host, sent.form) == (NORTHWIND, "Update")
    update = sent.document
    assert update["object"]["name"] == "Alpine two"
    assert update["to"] == [f"{update['actor']}/followers"]
    assert "@context" not in update["object"]


async def test_a_changed_profile_is_told_only_where_the_person_is_known(world, office):
    await rename(world, "Ada L.")
    assert await office.sends() == []
    await approved(world)
    await office.sends()

    await rename(world, "Ada Lovelace")

    (sent,) = await office.sends()
    assert (sent.host, sent.form) == (NORTHWIND, "Update")
    assert sent.document["object"]["name"] == "Ada Lovelace"


async def rename(world, name):
    async with world.database.writing() as session:
        await actors.change_profile(session, by=world.ada.staff, display_name=name)


async def test_an_internal_group_tells_nobody_of_its_changes(world, office):
    group = await world.ada.founds("inner")
    async with world.database.writing() as session:
        found = await session.get_one(Group, group.id)
        await groups.describe(session, found, by=world.ada.staff, name="Secret", purpose="", access=Access.OPEN)

    assert await office.sends() == []


# The gate's second look


async def test_a_company_that_is_no_partner_gets_nothing_and_the_ledger_says_so(world, office):
    await followed(world, world.ada, MALLORY)
    await followed(world, world.ada, EASTWIND)

    await publish(world, await world.ada.writes("Out"), Visibility.FOLLOWERS)

    assert await office.sends() == []
    line = (await lines(world))[-1]
    assert (line.outcome, line.rule, line.hosts) == (Outcome.STOPPED, "not_a_partner", sorted([EASTWIND, MALLORY]))
    assert await office.knows(world.ada.id) == set()


async def test_a_suspended_partner_gets_no_post_of_its_group(world, office):
    async with world.database.writing() as session:
        await partners.suspend(session, NORTHWIND)
    await office.sends()

    await approved(world)

    assert await office.sends() == []


async def test_an_agreement_that_ended_ends_what_is_queued_for_its_group(world, office):
    await approved(world)
    await office.sends()
    async with world.database.writing() as session:
        partner = await session.scalar(partners.listed().where(partners.Partner.host == NORTHWIND))
        await partners.end_agreement(session, partner, await session.get_one(Group, world.alpine.id))

    assert (NORTHWIND, "Create", DeliveryState.CANCELLED) in await office.queue()
    assert await office.forms() == [(NORTHWIND, "Reject{Follow}")]


async def test_a_level_changes_nothing_about_who_gets_a_post(world, office):
    async with world.database.writing() as session:
        await partners.admit(session, NORTHWIND, levels={"alpine": Level.READ})
    await approved(world)

    assert await office.forms() == [(NORTHWIND, "Announce{Create}")]


async def test_a_batch_that_is_read_twice_sends_once(world, office):
    await approved(world)
    first = await office.sends()

    again = await office.sends()

    assert len(first) == 1
    assert again == []


async def test_a_gatekeepers_role_is_nobodys_business_outside(world, office):
    async with world.database.writing() as session:
        await groups.set_role(
            session,
            await session.get_one(Group, world.alpine.id),
            world.ada.id,
            MemberRole.GATEKEEPER,
            by=world.alan.staff,
        )
        assert await session.scalar(select(Membership.role).where(Membership.actor_id == world.ada.id)) is not None

    assert await office.sends() == []
