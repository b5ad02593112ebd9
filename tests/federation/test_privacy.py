"""What is not for somebody does not exist for them, at any address of the wire (R-71, L1 to L7, L15).

Every answer about something hidden is compared, byte for byte, with the answer about something that never was.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from federation import outbox
from federation.vocabulary import AS_JSON
from models import groups
from models.introductions import key_of
from models.tables import Activity, Actor, Group, Level, Post, Reach
from tests.federation.neighbours import Answered, Home, Peer, PeerActor

NEVER = "2" * 22


@dataclass(frozen=True, slots=True)
class Secrets:
    """The addresses of what some viewers must not know of, by what they are; a token stands in all their texts."""

    token: str
    addresses: dict[str, str]
    names: tuple[str, ...]


async def tells(home: Home) -> None:
    """Let the outbox make activities of what happened."""
    await outbox.consumer(home.wire.keys).catch_up(home.database)


async def place(home: Home, name: str, reach: Reach) -> tuple[Group, Post]:
    """A group with a thread in it, whose words nobody else uses."""
    group = await home.founds(name, reach)
    post = await home.alan.writes(f"Token {name}", group=group)
    await home.alan.replies(post, f"Reply {name}")
    await tells(home)
    return group, post


async def addresses_of(home: Home, group: Group, post: Post) -> dict[str, str]:
    actor = await home.actor(group.id)
    found = {
        "actor": actor.uri,
        "page": actor.url,
        "outbox": f"{actor.uri}/outbox",
        "outbox page": f"{actor.uri}/outbox?page=true",
        "followers": f"{actor.uri}/followers",
        "is follower": f"{actor.uri}/followers?is_follower=http://northwind.localhost:1/users/nora",
        "following": f"{actor.uri}/following",
        "featured": f"{actor.uri}/featured",
        "moderators": f"{actor.uri}/moderators",
        "members compared": f"{actor.uri}/synchronization",
        "card": f"{actor.uri}/members/{key_of('http://northwind.localhost:1/users/nora')}",
        "object": post.uri,
        "replies": f"{post.uri}/replies",
        "replies page": f"{post.uri}/replies?page=true&after=0",
        "thread": str(post.context_uri),
        "thread's history": f"{post.context_uri}/history",
        "author": (await home.actor(post.author_id)).uri,
    }
    for activity in await home.rows(Activity):
        found[f"activity {activity.type} {activity.id}"] = activity.uri
    return found


def made_up(home: Home, address: str) -> str:
    """The same address of something that never was."""
    path, mark, query = address.removeprefix(home.instance.base_url).partition("?")
    parts = path.split("/")
    if path.startswith("/ap/"):
        parts[3] = NEVER
    else:
        parts[2] = "never"
    return "/".join(parts) + mark + query


async def ask(home: Home, who: PeerActor | None, address: str, accept: str = AS_JSON) -> Answered:
    return await (home.get(address, accept=accept) if who is None else who.gets(home, address, accept=accept))


async def all_viewers(home: Home, northwind: Peer, mallory: Peer, other: Peer) -> dict[str, PeerActor | None]:
    """Anybody; a partner; another partner; one who signs well and was never admitted."""
    await home.admits(other)
    return {
        "anybody": None,
        "partner": northwind.person("nora"),
        "other partner": other.person("olaf", number=1),
        "stranger": mallory.person("eve", number=2),
    }


async def hidden_from(home: Home, who: PeerActor | None, addresses: dict[str, str], token: str) -> list[str]:
    """Which of the addresses tell `who` anything, compared with addresses of nothing."""
    telling = []
    never: dict[tuple[str, str], Answered] = {}
    for name, address in addresses.items():
        for accept in (AS_JSON, "text/html", "*/*"):
            found = await ask(home, who, address, accept)
            nowhere = made_up(home, address), accept
            if nowhere not in never:  # many addresses have the same sort of nothing beside them
                never[nowhere] = await ask(home, who, *nowhere)
            nothing = never[nowhere]
            if found.told != nothing.told or found.status != 404 or token.encode() in found.body:
                telling.append(f"{name} ({accept}): {found.status}")
    return telling


async def webfinger_tells(home: Home, who: PeerActor | None, actor: Actor) -> list[str]:
    telling = []
    path = "/.well-known/webfinger?resource="
    for resource in (f"acct:{actor.username}@{home.instance.host}", actor.uri, actor.url):
        found = await ask(home, who, path + resource)
        if found.told != (await ask(home, who, f"{path}acct:never@{home.instance.host}")).told or found.status != 404:
            telling.append(resource)
    return telling


@pytest.fixture
async def other():
    from tests.federation import neighbours

    async with neighbours.peer("other") as peer:
        yield peer


VIEWERS = ("anybody", "partner", "other partner", "stranger")


async def test_R_71_L1_to_L6_an_internal_group_exists_for_nobody_outside(home, northwind, mallory, other):
    """GRP-18, and L8 for what the server tells of itself."""
    group, post = await place(home, "secret", Reach.INTERNAL)
    viewers = await all_viewers(home, northwind, mallory, other)
    addresses = await addresses_of(home, group, post)
    nodeinfo = (await home.get("/nodeinfo/2.1")).body

    for viewer in VIEWERS:
        assert await hidden_from(home, viewers[viewer], addresses, "Token") == [], viewer
        assert await webfinger_tells(home, viewers[viewer], await home.actor(group.id)) == [], viewer
        assert await webfinger_tells(home, viewers[viewer], await home.actor(home.alan.id)) == [], viewer
    assert b"secret" not in nodeinfo
    assert not [name for name in addresses if name.startswith("activity")]


async def test_R_71_a_partner_group_exists_for_its_partners_alone(home, northwind, mallory, other):
    """Who signs must be of the audience (SIG-33)."""
    viewers = await all_viewers(home, northwind, mallory, other)
    nora = viewers["partner"]
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    assert (await ask(home, nora, (await home.actor(group.id)).uri)).status == 200
    await home.joins(nora, group)
    post = await home.alan.writes("Token alpine", group=group)
    await home.alan.replies(post, "Reply alpine")
    await tells(home)
    addresses = await addresses_of(home, group, post)

    assert len([name for name in addresses if name.startswith("activity Create")]) == 4
    for viewer in ("anybody", "other partner", "stranger"):
        assert await hidden_from(home, viewers[viewer], addresses, "Token") == [], viewer
        assert await webfinger_tells(home, viewers[viewer], await home.actor(group.id)) == [], viewer
    for name, address in addresses.items():
        assert (await ask(home, nora, address)).status == 200 or name in ("is follower", "card"), name


async def test_L3_before_anybody_of_a_partner_is_in_there_is_a_group_and_nothing_to_read(home, northwind):
    nora = northwind.person("nora")
    await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    group = (await home.rows(Group))[0]
    post = await home.alan.writes("Token alpine", group=group)
    addresses = await addresses_of(home, group, post)
    unread = {name: addresses[name] for name in ("object", "replies", "thread")}

    assert await hidden_from(home, nora, unread, "Token") == []
    assert (await ask(home, nora, addresses["outbox"])).json()["totalItems"] == 0
    assert (await ask(home, nora, addresses["outbox page"])).json()["orderedItems"] == []


async def test_L4_what_was_shared_is_gone_once_the_group_is_closed(home, northwind, mallory, other):
    viewers = await all_viewers(home, northwind, mallory, other)
    nora = viewers["partner"]
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    await ask(home, nora, "/ap/u/never")
    await home.joins(nora, group)
    post = await home.alan.writes("Token alpine", group=group)
    await tells(home)
    addresses = await addresses_of(home, group, post)
    addresses.pop("author")  # they know Alan by now
    assert (await ask(home, nora, post.uri)).status == 200

    async with home.database.writing() as session:
        found = await session.get_one(Group, group.id)
        await groups.set_reach(session, found, Reach.INTERNAL, by=home.alan.staff, confirmed=None)
    for viewer in VIEWERS:
        assert await hidden_from(home, viewers[viewer], addresses, "Token") == [], viewer


async def test_L4_an_agreement_that_ended_shows_nothing_any_more(home, northwind, mallory, other):
    from models import partners
    from models.tables import Partner

    viewers = await all_viewers(home, northwind, mallory, other)
    nora = viewers["partner"]
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    await ask(home, nora, "/ap/u/never")
    await home.joins(nora, group)
    post = await home.alan.writes("Token alpine", group=group)
    await tells(home)
    addresses = await addresses_of(home, group, post)
    addresses.pop("author")
    [partner] = [row for row in await home.rows(Partner) if row.host == northwind.host]
    async with home.database.writing() as session:
        await partners.end_agreement(
            session, await session.get_one(Partner, partner.id), await session.get_one(Group, group.id)
        )
    assert await hidden_from(home, nora, addresses, "Token") == []


async def test_what_waits_at_the_gate_is_not_there_yet(home, northwind):
    from models.tables import Role

    await home.hires("grace", Role.GATEKEEPER)
    nora = northwind.person("nora")
    group = await home.founds("alpine", Reach.PARTNERS, is_gated=True)
    await home.admits(northwind, alpine=Level.POST)
    await ask(home, nora, "/ap/u/never")
    await home.joins(nora, group)
    post = await home.alan.writes("Token alpine", group=group)
    await tells(home)
    addresses = await addresses_of(home, group, post)
    waiting = {name: addresses[name] for name in ("object", "replies", "thread", "author")}

    assert await hidden_from(home, nora, waiting, "Token") == []
    assert (await ask(home, nora, addresses["outbox page"])).json()["orderedItems"] == []


async def test_L5_an_internal_side_of_a_thread_shows_in_no_collection(home, northwind):
    nora = northwind.person("nora")
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Open", group=group)
    async with home.database.writing() as session:
        found = await session.get_one(Group, group.id)
        await groups.set_gate(session, found, by=home.alan.staff, is_gated=False)
    hidden = await home.alan.replies(post, "Token")
    async with home.database.writing() as session:
        (await session.get_one(Post, hidden.id)).reach = Reach.INTERNAL

    for address in (f"{post.uri}/replies", str(post.context_uri), post.uri):
        answer = await ask(home, nora, address)
        assert answer.status == 200
        assert hidden.uri.encode() not in answer.body
        assert b"Token" not in answer.body
    assert (await ask(home, nora, str(post.context_uri))).json()["totalItems"] == 1


async def test_R_71_a_withdrawn_internal_post_leaves_no_tombstone(home, northwind):
    group, post = await place(home, "secret", Reach.INTERNAL)
    await home.alan.deletes(post)
    for who in (None, northwind.person("nora")):
        assert await hidden_from(home, who, {"object": post.uri}, "Token") == []
    del group


async def test_R_72_nobody_outside_can_follow_join_or_write_to_an_internal_group(home, northwind):
    nora = northwind.person("nora")
    group, post = await place(home, "secret", Reach.INTERNAL)
    actor = await home.actor(group.id)

    def outcomes(uri: str, parent: str, name: str) -> list[dict[str, Any]]:
        note = nora.note(
            name, to=[uri], audience=uri, inReplyTo=parent, cc=["https://www.w3.org/ns/activitystreams#Public"]
        )
        return [
            nora.does("Follow", uri),
            nora.does("Create", note),
            nora.does("Like", parent),
            nora.does("Announce", parent),
        ]

    never = home.url(f"/ap/g/{NEVER}"), home.url(f"/ap/o/{NEVER}")
    hidden = [await nora.posts(home, each) for each in outcomes(actor.uri, post.uri, "1")]
    nothing = [await nora.posts(home, each) for each in outcomes(*never, "2")]
    assert [answer.told for answer in hidden] == [answer.told for answer in nothing]
    await home.works()
    await tells(home)

    assert [row.host for row in await home.rows(Activity) if hasattr(row, "host")] == []
    assert await home.rows(Activity) == []  # no Reject either: that would say that it is there
    assert len(await home.posts()) == 2
    assert await home.entries("Joined") == []


async def test_R_76_a_page_has_its_activity_form_for_who_prefers_that(home, northwind):
    nora = northwind.person("nora")
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Open", group=group)
    for path, address in (("/groups/square", (await home.actor(group.id)).uri), (f"/posts/{post.id}", post.uri)):
        assert (await nora.gets(home, path)).body == (await nora.gets(home, address)).body
        for accept in ("text/html", "*/*", "", "text/html, application/activity+json;q=0.9"):
            assert (await home.get(path, accept=accept)).body == b"No page"
