"""WebFinger, host-meta: what the world is told, what a partner is told, and how we ask others."""

from urllib.parse import urlsplit

import pytest

from federation import webfinger
from federation.errors import ProtocolError
from federation.trust import NotAdmitted
from federation.vocabulary import AS_JSON
from models import actors, partners
from models.instance import Mode
from models.tables import EVERYBODY, Level, Reach
from tests.federation import neighbours
from tests.federation.neighbours import Answered, Home

PATH = "/.well-known/webfinger"


async def ask(home: Home, resource: str, more: str = "") -> Answered:
    return await home.get(f"{PATH}?resource={resource}{more}", accept="*/*")


async def known_to_all(home: Home, name: str) -> str:
    """Somebody of ours whom the world may know; their id."""
    person = await home.hires(name)
    async with home.database.writing() as session:
        await actors.disclose(session, person.id, {EVERYBODY})
    return (await home.actor(person.id)).uri


async def test_DISC_2_and_3_somebody_the_world_knows_is_found_in_every_spelling(home):
    uri = await known_to_all(home, "ada")
    host = home.instance.host
    for resource in (
        f"acct:ada@{host}",
        f"acct%3Aada%40{host.upper()}",
        f"ACCT:Ada@{host}",
        f"acct:@ada@{host}",
        f"ada@{host}",
        uri,
        home.url("/people/ada"),
    ):
        answer = await ask(home, resource)
        assert answer.status == 200, resource
        assert answer.headers["Content-Type"] == "application/jrd+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        found = answer.json()
        assert found["subject"] == f"acct:ada@{host}"
        assert found["aliases"] == [home.url("/people/ada"), uri]
        assert [link for link in found["links"] if link["rel"] == "self"] == [
            {"rel": "self", "type": AS_JSON, "href": uri}
        ]


@pytest.mark.parametrize("resource", ["{base}", "{base}/", "acct:{host}@{host}", "{base}/ap/instance"])
async def test_DISC_2_the_server_itself_is_found_by_its_address(home, resource):
    answer = await ask(home, resource.format(base=home.instance.base_url, host=home.instance.host))

    assert answer.json()["subject"] == f"acct:{home.instance.host}@{home.instance.host}"
    links = {link["rel"]: link.get("href") for link in answer.json()["links"]}
    assert links["self"] == home.url("/ap/instance")
    assert links["https://www.w3.org/ns/activitystreams#Service"] == home.url("/ap/instance")


async def test_DISC_4_other_links_are_left_out_when_some_are_asked_for(home):
    await known_to_all(home, "ada")
    one = await ask(home, f"acct:ada@{home.instance.host}", "&rel=self")
    two = await ask(home, f"acct:ada@{home.instance.host}", "&rel=self&rel=http://webfinger.net/rel/profile-page")

    assert [link["rel"] for link in one.json()["links"]] == ["self"]
    assert len(two.json()["links"]) == 2


@pytest.mark.parametrize("query", ["", "?resource=", "?resource=acct:a@b&resource=acct:c@d", "?rel=self"])
async def test_DISC_1_a_question_without_one_resource_is_no_question(home, query):
    assert (await home.get(PATH + query)).status == 400


UNKNOWN = [
    "acct:nobody@{host}",
    "acct:ada@elsewhere.example",
    "acct:@{host}",
    "acct:ada",
    "ada",
    "https://elsewhere.example/people/ada",
    "{base}/people/nobody",
    "acct:ada%20@{host}",
    "acct:a%00da@{host}",
    "mailto:ada@{host}",
    "acct:ada@{host}@{host}",
]


async def test_DISC_1_whom_nobody_knows_is_not_found(home, subtests):
    await known_to_all(home, "ada")
    never = await ask(home, f"acct:never@{home.instance.host}")
    for resource in UNKNOWN:
        with subtests.test(resource):
            answer = await ask(home, resource.format(base=home.instance.base_url, host=home.instance.host))
            assert answer.told == never.told
            assert answer.status == 404


async def test_DISC_7_a_partner_group_is_found_by_who_shares_it_and_signs(home, northwind, nora, mallory):
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    path = f"{PATH}?resource=acct:alpine@{home.instance.host}"

    signed = await nora.gets(home, path)
    assert signed.json()["aliases"][1] == (await home.actor(group.id)).uri
    assert signed.headers["Cache-Control"] == "private, no-store"
    nothing = await home.get(f"{PATH}?resource=acct:never@{home.instance.host}")
    assert (await home.get(path)).told == nothing.told
    assert (await mallory.person("eve").gets(home, path)).told == nothing.told
    forged = await nora.gets(home, path, private_key=mallory.person("eve", number=1).own_keys.rsa_private)
    assert forged.told == nothing.told


async def test_GRP_16_the_name_of_a_group_that_sends_copies_can_be_looked_up_without_a_signature(home, northwind):
    """Mastodon signs no such question, and neither follows nor shows an actor whose name it cannot look up."""
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    path = f"{PATH}?resource=acct:alpine@{home.instance.host}"
    hidden = await home.get(path)
    assert hidden.status == 404

    async with home.database.writing() as session:
        await partners.admit(session, northwind.host, copies=["alpine"])
    found = await home.get(path)
    assert found.json()["subject"] == f"acct:alpine@{home.instance.host}"
    actor = await home.actor(group.id)
    assert (await home.get(urlsplit(actor.uri).path)).status in (401, 404)

    await home.suspends(northwind)
    assert (await home.get(path)).told == hidden.told


@pytest.mark.parametrize(
    ("mode", "agreed", "found"),
    [
        (Mode.OPEN, None, True),
        (Mode.OPEN, [], False),
        (Mode.PARTNERS, [], False),
        (Mode.PARTNERS, ["alpine"], True),
    ],
    ids=["a stranger", "a partner", "a partner where strangers are none", "a partner that gets copies"],
)
async def test_GRP_16_whoever_dealt_with_a_server_that_may_not_sign_can_be_looked_up(
    database_url, shared_keys, mode, agreed, found
):
    async with neighbours.home(database_url, mode=mode) as home:
        await home.founds("alpine", Reach.PARTNERS)
        ada = await home.hires("ada")
        await home.hires("joan")
        async with home.database.writing() as session:
            if agreed is not None:
                await partners.admit(session, "blog.localhost", levels={"alpine": Level.READ}, copies=agreed)
            await actors.disclose(session, ada.id, {"blog.localhost"})
        nothing = await ask(home, f"acct:never@{home.instance.host}")

        answer = await ask(home, f"acct:ada@{home.instance.host}")

        assert (answer.status == 200) is found
        assert (answer.told == nothing.told) is not found
        assert (await ask(home, f"acct:joan@{home.instance.host}")).told == nothing.told
        page = await home.get(urlsplit((await home.actor(ada.id)).uri).path)
        assert page.json().keys().isdisjoint({"name", "summary", "url"}) if page.status == 200 else page.status == 404


async def test_DISC_1_what_everybody_may_know_is_told_without_asking_for_a_key(home, northwind, nora):
    """A server that asks us for a name while it serves its key would wait for us, and we for it."""
    await known_to_all(home, "ada")
    await home.admits(northwind)

    for resource in (f"acct:ada@{home.instance.host}", f"acct:{home.instance.host}@{home.instance.host}"):
        answer = await nora.gets(home, f"{PATH}?resource={resource}")
        assert answer.status == 200

    assert northwind.asked == []


async def test_DISC_10_old_servers_find_their_way_by_host_meta(home):
    xml = await home.get("/.well-known/host-meta")
    assert xml.headers["Content-Type"].startswith("application/xrd+xml")
    assert f'template="{home.instance.base_url}/.well-known/webfinger?resource={{uri}}"'.encode() in xml.body
    assert (await home.get("/.well-known/host-meta.json")).json()["links"][0]["rel"] == "lrdd"


async def test_DISC_8_a_name_elsewhere_leads_to_its_actor(home, northwind, nora):
    found = await webfinger.look_up(home.wire, "nora", northwind.host)

    assert found == webfinger.Resource(f"nora@{northwind.host}", nora.id)
    assert northwind.signed == northwind.asked  # DISC-7: ours are signed


LEADS_NOWHERE = [
    {},
    {"subject": "nora", "links": []},
    {"subject": "acct:nora@x", "links": []},
    {"subject": "acct:nora@x", "links": None},
    {"subject": "acct:nora@x", "links": [{"rel": "self", "type": "text/html", "href": "http://x.localhost/"}]},
    {"subject": "acct:nora@x", "links": [{"rel": "self", "type": AS_JSON, "href": "javascript:alert(1)"}]},
    {"subject": "acct:nora@x", "links": [{"rel": "self", "type": AS_JSON, "href": ["http://x.localhost/"]}]},
    {"subject": "acct:nora@x", "links": [{"rel": "avatar", "type": AS_JSON, "href": "http://x.localhost/"}]},
]


async def test_DISC_8_an_answer_that_leads_nowhere_is_refused(home, northwind, subtests):
    path = f"/.well-known/webfinger?resource=acct:nora@{northwind.host}"
    for answer in LEADS_NOWHERE:
        northwind.serve(answer, at=path, kind="application/json")
        northwind.asked.clear()
        with subtests.test(str(answer)):
            with pytest.raises(ProtocolError):
                await webfinger.look_up(home.wire, "nora", northwind.host)
            assert northwind.asked == [path]


async def test_DISC_8_every_spelling_of_the_media_type_is_read(home, northwind):
    for kind in (
        'application/ld+json;profile="https://www.w3.org/ns/activitystreams"',
        'application/ld+json; charset=utf-8; profile="https://www.w3.org/ns/activitystreams"',
        "application/activity+json; charset=utf-8",
    ):
        path = f"/.well-known/webfinger?resource=acct:nora@{northwind.host}"
        links = [
            {"rel": "self", "type": "text/html", "href": "x"},
            {"rel": "self", "type": kind, "href": "http://a.localhost/1"},
        ]
        northwind.serve({"subject": "acct:nora@x", "links": links}, at=path)
        assert (await webfinger.look_up(home.wire, "nora", northwind.host)).actor_uri == "http://a.localhost/1"


async def test_B2B_2_nobody_is_asked_whom_we_did_not_admit(home, northwind, mallory):
    with pytest.raises(NotAdmitted):
        await webfinger.look_up(home.wire, "eve", mallory.host)
    assert mallory.asked == []

    path = f"/.well-known/webfinger?resource=acct:nora@{northwind.host}"
    northwind.redirects[path] = f"{mallory.base_url}{path}"
    with pytest.raises(ProtocolError):
        await webfinger.look_up(home.wire, "nora", northwind.host)
    assert mallory.asked == []
