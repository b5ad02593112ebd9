"""Accounts, profiles, following and joining through the client API."""

import pytest
from aiohttp import FormData

from models import groups
from models.tables import Access, Actor, ActorType, Group
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, picture, upload
from tests.world import World


async def test_the_profile_changes_as_it_was_sent(ada: Phone, world: World) -> None:
    form = FormData()
    form.add_field("display_name", "Ada L.")
    form.add_field("note", "I *count*")
    form.add_field("locked", "true")
    form.add_field("fields_attributes[0][name]", "Home")
    form.add_field("fields_attributes[0][value]", "https://ada.example/<x>")
    form.add_field("fields_attributes[1][name]", "")
    form.add_field("fields_attributes[1][value]", "")
    form.add_field("avatar", picture((500, 300)), filename="me.png", content_type="image/png")

    changed = (await ada.patch("/api/v1/accounts/update_credentials", data=form)).body

    assert changed["display_name"] == "Ada L."
    assert changed["note"] == "<p>I <em>count</em></p>"
    assert changed["locked"] is True
    assert changed["source"]["note"] == "I *count*"
    assert changed["source"]["fields"] == [{"name": "Home", "value": "https://ada.example/<x>", "verified_at": None}]
    assert [field["name"] for field in changed["fields"]] == ["Home"]
    assert "<x>" not in changed["fields"][0]["value"]
    assert "/media/" in changed["avatar"]
    seen = (await ada.get(f"/api/v1/accounts/{world.ada.id}")).body
    assert (seen["display_name"], seen["avatar"]) == ("Ada L.", changed["avatar"])


async def test_how_posts_begin_is_kept_and_counts_where_a_client_does_not_say(ada: Phone, world: World) -> None:
    wishes = {"source[privacy]": "direct", "source[sensitive]": "true", "source[language]": "de"}
    source = (await ada.patch("/api/v1/accounts/update_credentials", data=wishes)).body["source"]
    assert (source["privacy"], source["sensitive"], source["language"]) == ("direct", True, "de")
    preferences = (await ada.get("/api/v1/preferences")).body
    assert preferences["posting:default:visibility"] == "direct"
    assert (preferences["posting:default:sensitive"], preferences["posting:default:language"]) == (True, "de")

    silent = await ada.writes("Hallo @grace")
    assert (silent["visibility"], silent["sensitive"], silent["language"]) == ("direct", True, "de")
    said = await ada.writes("Hi", visibility="private", sensitive=False, language="en")
    assert (said["visibility"], said["local_only"]) == ("public", True), "to clients the company is public"
    assert (said["sensitive"], said["language"]) == (False, "en")
    await ada.patch("/api/v1/accounts/update_credentials", data={"source[privacy]": "everybody"}, status=422)


async def test_who_wished_public_once_posts_to_the_company_while_public_stays_in_the_house(ada: Phone) -> None:
    await ada.patch("/api/v1/accounts/update_credentials", data={"source[privacy]": "public"})
    assert (await ada.get("/api/v1/preferences")).body["posting:default:visibility"] == "public"
    silent = await ada.writes("News")
    assert (silent["visibility"], silent["local_only"]) == ("public", True)
    await ada.post("/api/v1/statuses", json={"status": "News", "visibility": "company"}, status=422)


async def test_a_change_is_seen_in_what_was_posted_before(ada: Phone, grace: Phone) -> None:
    status = await ada.writes("Hello")
    assert (await grace.get(f"/api/v1/statuses/{status['id']}")).body["account"]["display_name"] == "Ada"

    await ada.patch("/api/v1/accounts/update_credentials", json={"display_name": "Ada L."})

    assert (await grace.get(f"/api/v1/statuses/{status['id']}")).body["account"]["display_name"] == "Ada L."


async def test_R_86_nothing_else_is_changed_whatever_is_sent(ada: Phone, world: World) -> None:
    more = {"role": "admin", "id": "1", "username": "root", "is_admin": True, "verified_at": "now"}

    changed = (await ada.patch("/api/v1/accounts/update_credentials", json=more)).body

    assert (changed["id"], changed["username"], changed["role"]["id"]) == (str(world.ada.id), "ada", "-99")


async def test_a_picture_is_taken_away_again(ada: Phone) -> None:
    await ada.patch("/api/v1/accounts/update_credentials", data=upload(field="header"))

    without = (await ada.delete("/api/v1/profile/header")).body

    assert without["header"].endswith("/static/images/no-header.png")


async def test_a_picture_that_is_none_changes_nothing(ada: Phone) -> None:
    form = upload(b"<svg onload=alert(1)>", field="avatar", display_name="Mallory")

    answer = await ada.patch("/api/v1/accounts/update_credentials", data=form, status=422)

    assert "image" in answer.body["error"].lower()
    assert (await ada.get("/api/v1/accounts/verify_credentials")).body["display_name"] == "Ada"


@pytest.mark.parametrize("acct", ["grace", "Grace", "@grace", "grace@lovelace.localhost:8001"])
async def test_an_account_is_looked_up_by_its_handle(ada: Phone, world: World, acct: str) -> None:
    assert (await ada.get("/api/v1/accounts/lookup", params={"acct": acct})).body["id"] == str(world.grace.id)


async def test_somebody_elsewhere_is_looked_up_by_the_whole_handle(ada: Phone, world: World) -> None:
    found = (await ada.get("/api/v1/accounts/lookup", params={"acct": world.nora.handle})).body

    assert (found["id"], found["acct"], found["username"]) == (str(world.nora.id), world.nora.handle, "nora")
    await ada.get("/api/v1/accounts/lookup?acct=nora", status=404)


async def test_several_accounts_come_in_the_order_asked(ada: Phone, world: World) -> None:
    ids = [str(world.joan.id), "5", str(world.grace.id)]

    assert (await ada.get("/api/v1/accounts", params=[("id[]", one) for one in ids])).ids == [ids[0], ids[2]]


async def test_following_a_colleague_is_done_at_once(ada: Phone, grace: Phone, world: World) -> None:
    done = (await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")).body
    seen = (await grace.get(f"/api/v1/accounts/relationships?id={world.ada.id}")).body
    followers = (await grace.get(f"/api/v1/accounts/{world.grace.id}/followers")).body
    undone = (await ada.post(f"/api/v1/accounts/{world.grace.id}/unfollow")).body

    assert (done["following"], done["requested"], done["showing_reblogs"]) == (True, False, True)
    assert [(entry["following"], entry["followed_by"]) for entry in seen] == [(False, True)]
    assert [account["username"] for account in followers] == ["ada"]
    assert undone["following"] is False


async def test_following_somebody_locked_waits_for_their_answer(ada: Phone, grace: Phone, world: World) -> None:
    await grace.patch("/api/v1/accounts/update_credentials", json={"locked": True})

    asked = (await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")).body
    waiting = await grace.get("/api/v1/follow_requests")
    counted = (await grace.get("/api/v1/accounts/verify_credentials")).body["source"]["follow_requests_count"]
    answered = (await grace.post(f"/api/v1/follow_requests/{world.ada.id}/authorize")).body
    standing = (await ada.get(f"/api/v1/accounts/relationships?id[]={world.grace.id}")).body[0]

    assert (asked["following"], asked["requested"]) == (False, True)
    assert (waiting.ids, counted) == ([str(world.ada.id)], 1)
    assert answered["followed_by"] is True
    assert standing["following"] is True
    await grace.post(f"/api/v1/follow_requests/{world.ada.id}/authorize", status=404)


async def test_a_refused_wish_is_gone(ada: Phone, grace: Phone, world: World) -> None:
    await grace.patch("/api/v1/accounts/update_credentials", json={"locked": True})
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")

    refused = (await grace.post(f"/api/v1/follow_requests/{world.ada.id}/reject")).body

    assert (refused["followed_by"], refused["requested_by"]) == (False, False)
    assert (await grace.get("/api/v1/follow_requests")).body == []


async def test_a_follower_can_be_removed(ada: Phone, grace: Phone, world: World) -> None:
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")

    removed = (await grace.post(f"/api/v1/accounts/{world.ada.id}/remove_from_followers")).body

    assert removed["followed_by"] is False
    assert (await ada.get(f"/api/v1/accounts/relationships?id={world.grace.id}")).body[0]["following"] is False


async def test_following_a_partner_elsewhere_is_requested(ada: Phone, world: World) -> None:
    asked = (await ada.post(f"/api/v1/accounts/{world.nora.id}/follow")).body

    assert (asked["following"], asked["requested"]) == (False, True)


async def test_following_a_group_is_joining_it(joan: Phone, world: World) -> None:
    group = await world.alan.founds("coffee", access=Access.OPEN)

    joined = (await joan.post(f"/api/v1/accounts/{group.id}/follow")).body
    posted = await joan.writes("Beans are out @coffee")
    left = (await joan.post(f"/api/v1/accounts/{group.id}/unfollow")).body

    assert joined["following"] is True
    assert posted["kontor"]["group"] == "coffee"
    assert left["following"] is False


async def test_a_closed_group_is_not_joined_uninvited(joan: Phone, world: World) -> None:
    answer = await joan.post(f"/api/v1/accounts/{world.alpine.id}/follow", status=403)

    assert answer.body["code"] == "group_closed"
    assert (await joan.get(f"/api/v1/accounts/relationships?id={world.alpine.id}")).body[0]["following"] is False


async def test_nobody_follows_themselves(ada: Phone, world: World) -> None:
    await ada.post(f"/api/v1/accounts/{world.ada.id}/follow", status=422)


async def test_relationships_come_in_the_order_asked_oneself_included(ada: Phone, world: World) -> None:
    ids = [str(world.grace.id), str(world.ada.id), "7", "undefined", str(world.alpine.id)]

    found = await ada.get("/api/v1/accounts/relationships", params=[("id[]", one) for one in ids])

    assert found.ids == [ids[0], ids[1], ids[4]]
    assert [entry["following"] for entry in found.body] == [False, False, True]


async def test_followers_are_walked_page_by_page(ada: Phone, hand: Hand, world: World) -> None:
    for person in (world.grace, world.joan, world.alan):
        phone = await hand(person)
        await phone.post(f"/api/v1/accounts/{world.ada.id}/follow")

    walked = await ada.follow_pages(f"/api/v1/accounts/{world.ada.id}/followers?limit=1")

    assert walked == [str(person.id) for person in (world.alan, world.joan, world.grace)]


async def test_members_of_a_closed_group_are_told_to_its_readers_only(ada: Phone, joan: Phone, world: World) -> None:
    path = f"/api/v1/accounts/{world.alpine.id}"

    assert len((await ada.get(f"{path}/followers")).body) == 3
    assert (await joan.get(f"{path}/followers")).body == []
    assert (await ada.get(path)).body["followers_count"] == 3
    assert (await joan.get(path)).body["followers_count"] == 0


async def test_the_groups_one_shares_are_lists(ada: Phone, world: World) -> None:
    shared = (await ada.get(f"/api/v1/accounts/{world.alan.id}/lists")).body

    assert [entry["title"] for entry in shared] == ["alpine"]
    assert (await ada.get(f"/api/v1/accounts/{world.joan.id}/lists")).body == []


async def test_visitors_do_not_know_the_staff(anybody: Phone, world: World) -> None:
    unknown = await anybody.ask("GET", f"/api/v1/accounts/{world.ada.id}")
    never = await anybody.ask("GET", "/api/v1/accounts/123")

    assert (unknown.status, unknown.body) == (never.status, never.body) == (404, never.body)
    await anybody.get("/api/v1/accounts/lookup?acct=ada", status=404)
    assert (await anybody.get("/api/v1/directory")).body == []
    assert (await anybody.get(f"/api/v1/accounts?id[]={world.ada.id}")).body == []


@pytest.mark.parametrize("verb", ["unblock", "unmute", "unpin", "unendorse"])
async def test_what_was_never_done_is_undone_at_once(ada: Phone, world: World, verb: str) -> None:
    answer = await ada.post(f"/api/v1/accounts/{world.grace.id}/{verb}")

    assert (answer.body["blocking"], answer.body["muting"], answer.body["endorsed"]) == (False, False, False)


async def test_markers_are_kept_with_a_version(ada: Phone, grace: Phone) -> None:
    first = (await ada.post("/api/v1/markers", data={"home[last_read_id]": "12"})).body
    second = (await ada.post("/api/v1/markers", json={"home": {"last_read_id": 13}, "other": 3})).body

    assert (first["home"]["last_read_id"], first["home"]["version"]) == ("12", 1)
    assert (second["home"]["last_read_id"], second["home"]["version"]) == ("13", 2)
    assert (await ada.get("/api/v1/markers?timeline[]=home")).body == second
    assert (await grace.get("/api/v1/markers?timeline[]=home")).body == {}


async def test_the_marker_of_notifications_is_there_before_anybody_set_one(ada: Phone) -> None:
    """Elk stops counting when it is not."""
    found = (await ada.get("/api/v1/markers?timeline[]=home&timeline[]=notifications")).body

    assert [(name, marker["last_read_id"], marker["version"]) for name, marker in found.items()] == [
        ("notifications", "0", 0)
    ]


async def test_a_service_account_elsewhere_is_a_bot(ada: Phone, world: World) -> None:
    async with world.database.writing() as session:
        nora = await session.get_one(Actor, world.nora.id)
        nora.type = ActorType.SERVICE
        nora.version += 1

    assert (await ada.get(f"/api/v1/accounts/{world.nora.id}")).body["bot"] is True


async def test_GRP_2_a_client_answers_who_wants_to_join_a_group_of_ones_own(
    world: World, hand: Hand, grace: Phone
) -> None:
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.set_asking(session, group, by=world.alan.staff, asks_first=True)
    alan = await hand(world.alan)
    people = {name: await world.southwind.sends(name) for name in ("sven", "tora")}
    for actor in people.values():
        await world.southwind.joins(world.alpine, as_=actor)
    assert set((await alan.get("/api/v1/follow_requests")).ids) == {str(actor.id) for actor in people.values()}
    assert (await grace.get("/api/v1/follow_requests")).ids == []
    await grace.post(f"/api/v1/follow_requests/{people['sven'].id}/authorize", status=404)
    await alan.post(f"/api/v1/follow_requests/{people['sven'].id}/authorize")
    await alan.post(f"/api/v1/follow_requests/{people['tora'].id}/reject")
    async with world.database.reading() as session:
        members = [row.actor_id for row in await session.scalars(groups.members(group)) if row.host]
    assert (people["sven"].id in members, people["tora"].id in members) == (True, False)
