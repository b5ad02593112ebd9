"""From what somebody types to whom or what they mean."""

import pytest

from federation import discovery
from federation.errors import ProtocolError
from federation.trust import NotAdmitted
from federation.vocabulary import AS_JSON
from models import groups
from models.tables import Actor, Group, Post, Reach
from tests.federation.neighbours import altered


@pytest.mark.parametrize(
    "text", ["nora@{host}", "@nora@{host}", "acct:nora@{host}", " nora@{host} ", "{base}/users/nora"]
)
async def test_somebody_elsewhere_is_found_by_handle_and_address(home, northwind, nora, text):
    found = await discovery.resolve(home.wire, text.format(host=northwind.host, base=northwind.base_url))
    assert isinstance(found, Actor)
    assert (found.uri, found.handle, found.display_name) == (nora.id, f"nora@{northwind.host}", "Nora")


async def test_a_group_elsewhere_becomes_one_that_can_be_joined(home, northwind):
    steel = northwind.group("steel", manuallyApprovesFollowers=True)
    for text in (f"!steel@{northwind.host}", steel.id):
        found = await discovery.resolve(home.wire, text, by=home.alan.staff)
        async with home.database.reading() as session:
            mirror = await session.get(Group, found.id)
        assert mirror.reach is Reach.PARTNERS
    async with home.database.writing() as session:
        await groups.join(session, await session.get_one(Group, found.id), by=home.alan.staff)
    assert len(await home.entries("JoinAsked")) == 1


async def test_what_is_known_since_today_is_not_asked_for_again(home, northwind, nora, clock):
    await discovery.resolve(home.wire, f"nora@{northwind.host}")
    asked = len(northwind.asked)
    await discovery.resolve(home.wire, f"nora@{northwind.host}")
    await discovery.resolve(home.wire, nora.id)
    assert len(northwind.asked) == asked
    clock.advance(hours=25)
    northwind.serve(altered(nora.document, name="Nora B."))
    assert (await discovery.resolve(home.wire, f"nora@{northwind.host}")).display_name == "Nora B."


async def test_whose_server_is_silent_is_still_who_we_know(home, northwind, nora, clock):
    known = await discovery.resolve(home.wire, f"nora@{northwind.host}")
    clock.advance(hours=25)
    northwind.removes(f"/.well-known/webfinger?resource=acct:nora@{northwind.host}", status=503)
    assert (await discovery.resolve(home.wire, f"nora@{northwind.host}")).id == known.id


async def test_B2B_2_nobody_is_looked_for_where_we_do_not_talk(home, mallory, subtests):
    eve = mallory.person("eve")
    eve.note("1")
    for text in ("eve@{host}", "@eve@{host}", "!eve@{host}", "{base}/users/eve", "{base}/notes/1"):
        with subtests.test(text):
            with pytest.raises(NotAdmitted):
                await discovery.resolve(home.wire, text.format(host=mallory.host, base=mallory.base_url))
            assert mallory.asked == []


NOTHING = [
    "",
    " ",
    "nora",
    "@nora",
    "nora@",
    "@@",
    "a b@c.localhost",
    "x" * 5000,
    "javascript:alert(1)",
    "http://",
    "nora@-",
    "mailto:a@b",
]


async def test_what_names_nothing_finds_nothing(home, subtests):
    for text in NOTHING:
        with subtests.test(text[:50]):
            assert await discovery.resolve(home.wire, text) is None


async def test_nobody_of_that_name_is_nobody(home, northwind):
    assert await discovery.resolve(home.wire, f"nobody@{northwind.host}") is None
    northwind.serve({"id": f"{northwind.base_url}/x", "type": "Collection"})
    assert await discovery.resolve(home.wire, f"{northwind.base_url}/x") is None


async def test_R_19_a_handle_that_leads_to_another_server_is_not_that_servers(home, northwind, nora, mallory):
    await home.admits(mallory)
    eve = mallory.person("eve")
    links = [{"rel": "self", "type": AS_JSON, "href": eve.id}]
    subject = {"subject": f"acct:nora@{northwind.host}", "links": links}
    mallory.serve(subject, at=f"/.well-known/webfinger?resource=acct:ceo@{mallory.host}")
    northwind.serve(subject, at=f"/.well-known/webfinger?resource=acct:ceo@{northwind.host}")

    for host in (mallory.host, northwind.host):
        found = await discovery.resolve(home.wire, f"ceo@{host}")
        assert found.handle == f"eve@{mallory.host}"


async def test_R_19_a_name_moves_to_whom_its_server_gives_it(home, northwind, nora):
    before = await discovery.resolve(home.wire, f"nora@{northwind.host}")
    new = altered(nora.document, id=f"{northwind.base_url}/people/nora")
    new |= {"inbox": f"{new['id']}/inbox", "outbox": f"{new['id']}/outbox", "followers": f"{new['id']}/followers"}
    northwind.serve(new)
    assert (await discovery.resolve(home.wire, new["id"])).uri == new["id"]
    async with home.database.reading() as session:
        assert (await session.get(Actor, before.id)).username_key == "nora"

    path = f"/.well-known/webfinger?resource=acct:nora@{northwind.host}"
    links = [{"rel": "self", "type": AS_JSON, "href": new["id"]}]
    northwind.serve({"subject": f"acct:nora@{northwind.host}", "links": links}, at=path)
    from federation import webfinger

    found = await discovery._confirmed(
        home.wire, await webfinger.look_up(home.wire, "nora", northwind.host), asked=f"nora@{northwind.host}"
    )
    assert found.uri == new["id"]
    async with home.database.reading() as session:
        assert (await session.get(Actor, found.id)).username_key == "nora"
        assert (await session.get(Actor, before.id)).username_key != "nora"


async def test_R_13_nobody_elsewhere_is_one_of_ours(home, northwind):
    alan = await home.actor(home.alan.id)
    links = [{"rel": "self", "type": AS_JSON, "href": alan.uri}]
    path = f"/.well-known/webfinger?resource=acct:boss@{northwind.host}"
    northwind.serve({"subject": f"acct:boss@{northwind.host}", "links": links}, at=path)
    assert await discovery.resolve(home.wire, f"boss@{northwind.host}") is None


async def test_ours_are_found_as_far_as_one_may_see_them(home, northwind):
    group = await home.founds("secret", Reach.INTERNAL)
    post = await home.alan.writes("x", group=group)
    actor = await home.actor(group.id)
    for text in (f"secret@{home.instance.host}", f"!secret@{home.instance.host.upper()}", actor.uri, actor.url):
        assert (await discovery.resolve(home.wire, text, by=home.alan.staff)).id == group.id
        assert await discovery.resolve(home.wire, text) is None
    for text in (post.uri, post.url):
        assert (await discovery.resolve(home.wire, text, by=home.alan.staff)).id == post.id
        assert await discovery.resolve(home.wire, text) is None
    assert northwind.asked == []


async def test_a_post_elsewhere_is_stored_with_what_it_answers(home, northwind, nora):
    root = nora.note("1", "Root")
    reply = nora.note("2", "Reply", inReplyTo=root["id"])
    found = await discovery.resolve(home.wire, reply["id"], by=home.alan.staff)
    assert isinstance(found, Post)
    assert (found.html, found.reply_to_uri) == ("<p>Reply</p>", root["id"])
    assert len(await home.posts()) == 2
    again = await discovery.resolve(home.wire, reply["id"], by=home.alan.staff)
    assert again.id == found.id


async def test_a_post_that_is_not_for_everybody_is_not_stored_for_the_asking(home, northwind, nora):
    note = nora.note("1", to=[f"{nora.id}/followers"])
    assert await discovery.resolve(home.wire, note["id"], by=home.alan.staff) is None
    assert await home.posts() == []


@pytest.mark.parametrize(
    "changes", [{"attributedTo": "http://mallory.localhost:9/users/eve"}, {"id": "http://mallory.localhost:9/1"}]
)
async def test_R_06_R_10_a_post_is_of_its_authors_server(home, northwind, nora, changes):
    note = nora.note("1")
    northwind.serve(altered(note, **changes), at="/notes/1")
    try:
        found = await discovery.resolve(home.wire, note["id"], by=home.alan.staff)
    except ProtocolError:
        found = None
    assert found is None
    assert await home.posts() == []
