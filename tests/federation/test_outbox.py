"""What leaves groups of ours: to whom, in which form, in which order, and what is written down about it."""

import json

import pytest

from federation.keys import KeyRing
from federation.signatures import proofs
from federation.signatures.multikey import decode_key
from federation.vocabulary import PUBLIC
from models import groups
from models.base import now
from models.tables import (
    EVERYBODY,
    Actor,
    DeliveryState,
    Dialect,
    Group,
    Outcome,
    Reach,
)
from tests.federation.office import (
    BLOG,
    FORUM,
    a_post_from,
    approved,
    delivered,
    departures,
    lines,
    public_group,
)
from tests.federation.receiver import SECRET, quick_keys
from tests.world import NORTHWIND, SOUTHWIND


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


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
    post = await approved(world)

    of_post = [one for one in await office.sends() if post.uri in one.body.decode()]
    assert [(one.host, one.form) for one in of_post] == [(NORTHWIND, "Announce{Create}")]


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


async def test_somebody_on_a_microblog_whom_a_new_thread_names_gets_it_from_its_author_too(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)

    post = await world.ada.writes(f"Prices? @reader@{BLOG} @reader@{FORUM}", group=group)

    assert await office.forms() == [(BLOG, "Create"), (FORUM, "Announce{Create}"), (BLOG, "Announce{id}")]
    assert await departures(world, post) == {(BLOG, 1), (FORUM, 1)}
    await delivered(world)

    await world.ada.edits(post, "Better prices?")
    assert await office.forms() == [(BLOG, "Update"), (FORUM, "Announce{Update}")]
    await delivered(world)

    await world.ada.deletes(post)
    assert await office.forms() == [(BLOG, "Delete"), (FORUM, "Announce{Delete}"), (BLOG, "Undo{Announce}")]


async def test_GRP_8a_somebody_on_a_server_nobody_knows_gets_the_answer_from_its_author_too(world, office):
    group = await public_group(world, (BLOG, None), office=office)
    asked = await a_post_from(world, BLOG, "reader", group)
    await office.sends()

    answer = await world.ada.replies(asked, "We do")
    assert await office.forms() == [(BLOG, "Create"), (BLOG, "Announce{Create}")]
    await delivered(world)

    await world.ada.edits(answer, "We do indeed")
    assert await office.forms() == [(BLOG, "Update"), (BLOG, "Announce{Update}")]
    await delivered(world)

    await world.ada.deletes(answer)
    assert await office.forms() == [(BLOG, "Delete"), (BLOG, "Announce{Delete}")]


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
