"""Memberships and posts that were lost between a group and its members' servers are put right."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from federation import discovery, outbox
from federation.signatures.followers_digest import HEADER, Synchronization, digest, header_value, parse_header
from federation.upkeep.comparing import headers_for
from federation.upkeep.worker import Upkeep
from federation.vocabulary import PUBLIC
from models import copies, groups, partners
from models.base import now
from models.tables import Activity, Backfill, Comparison, Group, Level, Membership, MemberState, Peer
from tests.federation.activities.conftest import actor_of, known


async def works(home) -> None:
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    await Upkeep(home.wire).drain()
    await outbox.consumer(home.wire.keys).catch_up(home.database)


async def uri_of(home, person) -> str:
    return (await home.actor(person.id)).uri


def header_of(steel, *members: str, url: str | None = None) -> dict[str, str]:
    told = Synchronization(f"{steel.id}/followers", url or f"{steel.id}/part", digest(members))
    return {HEADER: header_value(told)}


def lists(steel, *members: str) -> None:
    page = {"id": f"{steel.id}/part", "type": "OrderedCollection", "orderedItems": list(members)}
    steel.peer.serve({"@context": "https://www.w3.org/ns/activitystreams", **page})


async def standing(home, person) -> list[MemberState]:
    async with home.database.reading() as session:
        return list(await session.scalars(select(Membership.state).where(Membership.actor_id == person.id)))


def echo(steel) -> dict:
    return steel.does("Like", f"{steel.peer.base_url}/notes/unknown")


# COL-9


async def test_COL_9_a_group_tells_each_partner_in_a_signed_header_who_of_theirs_belongs_to_it(square, nora, other):
    home = square.home
    await home.admits(other, alpine=Level.READ)
    lea = other.person("lea", number=1)
    for person in (nora, lea):
        await person.sends(home, person.does("Follow", square.alpine_actor.uri))

    headers = await headers_for(home.wire, square.alpine.id, other.host)
    told = parse_header(headers[HEADER])
    assert (told.collection_id, told.digest) == (square.alpine_actor.followers_uri, digest([lea.id]))
    assert (await lea.gets(home, told.url)).json()["orderedItems"] == [lea.id]
    assert (await nora.gets(home, told.url)).json()["orderedItems"] == [nora.id]
    assert (await home.get(told.url)).status == 404
    signed = (await home.wire.keys.signer(home.database, square.alpine.id)).delivery(
        f"{other.base_url}/inbox", b"{}", sha256="", also=headers
    )
    assert f" {HEADER.lower()}" in signed["Signature"]
    for actor_id in (square.public.id, square.ada.id):
        assert await headers_for(home.wire, actor_id, other.host) == {}
    assert await headers_for(home.wire, square.alpine.id, "nobody.example") == {}


async def test_COL_9_who_is_not_listed_is_out_who_only_asked_is_in_and_who_never_asked_leaves(home, steel):
    ada, bea = await home.hires("ada"), await home.hires("bea")
    async with home.database.writing() as session:
        mirror = await session.get_one(Group, (await actor_of(session, steel)).id)
        await groups.join(session, mirror, by=ada.staff)
    lists(steel, await uri_of(home, ada), await uri_of(home, bea))
    members = [await uri_of(home, ada), await uri_of(home, bea)]
    await steel.sends(home, echo(steel), also=header_of(steel, *members))
    await works(home)

    assert await standing(home, home.alan) == [MemberState.REFUSED]
    assert await standing(home, ada) == [MemberState.MEMBER]
    undone = [row for row in await home.rows(Activity) if row.type == "Undo"]
    assert [row.actor_id for row in undone] == [bea.id]
    [line] = await home.audit("members_compared")
    assert (line.rule, line.facts["ended"], line.facts["begun"], line.facts["withdrawn"]) == ("COL-9", 1, 1, 1)


async def test_COL_9_an_equal_digest_asks_for_nothing(home, steel):
    await steel.sends(home, echo(steel), also=header_of(steel, await uri_of(home, home.alan)))
    await works(home)
    assert await rows(home, Comparison) == []
    assert await standing(home, home.alan) == [MemberState.MEMBER]


@pytest.mark.parametrize("case", ["unsigned", "other collection", "other origin", "rubbish", "another actor"])
async def test_COL_9_a_header_that_is_not_the_groups_own_signed_word_is_not_read(home, steel, other, nora, case):
    lists(steel)
    sender, more = steel, {"also": header_of(steel)}
    if case == "unsigned":
        more = {"change": header_of(steel)}
    elif case == "other collection":
        more = {"also": {HEADER: header_value(Synchronization(f"{nora.id}/followers", f"{steel.id}/part", digest([])))}}
    elif case == "other origin":
        more = {"also": header_of(steel, url=f"{other.base_url}/part")}
    elif case == "rubbish":
        more = {"also": {HEADER: 'collectionId="x"'}}
    else:
        sender = nora
    await sender.sends(home, echo(sender), **more)
    await works(home)
    assert await rows(home, Comparison) == []
    assert await standing(home, home.alan) == [MemberState.MEMBER]


@pytest.mark.parametrize("status", [403, 503])
async def test_COL_9_a_list_that_cannot_be_had_now_is_asked_for_later(home, steel, status):
    steel.peer.removes(f"{steel.id}/part", status=status)
    await steel.sends(home, echo(steel), also=header_of(steel))
    await works(home)
    [row] = await rows(home, Comparison)
    assert (row.attempts, row.compared_at) == (1, None)
    assert row.next_attempt_at > now()
    assert await standing(home, home.alan) == [MemberState.MEMBER]

    steel.peer.removes(f"{steel.id}/part", status=404)
    async with home.database.writing() as session:
        (await session.get_one(Comparison, row.group_id)).next_attempt_at = now()
    await works(home)
    assert await standing(home, home.alan) == [MemberState.REFUSED]


async def rows(home, table) -> list:
    async with home.database.reading() as session:
        return list(await session.scalars(select(table)))


# GRP-15


def serves_outbox(steel, *announces, pages: int = 1) -> None:
    """The group's outbox, newest first."""
    per_page = -(-len(announces) // pages) if announces else 1
    context = {"@context": "https://www.w3.org/ns/activitystreams"}
    base = steel.document["outbox"]
    steel.peer.serve({**context, "id": base, "type": "OrderedCollection", "first": f"{base}?page=1"})
    for number in range(pages):
        page = {
            **context,
            "id": f"{base}?page={number + 1}",
            "type": "OrderedCollectionPage",
            "orderedItems": list(announces[number * per_page : (number + 1) * per_page]),
        }
        if number + 1 < pages:
            page["next"] = f"{base}?page={number + 2}"
        steel.peer.serve(page, at=page["id"].removeprefix(steel.peer.base_url))


def announced(steel, author, name, *, reply_to=None):
    place = {"to": [steel.id, f"{steel.id}/followers"], "audience": steel.id}
    more = {"inReplyTo": reply_to} if reply_to else {}
    create = author.proves(author.does("Create", author.note(name, name, **place, **more)))
    return steel.does("Announce", create, to=[f"{steel.id}/followers"])


async def test_GRP_15_who_was_let_in_gets_what_the_group_said_before(home, northwind, nora):
    steel = northwind.group("steel", manuallyApprovesFollowers=True)
    await known(home, steel)
    first = announced(steel, nora, "first")
    answer = announced(steel, nora, "answer", reply_to=first["object"]["object"]["id"])
    serves_outbox(steel, answer, first, pages=2)
    async with home.database.writing() as session:
        mirror = await groups.keep_mirror(session, await actor_of(session, steel))
        wish = await groups.join(session, mirror, by=home.alan.staff)
    follow = {"id": wish.uri, "type": "Follow", "actor": await uri_of(home, home.alan), "object": steel.id}
    assert await steel.sends(home, steel.does("Accept", follow)) == "done: joined"
    await works(home)

    posts = {post.html: post for post in await home.posts()}
    assert set(posts) == {"<p>first</p>", "<p>answer</p>"}
    assert posts["<p>answer</p>"].reply_to_id == posts["<p>first</p>"].id
    [row] = await rows(home, Backfill)
    assert (row.found, row.next_attempt_at, row.reason) == (2, None, "joined")
    assert all(path in northwind.signed for path in northwind.asked if "outbox" in path)


async def test_GRP_15_what_is_read_there_is_judged_as_if_it_had_been_sent(home, steel, nora, other):
    mira = other.person("mira", number=1)  # nobody we talk with, and the group has no card of her
    stranger = announced(steel, mira, "stranger")
    not_theirs = announced(steel, nora, "elsewhere")
    not_theirs["object"]["object"]["to"] = [PUBLIC]
    forged = nora.does("Announce", announced(steel, nora, "forged")["object"])
    serves_outbox(steel, stranger, not_theirs, forged)
    await asks_for_history(home, steel)
    assert await home.posts() == []
    assert "TRUST-6" in [line.rule for line in await home.audit("activity_refused")]


async def test_R_44_COL_8_a_history_without_end_is_left_after_ten_pages(home, steel, northwind):
    base = steel.document["outbox"]
    for number in range(30):
        page = {"id": f"{base}?page={number}", "type": "OrderedCollectionPage", "next": f"{base}?page={number + 1}"}
        northwind.serve(page, at=f"{base.removeprefix(northwind.base_url)}?page={number}")
    northwind.serve({"id": base, "type": "OrderedCollection", "first": f"{base}?page=0"})
    await asks_for_history(home, steel)
    assert len([path for path in northwind.asked if "outbox" in path]) == 10


async def asks_for_history(home, steel) -> None:
    from models import upkeep

    async with home.database.writing() as session:
        await upkeep.ask_backfill(session, (await actor_of(session, steel)).id, reason="joined")
    await works(home)


async def test_GRP_15_a_server_that_was_silent_for_days_is_asked_for_what_was_missed(home, steel, nora):
    serves_outbox(steel, announced(steel, nora, "missed"))
    async with home.database.writing() as session:
        session.add(Peer(host=steel.peer.host, last_seen_at=now() - timedelta(days=3)))
    home.wire.memory.woken.drop(steel.peer.host)
    await nora.sends(home, nora.does("Like", "http://nothing.localhost/1"))
    await works(home)
    assert [post.html for post in await home.posts()] == ["<p>missed</p>"]
    assert [row.reason for row in await rows(home, Backfill)] == ["back"]


async def test_GRP_15_our_groups_outbox_has_each_post_once_as_it_was_said_last(square, nora):
    home = square.home
    post = await home.alan.writes("Old words", group=square.alpine)
    await nora.sends(home, nora.does("Follow", square.alpine_actor.uri))
    await works(home)
    await home.alan.edits(post, "New words")
    await works(home)
    page = (await nora.gets(home, f"{square.alpine_actor.outbox}?page=true")).json()
    [item] = page["orderedItems"]
    assert (item["type"], item["actor"]) == ("Announce", square.alpine_actor.uri)
    assert "New words" in item["object"]["object"]["content"]
    assert (await home.get(f"{square.alpine_actor.outbox}?page=true")).status == 404


async def test_GRP_15_a_thread_of_ours_has_its_history_for_members_and_for_nobody_else(square, nora, other):
    home = square.home
    await nora.sends(home, nora.does("Follow", square.alpine_actor.uri))
    post = await home.alan.writes("To begin with", group=square.alpine)
    await works(home)
    place = {"to": [square.alpine_actor.uri, square.alpine_actor.followers_uri]}
    reply = nora.proves(nora.does("Create", nora.note("1", inReplyTo=post.uri, **place)))
    assert await nora.sends(home, reply) == "done: stored"
    await works(home)

    document = (await nora.gets(home, post.uri)).json()
    assert document["contextHistory"] == f"{post.context_uri}/history"
    history = (await nora.gets(home, document["contextHistory"])).json()
    assert [(item["type"], item["object"]["type"]) for item in history["orderedItems"]] == [("Announce", "Create")] * 2
    assert history["orderedItems"][1]["object"] == reply
    assert history["attributedTo"] == square.alpine_actor.uri
    thread = (await nora.gets(home, post.context_uri)).json()  # COL-7
    assert set(thread["orderedItems"]) == {post.uri, reply["object"]["id"]}
    await home.admits(other, alpine=Level.READ)
    lea = other.person("lea", number=1)
    for path in (document["contextHistory"], post.context_uri):
        assert (await lea.gets(home, path)).status == 404  # her company is admitted, but nobody of it is in the group
        assert (await home.get(path)).status == 404


async def test_GRP_15_what_a_group_says_itself_to_microblogs_is_no_part_of_its_history(square, nora, other):
    home = square.home
    await nora.sends(home, nora.does("Follow", square.alpine_actor.uri))
    async with home.database.writing() as session:
        await partners.admit(session, other.host, levels={"alpine": Level.READ}, copies=["alpine"])
    lea = other.person("lea", number=1)
    await lea.sends(home, lea.does("Follow", square.alpine_actor.uri))
    post = await home.alan.writes("To begin with", group=square.alpine)
    await works(home)
    async with home.database.reading() as session:
        assert await copies.of(session, post.id) is not None

    page = (await nora.gets(home, f"{square.alpine_actor.outbox}?page=true")).json()
    history = (await nora.gets(home, f"{post.context_uri}/history")).json()

    for [item] in (page["orderedItems"], history["orderedItems"]):
        assert (item["type"], item["object"]["type"]) == ("Announce", "Create")
        assert item["object"]["object"]["id"] == post.uri


# Threads elsewhere


async def looks_up(home, uri: str) -> None:
    assert await discovery.resolve(home.wire, uri, by=home.alan.staff) is not None
    await works(home)


def collection(peer, path: str, *items: str, **more) -> str:
    """A collection that a server has."""
    uri = f"{peer.base_url}/{path}"
    context = "https://www.w3.org/ns/activitystreams"
    peer.serve({"@context": context, "id": uri, "type": "OrderedCollection", "orderedItems": list(items), **more})
    return uri


async def test_COL_7_who_looks_for_a_post_gets_the_answers_of_its_thread(home, northwind, nora):
    names = [f"{northwind.base_url}/notes/{name}" for name in ("root", "one", "two")]
    thread = collection(northwind, "thread", *names, f"{home.instance.base_url}/ap/o/ours")
    nora.note("root", context=thread)
    nora.note("one", inReplyTo=names[0], published="2026-02-01T11:00:00Z")
    nora.note("two", inReplyTo=names[1], published="2026-02-01T12:00:00Z")
    await looks_up(home, names[0])
    posts = {post.uri: post for post in await home.posts()}
    assert set(posts) == set(names)
    assert posts[names[2]].reply_to_id == posts[names[1]].id
    assert {post.thread_id for post in posts.values()} == {posts[names[0]].id}


async def test_COL_6_without_a_thread_the_replies_are_read_page_by_page(home, northwind, nora):
    root, public, private = (f"{northwind.base_url}/notes/{name}" for name in ("root", "public", "private"))
    first = {"type": "CollectionPage", "items": [public], "next": f"{northwind.base_url}/replies"}
    collection(northwind, "replies", private)
    nora.note("root", replies={"type": "Collection", "first": first})
    nora.note("public", inReplyTo=root)
    nora.note("private", inReplyTo=root, to=[f"{nora.id}/followers"])
    await looks_up(home, root)
    assert {post.uri for post in await home.posts()} == {root, public}


async def test_R_44_a_thread_without_end_is_left_in_time(home, northwind, nora):
    root = f"{northwind.base_url}/notes/root"
    names = [f"{northwind.base_url}/notes/{number}" for number in range(100)]
    for number in range(10):
        more = {"next": f"{northwind.base_url}/thread{number + 1}"}
        collection(northwind, f"thread{number}", *names[number * 10 : number * 10 + 10], **more)
    for number in range(100):
        nora.note(str(number), inReplyTo=root)
    nora.note("root", context=f"{northwind.base_url}/thread0")
    await looks_up(home, root)
    assert len([path for path in northwind.asked if "/thread" in path]) == 3
    assert len([path for path in northwind.asked if "/notes/" in path]) <= 20
    asked = len(northwind.asked)
    await looks_up(home, root)  # and not again today
    assert len(northwind.asked) <= asked + 1
