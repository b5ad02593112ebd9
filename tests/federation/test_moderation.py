"""What owners and moderators of a group of ours do, as members elsewhere are told (GRP-11 to GRP-13)."""

from datetime import UTC, datetime

from federation import collections
from federation.vocabulary import PUBLIC
from models import groups, moderation, partners, policy
from models.tables import Dialect, Group, Level, MemberRole, Post
from models.viewers import ANONYMOUS
from tests.federation.office import (
    BLOG,
    FORUM,
    a_post_from,
    actor_of,
    approved,
    delivered,
    lines,
    outsider,
    public_group,
)
from tests.world import NORTHWIND, Outsider

ENDS = datetime(2027, 3, 1, tzinfo=UTC)


async def does(world, verb, *arguments, by=None, **more):
    """Let somebody, Alan who owns alpine unless told otherwise, keep order."""
    async with world.database.writing() as session:
        if arguments and isinstance(arguments[0], Group):
            arguments = (await session.get_one(Group, arguments[0].id), *arguments[1:])
        return await verb(session, *arguments, by=(by or world.alan).staff, **more)


async def removes(world, post, reason="advertising"):
    await does(world, moderation.remove_post, post.id, reason=reason)


def inner(sent):
    [one] = sent
    assert one.document["type"] == "Announce"
    return one.document["object"]


async def out_of_alpine(world, office):
    post = await approved(world)
    await office.sends()
    await delivered(world)
    return post


async def test_GRP_11_a_removal_is_the_moderators_delete_inside_the_groups_announce(world, office):
    post = await out_of_alpine(world, office)
    await removes(world, post)

    delete = inner(await office.sends())
    place, alan = await actor_of(world, world.alpine), await actor_of(world, Group(id=world.alan.id))
    assert (delete["type"], delete["actor"], delete["object"]) == ("Delete", alan.uri, post.uri)
    assert (delete["cc"], delete["audience"], delete["summary"]) == ([place.uri], place.uri, "advertising")
    assert PUBLIC not in str(delete)
    assert delete["proof"]["verificationMethod"].startswith(alan.uri)
    recalled = [line for line in await lines(world) if str(line.outcome) == "withdrawn"]
    assert [(line.rule, line.actor, line.hosts) for line in recalled] == [("moderation", "alan", [NORTHWIND])]


async def test_GRP_11_undo_restores(world, office):
    post = await out_of_alpine(world, office)
    await removes(world, post)
    await office.sends()
    await delivered(world)
    await does(world, moderation.restore_post, post.id)

    undo = inner(await office.sends())
    assert (undo["type"], undo["object"]["type"], undo["object"]["object"]) == ("Undo", "Delete", post.uri)
    assert undo["actor"] == undo["object"]["actor"]


async def test_GRP_11_what_nobody_outside_got_is_removed_in_silence(world, office):
    post = await world.ada.writes("Waits at the gate", group=world.alpine)
    await removes(world, post)

    assert await office.sends() == []


async def test_GRP_11_what_was_removed_is_not_released_by_the_gate(world, office):
    post = await world.ada.writes("Waits at the gate", group=world.alpine)
    await removes(world, post)
    async with world.database.writing() as session:
        found = await session.get_one(Post, post.id)
        found.published_revision = 1

    assert await world.northwind.sees(post) is False
    assert await office.sends() == []


async def test_GRP_11_copies_are_deleted_and_made_anew(world, office):
    async with world.database.writing() as session:
        await partners.admit(session, BLOG, levels={"alpine": Level.READ}, copies=["alpine"])
    await Outsider(world.database, BLOG).joins(world.alpine, as_=await outsider(world.database, BLOG, "masha"))
    await office.sends()
    post = await approved(world)
    [first] = [one.document["object"]["id"] for one in await office.sends() if one.host == BLOG]
    await delivered(world)
    await removes(world, post)

    [delete] = [one.document for one in await office.sends() if one.host == BLOG]
    assert (delete["type"], delete["object"]["id"]) == ("Delete", first)
    await delivered(world)
    await does(world, moderation.restore_post, post.id)

    [create] = [one.document for one in await office.sends() if one.host == BLOG]
    assert create["type"] == "Create"
    assert create["object"]["id"] != first


async def test_GRP_11_microblogs_see_the_boost_taken_back(world, office):
    group = await public_group(world, (BLOG, Dialect.MICROBLOG), (FORUM, Dialect.FORUM), office=office)
    post = await world.ada.writes("Out", group=group)
    await office.sends()
    await delivered(world)
    await does(world, moderation.remove_post, post.id, by=world.ada, reason="mistake")

    assert sorted(await office.forms()) == [(BLOG, "Undo{Announce}"), (FORUM, "Announce{Delete}")]
    await delivered(world)
    await does(world, moderation.restore_post, post.id, by=world.ada)
    assert sorted(await office.forms()) == [(BLOG, "Announce{id}"), (FORUM, "Announce{Undo}")]


async def test_GRP_12_a_ban_is_a_block_with_the_group_for_target_and_then_a_reject(world, office):
    await does(world, moderation.ban, world.alpine, world.nora.id, reason="spam", ends_at=ENDS)

    block, reject = [one.document for one in await office.sends()]
    place = await actor_of(world, world.alpine)
    told = block["object"]
    assert (told["type"], told["object"], told["target"]) == ("Block", world.nora.uri, place.uri)
    assert (told["summary"], told["endTime"], told["cc"]) == ("spam", "2027-03-01T00:00:00Z", [place.uri])
    assert (reject["type"], reject["object"]["type"], reject["to"]) == ("Reject", "Follow", [world.nora.uri])
    await does(world, moderation.unban, world.alpine, world.nora.id)
    assert inner(await office.sends())["type"] == "Undo"  # nobody there is a member, but she is concerned


async def test_GRP_12_members_elsewhere_hear_of_a_ban_and_of_its_end(world, office):
    other = await outsider(world.database, NORTHWIND, "olga")
    await Outsider(world.database, NORTHWIND).joins(world.alpine, as_=other)
    await office.sends()
    await does(world, moderation.ban, world.alpine, world.nora.id, reason="spam")
    await office.sends()
    await does(world, moderation.unban, world.alpine, world.nora.id)

    undo = inner(await office.sends())
    assert (undo["type"], undo["object"]["type"], undo["object"]["object"]) == ("Undo", "Block", world.nora.uri)


async def test_GRP_12_of_a_colleague_whom_nobody_outside_knows_no_ban_is_told(world, office):
    await does(world, moderation.ban, world.alpine, world.ada.id, reason="spam")

    assert [one.form for one in await office.sends()] == []


async def test_GRP_13_pins_and_locks_are_told_to_who_has_the_post(world, office):
    post = await out_of_alpine(world, office)
    place = await actor_of(world, world.alpine)
    told = []
    for verb, more in (
        (moderation.pin, {}),
        (moderation.pin, {"is_pinned": False}),
        (moderation.lock, {}),
        (moderation.lock, {"is_locked": False}),
    ):
        await does(world, verb, post.id, **more)
        told.append(inner(await office.sends()))

    assert [one["type"] for one in told] == ["Add", "Remove", "Lock", "Undo"]
    assert [one["object"] for one in told[:3]] == [post.uri] * 3
    assert told[0]["target"] == told[1]["target"] == place.featured_uri
    assert (told[3]["object"]["type"], told[3]["object"]["object"]) == ("Lock", post.uri)


async def test_GRP_13_what_stays_in_the_house_is_pinned_and_locked_in_silence(world, office):
    post = await world.ada.writes("Waits at the gate", group=world.alpine)
    await does(world, moderation.pin, post.id)
    await does(world, moderation.lock, post.id)

    assert await office.sends() == []


async def test_GRP_13_a_named_moderator_is_added_to_the_collection(world, office):
    await world.alan.names(world.ada, MemberRole.MODERATOR, group=world.alpine)
    add = inner(await office.sends())
    place, ada = await actor_of(world, world.alpine), await actor_of(world, Group(id=world.ada.id))

    assert (add["type"], add["object"], add["target"]) == ("Add", ada.uri, place.moderators_uri)
    async with world.database.reading() as session:
        northwind = await policy.remote_viewer(session, NORTHWIND)
        listed = await collections.of_actor(session, northwind, place, "moderators", url="x", query={})
    assert ada.uri in listed["orderedItems"]
    await world.alan.names(world.ada, MemberRole.MEMBER, group=world.alpine)
    assert inner(await office.sends())["type"] == "Remove"


async def test_GRP_13_keeping_the_gate_makes_no_moderator(world, office):
    await world.alan.names(world.ada, MemberRole.GATEKEEPER, group=world.alpine)

    assert await office.sends() == []


async def test_GRP_13_the_featured_collection_lists_pinned_posts_for_who_may_read_them(world, office):
    post = await out_of_alpine(world, office)
    hidden = await world.ada.writes("Waits at the gate", group=world.alpine)
    for each in (post, hidden):
        await does(world, moderation.pin, each.id)
    place = await actor_of(world, world.alpine)
    async with world.database.reading() as session:
        found = {
            name: (await collections.of_actor(session, viewer, place, "featured", url="x", query={}))["orderedItems"]
            for name, viewer in (
                ("northwind", await policy.remote_viewer(session, NORTHWIND)),
                ("mallory", await world.mallory.viewer()),
                ("anybody", ANONYMOUS),
            )
        }
    assert found == {"northwind": [post.uri], "mallory": [], "anybody": []}


async def test_GRP_13_a_closed_thread_says_so_in_its_document(world, office):
    post = await out_of_alpine(world, office)
    await does(world, moderation.lock, post.id)
    await office.sends()
    await world.ada.edits(post, "Changed")
    await world.grace.approves(post)

    update = inner(await office.sends())
    assert update["object"]["commentsEnabled"] is False


async def test_GRP_11_a_removed_post_of_others_is_not_passed_on_again(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    await removes(world, post)

    assert await office.sends() == []
    async with world.database.reading() as session:
        assert [found.username for found in await groups.keepers(session, world.alpine)] == ["alan"]
