"""Follow, Accept, Reject, Undo: wishes and answers, in both directions."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import groups, relations
from models.tables import Activity, Actor, Follow, Membership, MemberState, Reach, Tombstone
from tests.federation.activities.conftest import actor_of, known
from tests.federation.neighbours import altered


async def memberships(home) -> list[tuple[str, str]]:
    async with home.database.reading() as session:
        rows = await session.execute(
            select(Actor.username, Membership.state)
            .join(Actor, Actor.id == Membership.actor_id)
            .order_by(Membership.id)
        )
        return [(name, str(state)) for name, state in rows if name != "alan"]


async def follows_of(home) -> list[tuple[int, int, bool]]:
    return [(row.follower_id, row.followee_id, row.accepted_at is not None) for row in await home.rows(Follow)]


# To us


async def test_GRP_2_who_may_join_is_in_at_once_and_asks_as_often_as_they_like(square, nora):
    home = square.home
    for group in (square.public_actor, square.alpine_actor):
        assert await nora.sends(home, nora.does("Follow", group.uri)) == "done: joined"
    assert await memberships(home) == [("nora", "member")] * 2
    assert await nora.sends(home, nora.does("Follow", group.uri)) == "done: joined"
    assert len(await home.entries("Joined")) == 3  # the repetition is answered again
    assert await memberships(home) == [("nora", "member")] * 2


async def test_join_is_another_word_for_it(square, nora):
    assert await nora.sends(square.home, nora.does("Join", square.public_actor.uri)) == "done: joined"
    assert await nora.sends(square.home, nora.does("Leave", square.public_actor.uri)) == "done: left"


async def test_following_a_person_waits_for_their_answer_where_they_want_that(square, nora):
    home = square.home
    assert await nora.sends(home, nora.does("Follow", square.ada_actor.uri)) == "done: asked to follow"
    assert [accepted for *_, accepted in await follows_of(home)] == [True]

    bob = nora.peer.person("bob")
    async with home.database.writing() as session:
        (await session.get_one(Actor, square.ada.id)).is_locked = True
    assert await bob.sends(home, bob.does("Follow", square.ada_actor.uri)) == "done: asked to follow"
    assert [accepted for *_, accepted in await follows_of(home)] == [True, False]


@pytest.mark.parametrize("object", ["http://nobody.localhost/1", "{base}/ap/u/never", "{base}/ap/instance", "{nora}"])
async def test_a_follow_of_nobody_here_is_ignored(square, nora, object):
    await square.home.get("/ap/instance")
    target = object.format(base=square.home.instance.base_url, nora=nora.id)
    assert (await nora.sends(square.home, nora.does("Follow", target))).startswith("ignored: ")


async def test_R_71_a_follow_of_somebody_hidden_gets_no_answer(square, nora):
    home = square.home
    secret = await home.actor((await home.founds("secret", Reach.INTERNAL)).id)
    alan = await home.actor(home.alan.id)
    for target in (secret, alan):
        assert (await nora.sends(home, nora.does("Follow", target.uri))).startswith("refused: R-71")
    assert await home.rows(Activity) == []
    assert await memberships(home) == []
    assert await follows_of(home) == []


async def test_GRP_2_groups_join_public_groups_only_and_follow_nobody(square, northwind):
    club = northwind.group("club")
    home = square.home
    assert await club.sends(home, club.does("Follow", square.public_actor.uri)) == "done: joined"
    assert (await club.sends(home, club.does("Follow", square.alpine_actor.uri))).startswith("refused: GRP-2")
    assert (await club.sends(home, club.does("Follow", square.ada_actor.uri))).startswith("refused: GRP-2")


@pytest.mark.parametrize("form", ["whole", "without id", "another id", "id only"])
async def test_undo_finds_the_follow_in_every_form(square, nora, form):
    home = square.home
    for target, outcome in ((square.alpine_actor, "done: left"), (square.ada_actor, "done: follows no more")):
        follow = nora.does("Follow", target.uri)
        await nora.sends(home, follow)
        inner = {
            "whole": follow,
            "without id": altered(follow, id=None),
            "another id": altered(follow, id=f"{follow['id']}/again"),
            "id only": follow["id"],
        }[form]
        assert await nora.sends(home, nora.does("Undo", inner)) == outcome
    assert await memberships(home) == []
    assert await follows_of(home) == []


async def test_R_14_nobody_undoes_for_another(square, nora, northwind):
    home = square.home
    follow = nora.does("Follow", square.alpine_actor.uri)
    await nora.sends(home, follow)
    neighbour = northwind.person("neighbour", number=1)
    assert (await neighbour.sends(home, neighbour.does("Undo", follow))).startswith("refused: R-14")
    assert (await neighbour.sends(home, neighbour.does("Undo", follow["id"]))).startswith("refused: R-14")
    assert await memberships(home) == [("nora", "member")]


async def test_R_61_undone_stays_undone_in_whatever_order_it_comes(square, nora):
    home = square.home
    follow = nora.does("Follow", square.alpine_actor.uri)
    undo = nora.does("Undo", follow)
    before = datetime.now(UTC) - timedelta(seconds=5)
    await nora.sends(home, follow, now=before)
    await nora.sends(home, undo)
    assert (await nora.posts(home, follow, now=before)).status == 202
    await home.works()
    assert await memberships(home) == []

    early = nora.does("Follow", square.alpine_actor.uri)
    assert await nora.sends(home, nora.does("Undo", early)) == "done: remembered"
    assert await nora.sends(home, early) == "ignored: was taken back before it came"
    assert await memberships(home) == []


# From us


async def asks_to_join(home, group) -> str:
    """Alan asks to join a group elsewhere; the id of his Follow."""
    await known(home, group)
    async with home.database.writing() as session:
        mirror = await groups.keep_mirror(session, await actor_of(session, group))
        return str((await groups.join(session, mirror, by=home.alan.staff)).uri)


async def asks_to_follow(home, person) -> str:
    await known(home, person)
    async with home.database.writing() as session:
        return (await relations.follow(session, await actor_of(session, person), by=home.alan.staff)).uri


async def standing(home) -> list[MemberState]:
    return [row.state for row in await home.rows(Membership) if row.uri is not None]


@pytest.mark.parametrize("form", ["id", "whole", "without id", "of another case"])
async def test_R_16_an_answer_is_matched_in_every_form(home, northwind, nora, form):
    alan = await home.actor(home.alan.id)
    group = northwind.group("steel")
    for asks, target, outcome in ((asks_to_join, group, "done: joined"), (asks_to_follow, nora, "done: followed")):
        uri = await asks(home, target)
        inner = {"id": uri, "type": "Follow", "actor": alan.uri, "object": target.id}
        asked = {
            "id": uri,
            "whole": inner,
            "without id": altered(inner, id=None),
            "of another case": altered(inner, id=uri.upper()),
        }[form]
        assert await target.sends(home, target.does("Accept", asked)) == outcome
    assert await standing(home) == [MemberState.MEMBER]
    assert [accepted for *_, accepted in await follows_of(home)] == [True]


async def test_R_16_only_who_was_asked_answers(home, northwind, nora, other):
    await home.admits(other)
    group = northwind.group("steel")
    uri = await asks_to_join(home, group)
    follow = await asks_to_follow(home, nora)
    alan = await home.actor(home.alan.id)
    for stranger in (northwind.person("neighbour", number=1), northwind.group("club", number=1), other.person("olaf")):
        for asked, target in ((uri, group), (follow, nora)):
            inner = {"id": asked, "type": "Follow", "actor": alan.uri, "object": target.id}
            for answer in ("Accept", "Reject"):
                for form in (asked, inner, altered(inner, object=stranger.id)):
                    outcome = await stranger.sends(home, stranger.does(answer, form))
                    assert outcome == "ignored: nobody of ours asked for that", (answer, form)
    assert await standing(home) == [MemberState.ASKED]
    assert [accepted for *_, accepted in await follows_of(home)] == [False]


async def test_R_16_an_answer_nobody_asked_for_has_no_effect(home, northwind, nora):
    alan = await home.actor(home.alan.id)
    follow = {"id": home.url("/ap/x/never"), "type": "Follow", "actor": alan.uri, "object": nora.id}
    assert await nora.sends(home, nora.does("Accept", follow)) == "ignored: nobody of ours asked for that"
    assert await follows_of(home) == []


async def test_a_refusal_ends_it_also_after_consent(home, northwind, nora):
    group = northwind.group("steel")
    uri = await asks_to_join(home, group)
    follow = await asks_to_follow(home, nora)
    await group.sends(home, group.does("Accept", uri))
    await nora.sends(home, nora.does("Accept", follow))

    assert await group.sends(home, group.does("Reject", uri)) == "done: not let in"
    assert await nora.sends(home, nora.does("Reject", follow)) == "done: refused"
    assert await standing(home) == [MemberState.REFUSED]
    assert await follows_of(home) == []
    assert await group.sends(home, group.does("Accept", uri)) == "ignored: nobody of ours asked for that"
    assert await standing(home) == [MemberState.REFUSED]


async def test_section_21_a_forum_may_refuse_in_its_servers_name(home, northwind, other):
    await home.admits(other)
    group = northwind.group("steel")
    await asks_to_join(home, group)
    alan = await home.actor(home.alan.id)
    about = {"type": "Follow", "target": alan.uri, "object": group.document}
    stranger = other.person("server", type="Application")
    assert (await stranger.sends(home, stranger.does("Reject", about))).startswith("ignored")
    server = northwind.person("server", type="Application")
    assert (await server.sends(home, server.does("Accept", about))).startswith("ignored")
    assert await server.sends(home, server.does("Reject", about)) == "done: not let in"
    assert await standing(home) == [MemberState.REFUSED]


async def test_nothing_remembered_of_other_servers_ids(square, nora):
    undo = nora.does("Undo", "http://other.localhost/follow/1")
    assert await nora.sends(square.home, undo) == "ignored: undoes nothing here"
    async with square.home.database.reading() as session:
        assert (await session.scalars(select(Tombstone))).all() == []
