"""The inbox: what is taken, what is refused with which answer, and what 202 promises."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from federation import trust
from federation.group_commit import GroupCommit
from federation.vocabulary import AS_JSON
from models import actors, audit, received
from models.base import now
from models.tables import Actor, AuditLine, Key, Level, Reach, Received, ReceivedState
from tests.federation import neighbours
from tests.federation.neighbours import LD, altered
from tests.keys import rsa


@pytest.fixture
def like(nora):
    return nora.does("Like", "http://nowhere.localhost/1")


async def stored(home) -> list[str]:
    return [row.uri for row in await home.rows(Received)]


# What is taken


async def test_INB_9_202_means_that_the_bytes_are_stored(home, nora, like):
    answer = await nora.posts(home, like)
    assert (answer.status, answer.body) == (202, b"")
    [row] = await home.rows(Received)
    assert (row.uri, row.host, row.type, row.actor_uri) == (like["id"], nora.peer.host, "Like", nora.id)
    assert msgspec.json.decode(row.body) == like
    assert row.state is ReceivedState.WAITING


@pytest.mark.parametrize("kind", [AS_JSON, LD, "application/ld+json", f"{AS_JSON}; charset=utf-8"])
async def test_HTTP_10_the_media_types_of_activities_are_taken(home, nora, like, kind):
    assert (await nora.posts(home, like, content_type=kind)).status == 202


@pytest.mark.parametrize("form", ["cavage", "rfc9421"])
async def test_both_forms_of_signatures_are_taken(home, nora, like, form):
    assert (await nora.posts(home, like, form=form)).status == 202


async def test_SIG_12_a_signature_is_believed_for_twelve_hours(home, nora, like):
    moment = datetime.now(UTC)
    for hours, status in ((-11.9, 202), (-12.1, 401), (0.9, 202), (1.1, 401), (-26, 401), (26, 401)):
        answer = await nora.posts(home, like, now=moment + timedelta(hours=hours))
        assert answer.status == status, hours


async def test_INB_2_some_activities_may_come_without_an_id(home, nora, like):
    follow = altered(like, type="Follow", id=None)
    body = msgspec.json.encode(follow)
    assert (await nora.posts(home, body)).status == 202
    assert (await nora.posts(home, body)).status == 202
    assert await stored(home) == [f"{nora.id}#unnamed-{hashlib.sha256(body).hexdigest()}"]
    assert (await nora.posts(home, altered(like, id=None))).status == 400


async def test_R_60_twenty_copies_at_once_are_one(home, nora, like):
    """INB-6: each is acknowledged and one has an effect."""
    answers = await asyncio.gather(*(nora.posts(home, like) for _ in range(20)))
    assert {answer.status for answer in answers} == {202}
    assert await stored(home) == [like["id"]]


async def test_promise_1_what_cannot_be_stored_is_not_acknowledged(home, nora, like, monkeypatch):
    """503 with a time to come back: what is full or away says so (promise 8, DLV-9)."""

    async def full(*_, **__):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(received, "store", full)
    answer = await nora.posts(home, like)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    monkeypatch.undo()
    assert (await nora.posts(home, like)).status == 202


async def test_promise_1_what_comes_at_once_shares_a_commit_and_nothing_is_acknowledged_before_it(database):
    together = GroupCommit()
    events: list[str] = []

    def write(name: str):
        async def run(session):
            events.append(f"{name} written")
            if name == "bad":
                raise ValueError(name)
            audit.note(session, name)

        return run

    async def acknowledged(name: str) -> None:
        try:
            await together.write(database, write(name))
        except ValueError:
            events.append(f"{name} refused")
            return
        async with database.reading() as session:
            found = await session.scalars(AuditLine.__table__.select().with_only_columns(AuditLine.action))
            assert name in found.all()
        events.append(f"{name} acknowledged")

    await asyncio.gather(*(acknowledged(name) for name in ("one", "two", "three")))
    assert events[:3] == ["one written", "two written", "three written"]
    assert sorted(events[3:]) == ["one acknowledged", "three acknowledged", "two acknowledged"]

    events.clear()
    await asyncio.gather(*(acknowledged(name) for name in ("four", "bad", "five")))
    assert "bad refused" in events
    assert {"four acknowledged", "five acknowledged"} <= set(events)


async def test_promise_1_what_is_written_together_gets_its_own_answer_and_one_that_fails_fails_alone(database):
    together = GroupCommit()
    batches: list[list[str]] = []

    async def note(session, names):
        batches.append(list(names))
        for name in names:
            audit.note(session, name)
        if "bad" in names:
            raise ValueError(names)
        return [f"{name} noted" for name in names]

    answers = await asyncio.gather(
        *(together.add(database, note, name) for name in ("one", "bad", "two")), return_exceptions=True
    )

    assert (answers[0], answers[2]) == ("one noted", "two noted")
    assert isinstance(answers[1], ValueError)
    assert batches == [["one", "bad", "two"], ["one"], ["bad"], ["two"]]
    async with database.reading() as session:
        assert (await session.scalars(select(AuditLine.action).order_by(AuditLine.id))).all() == ["one", "two"]


# What is refused


NO_ACTIVITIES = [
    (b"", 400),
    (b"[]", 400),
    (b"null", 400),
    (b'{"type": "Like"', 400),
    (b'{"type": "Like", "type": "Create"}', 400),
    (b'{"type": "Like", "actor": NaN}', 400),
    (b"\xff\xfe", 400),
    (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
    (b'{"id": 9007199254740993, "type": "Like"}', 400),
    (b"{}", 400),
    (b'{"type": ""}', 400),
    (b'{"type": 7}', 400),
    (b'{"type": "Li\\u0000ke"}', 400),
    (b'{"type": "Like"}', 400),
]


async def test_INB_1_what_is_no_activity_is_refused(home, nora, subtests):
    for body, status in NO_ACTIVITIES:
        with subtests.test(body):
            assert (await nora.posts(home, body)).status == status
            assert await stored(home) == []


NO_ADDRESSES = [
    {"id": 7},
    {"id": ""},
    {"id": "Like-1"},
    {"id": "javascript:alert(1)"},
    {"id": "https://user@northwind.example/1"},
    {"id": "https://northwind.example\\@lovelace/1"},
    {"id": "https://northwind.example/\u0000"},
    {"id": "https://northwind.example/" + "a" * 5000},
    {"actor": None},
    {"actor": 7},
    {"actor": []},
    {"actor": "nora"},
    {"actor": {"name": "nora"}},
    {"actor": ["http://a.localhost/1", "http://a.localhost/2"]},
]


async def test_INB_2_R_20_ids_and_actors_are_addresses(home, nora, like, subtests):
    for changes in NO_ADDRESSES:
        with subtests.test(str(changes)[:50]):
            assert (await nora.posts(home, altered(like, **changes))).status == 400


async def test_INB_1_bodies_have_a_size_a_type_and_no_wrapping(database_url, shared_keys, northwind, nora, like):
    async with neighbours.home(database_url, max_body=2000) as home:
        await home.admits(northwind)
        assert (await nora.posts(home, altered(like, content="a" * 3000))).status == 413

        async def endless():
            for _ in range(50):
                yield b"a" * 1000

        headers = {"Content-Type": AS_JSON, "Signature": "x"}
        chunked = await home.request("POST", "/inbox", headers=headers, body=endless())
        assert chunked.status == 413
        for kind in ("application/json", "text/plain", "", "text/html"):
            assert (await nora.posts(home, like, content_type=kind)).status == 415, kind
        assert (await nora.posts(home, like, change={"Content-Type": None})).status == 415
        assert (await nora.posts(home, like)).status == 202
        assert (await nora.posts(home, like, change={"Content-Encoding": "gzip"})).status == 415  # ends the connection


TOUCHED = [
    ({"Digest": None}, 401),
    ({"Digest": ""}, 401),
    ({"Digest": "MD5=rL0Y20zC+Fzt72VPzMSk2A=="}, 401),
    ({"Digest": "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, 401),
    ({"Date": None}, 400),
    ({"Date": "yesterday"}, 401),
    ({"Date": format_datetime(datetime.now(UTC), usegmt=True).replace("GMT", "CET")}, 401),
    ({"Host": "other.localhost"}, 401),
    ({"Signature": None}, 401),
    ({"Signature": ""}, 400),
    ({"Signature": 'keyId="a"'}, 400),
    ({"Signature": "rubbish"}, 400),
]


async def test_INB_5_R_01_to_R_03_a_request_that_was_touched_is_refused(home, nora, like, subtests):
    for change, status in TOUCHED:
        with subtests.test(str(change)):
            answer = await nora.posts(home, like, change=change)
            assert answer.status == status
            assert await stored(home) == []
            if status == 401:
                assert answer.headers["WWW-Authenticate"] == "Signature"
                assert '"content-digest"' in answer.headers["Accept-Signature"]


async def test_INB_5_R_02_a_signature_holds_for_one_request_alone(home, nora, like):
    body = msgspec.json.encode(like)
    signed = nora.headers("POST", home.url("/inbox"), body)
    assert (await home.request("POST", "/inbox?x=1", headers=signed, body=body)).status == 401
    assert (await home.request("POST", "/ap/instance/inbox", headers=signed, body=body)).status == 401
    assert (await home.request("POST", "/inbox", headers=signed, body=body + b" ")).status == 401
    assert (await home.request("POST", "/inbox", headers=signed, body=body)).status == 202


@pytest.mark.parametrize(
    "covered", ["date", "(request-target) host date", "host date digest", "(request-target) date digest"]
)
async def test_INB_5_R_02_a_signature_covers_what_routes_and_the_body(home, nora, like, covered):
    headers = nora.headers("POST", home.url("/inbox"), msgspec.json.encode(like))
    part = headers["Signature"].split('headers="')[1].split('"')[0]
    answer = await nora.posts(home, like, change={"Signature": headers["Signature"].replace(part, covered)})
    assert answer.status == 401


async def test_R_04_a_second_value_of_a_deciding_header_is_refused(home, nora, like):
    for name in ("Signature", "Digest", "Date"):
        headers = nora.headers("POST", home.url("/inbox"), msgspec.json.encode(like))
        twice = [*headers.items(), (name, headers[name])]
        answer = await home.request("POST", "/inbox", headers=twice, body=msgspec.json.encode(like))
        assert answer.status == 400, name


async def test_INB_5_another_key_than_the_actors_is_refused(home, nora, like, northwind):
    """Who signed is the key's owner, and must be the actor (SIG-15)."""
    assert (await nora.posts(home, like, private_key=rsa(1))).status == 401
    assert (await nora.posts(home, like, key_id=f"{nora.id}#other")).status == 401
    assert (await nora.posts(home, like, key_id="acct:nora@northwind")).status in (400, 403)
    neighbour = northwind.person("neighbour", number=1)
    assert (await neighbour.posts(home, like)).status == 401  # INB-7
    assert await stored(home) == []


async def test_INB_2_whom_we_did_not_admit_is_refused_before_anything_is_fetched(home, mallory, nora, like, northwind):
    eve = mallory.person("eve")
    assert (await eve.posts(home, eve.does("Like", "http://x.localhost/1"))).status == 403
    assert (await eve.posts(home, like)).status == 403
    assert (await nora.posts(home, altered(like, actor=eve.id, id=f"{mallory.base_url}/1"))).status == 403
    assert (mallory.asked, northwind.asked) == ([], [])


async def test_INB_2_a_suspended_partner_is_refused(home, northwind, nora, like):
    assert (await nora.posts(home, like)).status == 202
    await home.suspends(northwind)
    assert (await nora.posts(home, altered(like, id=f"{like['id']}b"))).status == 403


async def test_INB_2_whose_key_is_in_memory_is_suspended_from_the_next_request_on(home, northwind, nora, like):
    assert (await nora.posts(home, like)).status == 202
    await home.suspends(northwind)
    assert (await nora.posts(home, altered(like, id=f"{like['id']}0"))).status == 403
    await home.admits(northwind)
    assert (await nora.posts(home, altered(like, id=f"{like['id']}1"))).status == 202
    assert await stored(home) == [like["id"], f"{like['id']}1"]


async def test_R_07_a_key_that_changed_in_the_database_counts_no_more_in_memory(home, northwind, nora, like):
    """Another process noticed the change; this one had the old key in memory."""
    assert (await nora.posts(home, like)).status == 202
    asked = len(northwind.asked)
    async with home.database.writing() as session:
        for key in await session.scalars(select(Key).where(Key.uri == nora.key_id)):
            key.retired_at = now()
    assert (await nora.posts(home, altered(like, id=f"{like['id']}0"))).status == 202
    assert len(northwind.asked) == asked + 1


async def test_R_13_nobody_speaks_for_us(home, nora, like):
    alan = await home.actor(home.alan.id)
    for uri in (f"{home.instance.base_url}/ap/x/1", like["id"]):
        assert (await nora.posts(home, altered(like, actor=alan.uri, id=uri))).status == 403


async def test_INB_8_an_activity_is_of_its_actors_server(home, nora, like):
    assert (await nora.posts(home, altered(like, id="http://mallory.localhost:9/1"))).status == 403
    assert (await nora.posts(home, altered(like, id=home.url("/ap/x/1")))).status == 403


async def test_INB_3_only_who_may_know_of_somebody_reaches_their_inbox(home, northwind, nora, like):
    alan = await home.actor(home.alan.id)
    group = await home.actor((await home.founds("secret", Reach.INTERNAL)).id)
    never = await nora.posts(home, like, inbox="/ap/u/never/inbox")
    assert never.status == 404
    for inbox in (alan.inbox, group.inbox):
        assert (await nora.posts(home, like, inbox=inbox)).told == never.told
        unsigned = await nora.posts(home, like, inbox=inbox, change={"Signature": None})
        assert (
            unsigned.told == (await nora.posts(home, like, inbox="/ap/u/never/inbox", change={"Signature": None})).told
        )
    async with home.database.writing() as session:
        await actors.disclose(session, alan.id, {northwind.host})
    assert (await nora.posts(home, like, inbox=alan.inbox)).status == 202
    assert (await home.rows(Received))[0].inbox_actor_id == alan.id


async def test_INB_3_each_of_several_servers_at_once_reaches_the_inboxes_it_may_know_of(home, northwind, nora, mallory):
    await home.admits(mallory)
    mary, alan = mallory.person("mary", number=1), await home.actor(home.alan.id)
    async with home.database.writing() as session:
        await actors.disclose(session, alan.id, {northwind.host})
    for _ in range(2):  # as strangers, and with keys from memory
        asked = [(who, inbox) for who in (nora, mary) for inbox in (alan.inbox, "/inbox", "/ap/u/never/inbox")]
        answers = await asyncio.gather(*(who.posts(home, who.does("Like", "x"), inbox=inbox) for who, inbox in asked))
        assert [answer.status for answer in answers] == [202, 202, 404, 404, 202, 404]
    owners = [(row.host, row.inbox_actor_id) for row in await home.rows(Received)]
    assert sorted(owners, key=str) == sorted(
        2 * [(northwind.host, alan.id), (northwind.host, None), (mallory.host, None)], key=str
    )


async def test_B2B_5_who_is_suspended_while_its_key_is_fetched_stores_nothing(home, northwind, nora, like, monkeypatch):
    prove = trust.prove

    async def and_is_suspended(*which, **how):
        known = await prove(*which, **how)
        await home.suspends(northwind)
        return known

    monkeypatch.setattr("federation.inbox.receiving.trust.prove", and_is_suspended)
    assert (await nora.posts(home, like)).status == 401
    assert (await nora.posts(home, like)).status == 403
    assert await home.rows(Received) == []


async def test_the_shared_inbox_is_exactly_one_address(home, nora, like):
    for path in ("/inbox/", "/ap/inbox", "/sharedInbox"):
        assert (await nora.posts(home, like, inbox=path)).status in (404, 405)


async def test_INB_1_each_server_has_its_rate(database_url, shared_keys, northwind, nora, clock):
    async with neighbours.home(database_url, requests_per_minute=3) as home:
        await home.admits(northwind)
        answers = [await nora.posts(home, nora.does("Like", "http://x.localhost/1"), now=clock.now) for _ in range(8)]
        assert [answer.status for answer in answers] == [202] * 6 + [429] * 2
        assert int(answers[-1].headers["Retry-After"]) in range(1, 21)
        clock.advance(seconds=21)
        assert (await nora.posts(home, nora.does("Like", "http://x.localhost/1"), now=clock.now)).status == 202


async def test_B2B_5_refusals_are_noted_with_their_rule_but_not_without_end(home, nora, mallory, like):
    eve = mallory.person("eve")
    await eve.posts(home, eve.does("Like", "http://x.localhost/1"))
    await nora.posts(home, like, private_key=rsa(1))
    lines = await home.audit("inbox_refused")
    assert [(line.host, line.rule, line.facts["status"]) for line in lines] == [
        (mallory.host, "INB-2", 403),
        (nora.peer.host, "INB-5", 401),
    ]
    assert lines[1].facts["key_id"] == nora.key_id
    for _ in range(30):
        await eve.posts(home, b"rubbish \x00")
    assert len(await home.audit("inbox_refused")) < 15


# Who is gone


async def test_INB_4_the_end_of_somebody_unknown_is_no_news(home, northwind):
    gone = northwind.person("gone")
    northwind.removes(gone.id)
    answer = await gone.posts(home, gone.does("Delete", gone.id))
    assert answer.status == 202
    assert (await stored(home), northwind.asked) == ([], [])


async def test_INB_4_whose_server_says_gone_is_deleted_without_a_signature(home, northwind, nora, like, clock):
    await nora.sends(home, like)
    northwind.removes(nora.id)
    clock.advance(hours=25)
    delete = nora.does("Delete", nora.id)
    assert await nora.sends(home, delete, now=clock.now) == "done: actor deleted"
    [actor] = [row for row in await home.rows(Actor) if row.uri == nora.id]
    assert (actor.deleted_at is not None, actor.display_name) == (True, "")


@pytest.mark.parametrize("is_over", [False, True])
async def test_R_14_something_that_is_gone_on_its_server_ends_nobody_who_is_there(
    home, northwind, mallory, nora, like, is_over
):
    """Anybody could name a deleted post as their key, and needed no key of their own."""
    await nora.sends(home, like)
    note = f"{northwind.base_url}/notes/deleted"
    northwind.removes(note)
    if is_over:
        northwind.removes(nora.id)
    delete = altered(nora.does("Delete", nora.id), id=f"{nora.id}#end")
    answer = await mallory.person("eve", number=2).posts(home, delete, key_id=f"{note}#main-key")
    assert answer.status == (202 if is_over else 401)
    await home.works()
    assert ((await home.actor(nora.id)).deleted_at is not None) is is_over


async def test_INB_4_a_missing_actor_is_not_a_deleted_one(home, northwind, nora, like, clock):
    await nora.sends(home, like)
    northwind.removes(nora.id, status=404)
    clock.advance(hours=25)
    assert (await nora.posts(home, nora.does("Delete", nora.id), now=clock.now)).status == 401
    assert (await home.actor(nora.id)).deleted_at is None


# What others bring


async def test_INB_7_somebody_elses_activity_needs_a_proof(home, northwind, nora, like):
    """With one it is believed without asking anybody (PRF-4)."""
    carrier = northwind.person("carrier", number=1)
    proved = nora.proves(like)
    assert (await carrier.posts(home, proved)).status == 202
    [row] = await home.rows(Received)
    assert (row.actor_uri, row.host) == (nora.id, northwind.host)

    for changes in ({"object": "http://other.localhost/1"}, {"proof__proofValue": "z1"}, {"proof": "x"}):
        forged = altered(proved, **{"id": f"{like['id']}x", **changes})
        assert (await carrier.posts(home, forged)).status == 401, changes
    mine = carrier.proves(altered(like, id=f"{like['id']}y"))
    assert (await carrier.posts(home, mine)).status == 401


async def test_INB_7_word_of_a_post_is_only_a_hint_where_to_look(home, northwind, nora):
    carrier = northwind.person("carrier", number=1)
    create = nora.does("Create", nora.note("1"))
    assert (await carrier.posts(home, create)).status == 202
    [row] = await home.rows(Received)
    assert row.actor_uri == ""


async def test_DLV_7_a_server_that_speaks_is_known_to_live(home, northwind, nora, like):
    from sqlalchemy import select

    from models.tables import Peer

    await nora.posts(home, like)
    async with home.database.reading() as session:
        peer = (await session.scalars(select(Peer).where(Peer.host == northwind.host))).one()
    assert peer.last_seen_at is not None


# Dealing with it


async def test_R_45_poison_is_parked_and_its_neighbours_go_on(home, northwind, nora, like, clock, monkeypatch):
    from federation.activities import HANDLERS, Handler

    async def explode(session, incoming):
        raise RuntimeError("boom")

    monkeypatch.setitem(HANDLERS, "Like", Handler(explode))
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    await nora.posts(home, like, now=clock.now)
    await nora.posts(home, nora.does("Follow", group.uri), now=clock.now)
    for _ in range(received.TRIES):
        await home.works()
        clock.advance(hours=2)
    rows = await home.rows(Received)
    assert [row.state for row in rows] == [ReceivedState.PARKED, ReceivedState.DONE]
    assert rows[0].outcome == "RuntimeError: boom"
    assert rows[0].attempts == received.TRIES


async def test_promise_6_an_attempt_is_counted_before_it_is_made(home, nora, like, clock):
    await nora.posts(home, like)
    for attempt in range(1, received.TRIES + 1):
        async with home.database.writing() as session:  # and then the process dies
            [claimed] = await received.claim(session, nora.peer.host, limit=5)
        assert claimed.attempt == attempt
        async with home.database.reading() as session:
            assert (await received.next_due(session)) > now()
        clock.advance(minutes=3)
    await home.works()
    assert (await home.rows(Received))[0].state is ReceivedState.PARKED


async def test_promise_4_a_late_worker_changes_nothing(home, nora, clock):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    await nora.posts(home, nora.does("Follow", group.uri))
    async with home.database.writing() as session:
        [late] = await received.claim(session, nora.peer.host, limit=1)
    clock.advance(minutes=3)
    await home.works()
    assert await home.outcome() == "done: joined"
    async with home.database.writing() as session:
        assert not await received.holds(session, late)
        await received.finish(session, late, ReceivedState.REFUSED, "late")
    assert await home.outcome() == "done: joined"


async def test_activities_of_one_server_are_dealt_with_in_their_order(home, nora):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    follow = nora.does("Follow", group.uri)
    for activity in (follow, nora.does("Undo", follow), altered(follow, id=f"{follow['id']}b")):
        await nora.posts(home, activity)
    await home.works()
    assert [row.outcome for row in await home.rows(Received)] == ["joined", "left", "joined"]


async def test_the_processor_runs_until_it_is_stopped(home, nora):
    stop = asyncio.Event()
    task = asyncio.create_task(home.processor.run(stop))
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    await nora.posts(home, nora.does("Follow", group.uri))
    async with asyncio.timeout(10):
        while not await home.entries("Joined"):
            await home.database.changed.wait(home.database.changed.count, at_most=0.1)
    stop.set()
    async with asyncio.timeout(10):
        await task


async def test_promise_7_who_stops_leaves_the_rest_to_the_next(home, nora, monkeypatch):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    follow = nora.does("Follow", group.uri)
    for number in range(3):
        await nora.posts(home, altered(follow, id=f"{follow['id']}/{number}"))
    processor, begun, stop = home.processor, home.processor._process, asyncio.Event()

    async def process(claimed):
        await begun(claimed)
        stop.set()
        async with asyncio.timeout(9):
            while not processor._is_stopping:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0)

    monkeypatch.setattr(processor, "_process", process)
    await processor.run(stop)
    assert [(row.state, row.attempts) for row in await home.rows(Received)] == [
        (ReceivedState.DONE, 1),
        (ReceivedState.WAITING, 0),
        (ReceivedState.WAITING, 0),
    ]
    monkeypatch.undo()
    assert await home.works() == 2


async def test_R_45_a_silent_server_holds_up_nobody_else(home, northwind, nora, mallory):
    await home.admits(mallory)
    eve, alan = mallory.person("eve", number=1), await home.actor(home.alan.id)
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    mallory.silent = {f"/notes/{number}" for number in range(30)}
    for number in range(30):
        note = eve.note(f"reply-{number}", inReplyTo=f"{mallory.base_url}/notes/{number}", cc=[alan.uri])
        assert (await eve.posts(home, eve.does("Create", note))).status == 202
    stop = asyncio.Event()
    running = asyncio.create_task(home.processor.run(stop))
    await nora.posts(home, nora.does("Follow", group.uri))
    async with asyncio.timeout(9):
        while not await home.entries("Joined"):
            await home.database.changed.wait(home.database.changed.count, at_most=0.1)
    assert {row.state for row in await home.rows(Received) if row.host == mallory.host} == {ReceivedState.WAITING}
    stop.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("inbox lane")] == []


async def test_what_is_long_dealt_with_is_forgotten_bytes_first(home, nora, mallory, like, clock):
    eve = mallory.person("eve")
    await eve.posts(home, eve.does("Like", "http://x.localhost/1"))
    await nora.sends(home, like, now=clock.now)
    for days, expected in ((29, [b"{"]), (2, [b""]), (150, [])):
        clock.advance(days=days)
        async with home.database.writing() as session:
            await received.sweep(session)
        assert [row.body[:1] for row in await home.rows(Received)] == expected
    assert await home.audit("inbox_refused") == []


async def test_a_partner_that_was_suspended_meanwhile_has_no_effect(home, northwind, nora):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    await nora.posts(home, nora.does("Follow", group.uri))
    await home.suspends(northwind)
    await home.works()
    assert (await home.outcome()).startswith("ignored: NotAdmitted")
    assert await home.entries("Joined") == []


async def test_PRF_2_a_false_proof_outweighs_a_good_signature(home, nora):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    follow = nora.proves(nora.does("Follow", group.uri))
    assert await nora.sends(home, altered(follow, to=["x"])) == "refused: PRF-2: signature"
    assert await nora.sends(home, altered(follow, id=f"{follow['id']}b", proof=None)) == "done: joined"


@pytest.mark.parametrize("type", ["Dislike", "View", "Read", "Listen", "Offer", "Whatever"])
async def test_section_10_an_unknown_type_is_answered_has_no_effect_and_is_kept_a_week(home, nora, like, type):
    assert await nora.sends(home, altered(like, type=type)) == f"ignored: {type}: {received.UNKNOWN}"
    assert (await home.rows(Received))[0].body
    async with home.database.writing() as session:
        row = (await session.scalars(select(Received))).one()
        row.received_at = now() - received.UNKNOWN_KEPT
        await session.flush()
        await received.sweep(session)
    assert await home.rows(Received) == []


async def test_an_honest_activity_passes_after_all_that(home, northwind, nora, like):
    await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    for body in (b"{", b"[]", b"\x00" * 50, msgspec.json.encode(altered(like, id=7))):
        await nora.posts(home, body)
    assert (await nora.posts(home, like)).status == 202
