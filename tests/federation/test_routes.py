"""What is found at our addresses, by whom, and with which headers."""

import pytest

from federation import outbox
from federation.vocabulary import AS_JSON
from federation.wire import AuthorizedFetch
from models import actors, emoji, reactions
from models.instance import Mode
from models.tables import EVERYBODY, Actor, Level, Reach
from tests.federation import neighbours
from tests.federation.neighbours import LD


async def disclosed(home, name: str = "ada", host: str = EVERYBODY):
    person = await home.hires(name)
    async with home.database.writing() as session:
        await actors.disclose(session, person.id, {host})
    return person, await home.actor(person.id)


@pytest.mark.parametrize(
    ("mode", "fetch"), [(Mode.PARTNERS, AuthorizedFetch.ALLOWLIST), (Mode.OPEN, AuthorizedFetch.SIGNED)]
)
async def test_DISC_15_the_servers_actor_is_there_for_everybody(database_url, shared_keys, northwind, mode, fetch):
    async with neighbours.home(database_url, mode=mode, authorized_fetch=fetch) as home:
        answers = [
            await home.get("/ap/instance"),
            await home.get("/ap/instance", accept="*/*"),
            await northwind.person("eve").gets(home, "/ap/instance"),
            await home.request("GET", "/ap/instance", headers={"Signature": "rubbish"}),
        ]
        assert {answer.status for answer in answers} == {200}
        document = answers[0].json()
        assert (document["type"], document["id"]) == ("Application", home.url("/ap/instance"))
        assert document["preferredUsername"] == home.instance.host
        assert document["manuallyApprovesFollowers"] is True
        assert document["publicKey"]["id"] == home.url("/ap/instance#main-key")
        assert (await home.get("/ap/instance/outbox")).json()["totalItems"] == 0
        assert northwind.asked == []


async def test_HTTP_2_documents_have_their_one_media_type_and_vary(home, northwind, nora):
    _, ada = await disclosed(home)
    for accept in (AS_JSON, LD, "application/ld+json", "application/json", "*/*"):
        answer = await nora.gets(home, ada.uri, accept=accept)
        assert answer.headers["Content-Type"] == "application/activity+json; charset=utf-8", accept
        assert answer.headers["Vary"] == "Accept, Signature, Signature-Input"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.json()["id"] == ada.uri


async def test_HTTP_1_a_browser_at_an_id_is_sent_to_the_page(home, nora):
    _, ada = await disclosed(home)
    answer = await home.get(ada.uri, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")

    assert (answer.status, answer.headers["Location"]) == (303, home.url("/people/ada"))
    assert (await home.get("/ap/u/never", accept="text/html")).status == 404


async def test_HTTP_10_head_is_answered_like_get_without_a_body(home):
    shown = await home.get("/ap/instance")
    head = await home.request("HEAD", "/ap/instance")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(shown.body))


async def test_ACT_3_of_a_person_whom_all_may_know_strangers_get_the_key_alone(home, nora):
    _, ada = await disclosed(home)
    stub = (await home.get(ada.uri)).json()
    whole = (await nora.gets(home, ada.uri)).json()

    assert stub.keys() == {"@context", "id", "type", "preferredUsername", "inbox", "publicKey"}
    assert whole["name"] == "Ada"
    assert whole["publicKey"] == stub["publicKey"]


async def test_SIG_32_the_allow_list_tells_strangers_nothing_but_to_sign(database_url, shared_keys, northwind, mallory):
    async with neighbours.home(database_url, authorized_fetch=AuthorizedFetch.ALLOWLIST) as home:
        await home.admits(northwind)
        _, ada = await disclosed(home)

        unsigned = await home.get(ada.uri)
        assert unsigned.status == 401
        assert unsigned.headers["WWW-Authenticate"] == "Signature"
        assert '"@target-uri"' in unsigned.headers["Accept-Signature"]
        never = await home.get("/ap/u/never")
        assert (await mallory.person("eve").gets(home, ada.uri)).told == never.told
        assert mallory.asked == []
        assert (await northwind.person("nora").gets(home, ada.uri)).status == 200


async def test_SIG_32_an_open_house_shows_what_is_public_to_all(database_url, shared_keys, northwind):
    """Only here may others keep an answer, and for three minutes (HTTP-7)."""
    async with neighbours.home(database_url, mode=Mode.OPEN, authorized_fetch=AuthorizedFetch.OPEN) as home:
        _, ada = await disclosed(home)
        answer = await home.get(ada.uri)
        assert answer.json()["name"] == "Ada"
        assert answer.headers["Cache-Control"] == "public, max-age=180"

        forged = await home.request(
            "GET", ada.uri, headers={"Accept": AS_JSON, "Signature": 'keyId="x",signature="eA=="'}
        )
        assert forged.json()["name"] == "Ada"  # SIG-34


async def test_SIG_34_a_signature_that_does_not_hold_is_asked_for_again(home, nora, northwind):
    _, ada = await disclosed(home)
    other = northwind.person("other", number=1)
    for answer in (
        await nora.gets(home, ada.uri, private_key=other.own_keys.rsa_private),
        await nora.gets(home, ada.uri, key_id=f"{nora.id}#no-key"),
        await nora.gets(home, "/ap/u/never", private_key=other.own_keys.rsa_private),
    ):
        assert answer.status == 401
        assert answer.headers["Cache-Control"] == "private, no-store"


async def test_SIG_14_a_question_with_a_query_may_be_signed_without_it(home, nora):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    answer = await nora.gets(home, f"{group.uri}/outbox?page=true", with_query=False)
    assert answer.status == 200


async def test_RFC_9421_signatures_are_taken_too(home, nora):
    _, ada = await disclosed(home)
    assert (await nora.gets(home, ada.uri, form="rfc9421")).json()["name"] == "Ada"


async def test_a_group_that_all_may_know_tells_all_that_forums_need(home):
    """A group is an actor with a key of its own (GRP-1)."""
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    async with home.database.writing() as session:
        await emoji.add_own(session, "engine", file="ab/engine.png", media_type="image/png", by=home.alan.staff)
        (await session.get_one(Actor, group.id)).display_name = "Square :engine:"
    document = (await home.get(group.uri)).json()

    assert document["type"] == "Group"
    assert [tag["name"] for tag in document["tag"]] == [":engine:"]
    assert document["manuallyApprovesFollowers"] is False
    assert document["attributedTo"] == f"{group.uri}/moderators"
    assert document["publicKey"]["id"] == f"{group.uri}#main-key"


async def test_an_object_is_its_released_revision_and_a_tombstone_afterwards(home, nora):
    """200 for who may, 401 for who does not sign, 410 with a Tombstone afterwards (HTTP-6)."""
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Good day", group=group)

    shown = (await nora.gets(home, post.uri)).json()
    assert (shown["id"], shown["type"], shown["content"]) == (post.uri, "Note", "<p>Good day</p>")
    assert (await home.get(post.uri)).status == 401

    await home.alan.deletes(post)
    gone = await home.get(post.uri)
    assert gone.status == 410
    assert gone.json()["type"] == "Tombstone"
    assert gone.json()["id"] == post.uri


async def test_who_may_read_a_post_may_see_who_wrote_it(home, northwind, nora):
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    await nora.gets(home, "/ap/u/never")
    await home.joins(nora, group)
    post = await home.alan.writes("Good day", group=group)
    alan = await home.actor(home.alan.id)
    assert (await nora.gets(home, alan.uri)).status == 404

    assert (await nora.gets(home, post.uri)).status == 200
    assert (await nora.gets(home, alan.uri)).json()["name"] == "Alan"


async def test_GEN_1_an_activity_is_found_by_whom_it_was_sent_to(home, northwind, nora, mallory):
    from models import deliveries

    alan = await home.actor(home.alan.id)
    uri = home.instance.mint("x")
    async with home.database.writing() as session:
        await actors.disclose(session, alan.id, {northwind.host})
        await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri=uri, type="Follow", actor=await session.get_one(Actor, alan.id), body=b'{"id": "x"}', digest="",
                inboxes=[(f"{nora.id}/inbox", northwind.host)], rule="follow",
            ),
        )  # fmt: skip
    assert (await nora.gets(home, uri)).json() == {"id": "x"}
    assert (await home.get(uri)).told == (await home.get("/ap/x/never")).told


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5000, "-1", "x"])
async def test_COL_2_a_page_after_what_is_no_number_is_the_first(home, nora, number):
    group = await home.founds("square", Reach.PUBLIC)
    uri = (await home.actor(group.id)).uri
    post = await home.alan.writes("Post", group=group)
    for page in (f"{uri}/outbox?page=true&before={number}", f"{post.uri}/replies?page=true&after={number}"):
        answer = await nora.gets(home, page)
        assert (answer.status, answer.json()["partOf"]) == (200, page.partition("?")[0])


async def test_COL_2_an_outbox_has_the_newest_first_sent_or_not(home, northwind, nora):
    """A root with a number and pages of twenty; the last has no `next` (COL-1)."""
    group = await home.founds("square", Reach.PUBLIC)
    uri = (await home.actor(group.id)).uri
    posts = [await home.alan.writes(f"Post {number}", group=group) for number in range(23)]
    root = (await nora.gets(home, f"{uri}/outbox")).json()
    assert (root["type"], root["totalItems"]) == ("OrderedCollection", 23)

    first = (await nora.gets(home, root["first"])).json()
    assert (first["type"], first["partOf"]) == ("OrderedCollectionPage", f"{uri}/outbox")
    second = (await nora.gets(home, first["next"])).json()
    items = [*first["orderedItems"], *second["orderedItems"]]
    assert [item["object"]["object"]["id"] for item in items] == [post.uri for post in reversed(posts)]
    assert {item["type"] for item in items} == {"Announce"}
    assert "next" not in second

    await known_and_joined(home, nora, group)
    sent = await home.alan.writes("Sent", group=group)
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    newest = (await nora.gets(home, root["first"])).json()["orderedItems"][0]
    assert newest["object"]["object"]["id"] == sent.uri
    assert (await nora.gets(home, newest["id"])).json() == newest  # GEN-1


async def known_and_joined(home, person, group) -> None:
    await person.gets(home, "/ap/u/never")
    await home.joins(person, group)


async def test_COL_3_followers_are_a_number_at_most(home, northwind, nora):
    square = await home.founds("square", Reach.PUBLIC)
    alpine = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    await nora.gets(home, "/ap/u/never")
    await home.joins(nora, square)
    await home.joins(nora, alpine)

    counted = (await nora.gets(home, f"{(await home.actor(square.id)).uri}/followers")).json()
    assert (counted["totalItems"], "first" in counted, "orderedItems" in counted) == (1, False, False)
    hidden = (await nora.gets(home, f"{(await home.actor(alpine.id)).uri}/followers")).json()
    assert hidden.keys() == {"@context", "id", "type"}


async def test_COL_4_a_member_server_may_ask_whether_another_is_one(home, northwind, nora, mallory):
    alpine = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    await nora.gets(home, "/ap/u/never")
    await home.joins(nora, alpine)
    followers = f"{(await home.actor(alpine.id)).uri}/followers?is_follower="

    assert (await nora.gets(home, followers + nora.id)).status == 200
    square = (await home.actor((await home.founds("square", Reach.PUBLIC)).id)).uri
    assert (await nora.gets(home, f"{square}/followers?is_follower={nora.id}")).status == 400
    assert (await nora.gets(home, f"{followers}{mallory.base_url}/users/eve")).status == 404


async def test_COL_5_moderators_are_told_as_far_as_they_are_known(home, nora):
    group = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    assert (await nora.gets(home, f"{group.uri}/moderators")).json()["orderedItems"] == []

    async with home.database.writing() as session:
        await actors.disclose(session, home.alan.id, {EVERYBODY})
    alan = await home.actor(home.alan.id)
    assert (await nora.gets(home, f"{group.uri}/moderators")).json()["orderedItems"] == [alan.uri]


async def test_COL_6_replies_are_ids_the_authors_own_first(home, northwind, nora):
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Good day", group=group)
    own = await home.alan.replies(post, "Once more")
    uri = (await home.actor(group.id)).uri
    note = nora.note("1", inReplyTo=post.uri, cc=[uri], audience=uri)
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    found = (await nora.gets(home, f"{post.uri}/replies")).json()
    assert (found["type"], found["first"]["items"]) == ("Collection", [own.uri])
    following = (await nora.gets(home, found["first"]["next"])).json()
    assert (following["items"], "next" in following) == ([note["id"]], False)


async def test_COL_7_a_thread_is_its_posts_in_order(home, nora):
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Good day", group=group)
    answer = await home.alan.replies(post, "Once more")

    thread = (await nora.gets(home, post.context_uri)).json()
    assert thread["orderedItems"] == [post.uri, answer.uri]
    assert thread["attributedTo"] == (await home.actor(group.id)).uri
    assert (await home.get("/ap/t/never")).status == 404


async def test_likes_of_outsiders_do_not_change_what_is_shown(home, nora):
    group = await home.founds("square", Reach.PUBLIC)
    post = await home.alan.writes("Good day", group=group)
    before = (await nora.gets(home, post.uri)).told
    async with home.database.writing() as session:
        await reactions.like(session, post.id, by=home.alan.staff)
    assert (await nora.gets(home, post.uri)).told == before


async def test_R_71_addresses_that_are_none_are_answered_like_all_others(home, subtests):
    never = await home.get("/ap/o/never")
    for path in ("/ap/", "/ap/z/1", "/ap/u/A", "/ap/o/%00", "/ap/o/a/likes/x", "/ap/u/never/likes"):
        with subtests.test(path):
            assert (await home.get(path)).told == never.told


async def test_other_methods_are_refused(home):
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await home.request(method, "/inbox")).status == 405, method
    assert (await home.get("/inbox")).status in (404, 405)
