"""What moderators elsewhere do in groups of ours and of others (GRP-11 to GRP-13, GRP-6)."""

import pytest
from sqlalchemy import select

from models import groups, moderation, partners, policy
from models.tables import Ban, Group, MemberRole, Membership, MemberState, Partner, Post
from tests.federation.activities.conftest import actor_of
from tests.federation.activities.test_groups import announces, for_group, in_steel, joins, remote
from tests.federation.neighbours import altered
from tests.world import sees


async def moderator(square, person, group) -> None:
    """Let a member elsewhere keep a group of ours in order."""
    async with square.home.database.writing() as session:
        actor = await actor_of(session, person)
        found = await session.get_one(Group, group.id)
        await groups.set_role(session, found, actor.id, MemberRole.MODERATOR, by=square.home.alan.staff)


@pytest.fixture
async def kept(square, nora, northwind):
    """Nora moderates alpine, in which Ned of her company wrote something."""
    home = square.home
    ned = northwind.person("ned", number=1)
    await joins(home, nora, square.alpine_actor)
    await joins(home, ned, square.alpine_actor)
    await moderator(square, nora, square.alpine)
    note = ned.note("ned", **for_group(square.alpine_actor, public=False))
    assert await ned.sends(home, ned.does("Create", note)) == "done: stored"
    return ned, note["id"]


async def post_at(home, uri) -> Post:
    [found] = [post for post in await home.posts() if post.uri == uri]
    return found


# Ours, kept by a moderator elsewhere


async def test_GRP_11_a_moderator_elsewhere_removes_and_restores_in_a_group_of_ours(square, nora, kept):
    home, (_ned, uri) = square.home, kept
    delete = nora.does("Delete", uri, summary="<b>spam</b>", audience=square.alpine_actor.uri)
    assert await nora.sends(home, delete) == "done: removed from its group"

    post = await post_at(home, uri)
    assert (post.removed_at is not None, post.removal_reason, post.deleted_at) == (True, "spam", None)
    assert len(await home.entries("GroupDistributes")) == 2
    assert await nora.sends(home, nora.does("Undo", delete)) == "done: restored to its group"
    assert (await post_at(home, uri)).removed_at is None


async def test_GRP_11_a_post_of_ours_is_removed_and_not_deleted(square, nora, kept):
    home = square.home
    ours = await home.alan.writes("Ours", group=square.alpine)
    assert await nora.sends(home, nora.does("Delete", ours.uri)) == "done: removed from its group"

    assert (await post_at(home, ours.uri)).html == "<p>Ours</p>"
    assert not await sees(home.database, square.ada.staff, ours)
    assert await sees(home.database, home.alan.staff, ours)


async def test_GRP_11_a_member_removes_nothing_but_the_own_posts(square, kept):
    home, (ned, uri) = square.home, kept
    ours = await home.alan.writes("Ours", group=square.alpine)
    assert (await ned.sends(home, ned.does("Delete", ours.uri))).startswith("refused: R-13")
    assert await ned.sends(home, ned.does("Delete", uri)) == "done: deleted"


async def test_GRP_11_a_moderator_keeps_order_in_that_group_alone(square, nora, kept):
    home = square.home
    ours = await home.alan.writes("Ours", group=square.public)
    assert (await nora.sends(home, nora.does("Delete", ours.uri))).startswith("refused: R-13")


async def test_GRP_12_a_moderator_elsewhere_bans_and_lifts_the_ban(square, nora, kept):
    home, (ned, uri) = square.home, kept
    block = nora.does(
        "Block", ned.id, target=square.alpine_actor.uri, summary="spam", endTime="2036-03-01T00:00:00Z", removeData=True
    )
    assert await nora.sends(home, block) == "done: banned"

    [ban] = await home.rows(Ban)
    assert (ban.reason, ban.ends_at.year) == ("spam", 2036)
    assert (await post_at(home, uri)).removed_at is not None
    note = ned.note("more", **for_group(square.alpine_actor, public=False))
    assert (await ned.sends(home, ned.does("Create", note))).startswith("refused: GRP-6")
    again = ned.does("Follow", square.alpine_actor.uri)
    assert await ned.sends(home, again) == "done: turned away: is banned"
    assert (await home.entries("Left"))[-1]["uri"] == again["id"]  # answered with a Reject of this Follow
    assert await nora.sends(home, nora.does("Undo", block)) == "done: banned no more"
    assert await ned.sends(home, ned.does("Follow", square.alpine_actor.uri)) == "done: joined"


async def test_R_71_who_was_banned_is_told_nothing_by_a_group_that_is_open_to_them_no_more(
    square, northwind, nora, kept
):
    home, (ned, _) = square.home, kept
    assert await nora.sends(home, nora.does("Block", ned.id, target=square.alpine_actor.uri)) == "done: banned"
    async with home.database.writing() as session:
        partner = await session.scalar(select(Partner).where(Partner.host == northwind.host))
        group = await session.get_one(Group, square.alpine.id)
        await partners.end_agreement(session, partner, group, by=home.alan.staff)
    before = await home.entries("Left")

    wish = ned.does("Follow", square.alpine_actor.uri)
    assert await ned.sends(home, wish) == "refused: R-71: asks for somebody they may not know of"

    assert await home.entries("Left") == before


async def test_GRP_12_members_ban_nobody_and_nobody_bans_the_owner(square, nora, kept):
    home, (ned, _uri) = square.home, kept
    target = {"target": square.alpine_actor.uri}
    assert (await ned.sends(home, ned.does("Block", nora.id, **target))).startswith("refused: GRP-12")
    alan = await home.actor(home.alan.id)
    assert await nora.sends(home, nora.does("Block", alan.uri, **target)) == "ignored: bans nobody"
    assert await home.rows(Ban) == []


async def test_GRP_12_a_ban_that_has_ended_holds_nobody(square, nora, kept):
    home, (ned, _uri) = square.home, kept
    past = nora.does("Block", ned.id, target=square.alpine_actor.uri, endTime="2020-01-01T00:00:00Z")
    assert await nora.sends(home, past) == "ignored: bans nobody"


async def test_GRP_13_a_moderator_elsewhere_pins_and_closes(square, nora, kept):
    home, (ned, uri) = square.home, kept
    featured = {"target": square.alpine_actor.featured_uri}
    lock = nora.does("Lock", uri)
    outcomes = [
        await nora.sends(home, activity)
        for activity in (
            nora.does("Add", uri, **featured),
            nora.does("Add", uri, **featured),
            lock,
            nora.does("Undo", lock),
            nora.does("Remove", uri, **featured),
        )
    ]
    assert outcomes == ["done: pinned", "ignored: is so already", "done: locked", "done: unlocked", "done: unpinned"]
    assert (await ned.sends(home, ned.does("Lock", uri))).startswith("refused: GRP-13")


async def test_GRP_13_who_moderates_a_group_of_ours_is_named_here(square, nora, kept):
    home, (ned, _uri) = square.home, kept
    add = nora.does("Add", ned.id, target=square.alpine_actor.moderators_uri)
    assert (await nora.sends(home, add)).startswith("refused: GRP-13")


async def test_GRP_6_an_answer_in_a_closed_thread_is_refused_with_a_reject(square, nora, kept):
    home, (ned, _uri) = square.home, kept
    ours = await home.alan.writes("Ours", group=square.alpine)
    async with home.database.writing() as session:
        await moderation.lock(session, ours.id, by=home.alan.staff)
    place = for_group(square.alpine_actor, public=False)
    answer = ned.does("Create", ned.note("answer", inReplyTo=ours.uri, **place))
    assert await ned.sends(home, answer) == "refused: GRP-6: the thread is closed"
    assert "sent Reject GRP-6" in await home.ledger()

    by_moderator = nora.does("Create", nora.note("last", inReplyTo=ours.uri, **place))
    assert await nora.sends(home, by_moderator) == "done: stored"


# Theirs


async def test_GRP_11_a_group_elsewhere_hides_a_post_of_ours_in_our_mirror_and_brings_it_back(square, steel, nora):
    home = square.home
    async with home.database.writing() as session:
        mirror = await session.get_one(Group, (await actor_of(session, steel)).id)
        await session.refresh(mirror)
    post = await home.alan.writes("From us", group=mirror)
    delete = nora.proves(nora.does("Delete", post.uri, summary="off topic", audience=steel.id))
    assert await steel.sends(home, announces(steel, delete)) == "done: Delete: removed from its group"

    found = await post_at(home, post.uri)
    assert (found.html, found.removal_reason) == ("<p>From us</p>", "off topic")
    undo = nora.proves(nora.does("Undo", delete))
    assert await steel.sends(home, announces(steel, undo)) == "done: Undo: restored to its group"


async def test_GRP_11_from_another_server_only_listed_moderators_count(square, steel, nora, other, northwind):
    home = square.home
    await home.admits(other)
    olaf = other.person("olaf", number=2)
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1"))))
    [post] = await remote(home)
    delete = olaf.proves(olaf.does("Delete", post.uri, audience=steel.id))
    assert (await steel.sends(home, announces(steel, delete))).startswith("refused: R-14")

    moderators = steel.document["attributedTo"]
    northwind.serve({"id": moderators, "type": "OrderedCollection", "orderedItems": [olaf.id]})
    again = olaf.proves(olaf.does("Delete", post.uri, audience=steel.id))
    outcome = await steel.sends(home, announces(steel, again))
    assert outcome == "done: Delete: removed from its group"


async def test_GRP_12_and_13_a_group_elsewhere_bans_names_pins_and_closes(square, steel, nora):
    home = square.home
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1"))))
    [post] = await remote(home)
    alan = await home.actor(home.alan.id)
    async with home.database.writing() as session:
        own = await actor_of(session, steel)
        own.featured_uri = f"{steel.id}/featured"
    acts = (
        nora.does("Add", post.uri, target=own.featured_uri),
        nora.does("Lock", post.uri),
        nora.does("Add", alan.uri, target=own.moderators_uri),
        nora.does("Block", alan.uri, target=steel.id, summary="spam"),
    )
    outcomes = [await steel.sends(home, announces(steel, nora.proves(act))) for act in acts]
    assert outcomes == [
        "done: Add: pinned",
        "done: Lock: locked",
        "done: Add: named moderator",
        "done: Block: banned",
    ]

    [member] = [row for row in await home.rows(Membership) if row.group_id == own.id]
    assert (member.state, member.role) == (MemberState.REFUSED, MemberRole.MEMBER)
    async with home.database.reading() as session:
        assert await policy.is_banned(session, alan.id, own.id)


async def test_GRP_9_a_group_keeps_order_in_itself_alone(square, steel, nora, northwind):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    ours = await home.alan.writes("Ours", group=square.alpine)
    alan = await home.actor(home.alan.id)
    for inner in (
        nora.does("Delete", ours.uri, audience=steel.id),
        nora.does("Lock", ours.uri, audience=steel.id),
        nora.does("Block", alan.uri, target=square.alpine_actor.uri),
        nora.does("Add", ours.uri, target=square.alpine_actor.featured_uri),
    ):
        outcome = await steel.sends(home, announces(steel, nora.proves(inner)))
        assert outcome.startswith(("refused", "ignored")), (inner["type"], outcome)
    assert await home.entries("Moderated") == []


async def test_GRP_11_a_forged_removal_inside_an_announce_is_refused(square, steel, nora, other):
    home = square.home
    await home.admits(other)
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1"))))
    [post] = await remote(home)
    olaf = other.person("olaf", number=2)
    forged = altered(olaf.proves(olaf.does("Delete", post.uri, audience=steel.id)), actor=nora.id)

    assert (await steel.sends(home, announces(steel, forged))).startswith("refused")
    assert (await post_at(home, post.uri)).removed_at is None


async def test_GRP_13_older_forums_say_on_the_post_that_it_is_closed(square, steel, nora):
    home = square.home
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1", commentsEnabled=False))))
    [post] = await remote(home)
    assert post.locked_at is not None

    opened = nora.note(
        "1",
        to=[steel.id, steel.document["followers"]],
        audience=steel.id,
        commentsEnabled=True,
        updated="2026-03-01T00:00:00Z",
    )
    await steel.sends(home, announces(steel, nora.proves(nora.does("Update", opened))))
    assert (await post_at(home, post.uri)).locked_at is None


async def test_GRP_13_an_author_does_not_close_a_thread_of_ours(square, nora, kept):
    home, (ned, _uri) = square.home, kept
    note = ned.note("closed", commentsEnabled=False, **for_group(square.alpine_actor, public=False))
    assert await ned.sends(home, ned.does("Create", note)) == "done: stored"
    assert (await post_at(home, note["id"])).locked_at is None
