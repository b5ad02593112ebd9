"""Groups: what is sent to ours and passed on, and what groups elsewhere pass on to us."""

import pytest
from sqlalchemy import select

from federation.vocabulary import PUBLIC
from models import groups, moderation
from models.tables import Activity, Dialect, Group, Level, Membership, MemberState, Peer, Post, Reach, Visibility
from tests.federation.activities.conftest import actor_of, known
from tests.federation.neighbours import altered
from tests.world import sees


async def remote(home):
    return [post for post in await home.posts() if not post.is_local]


async def joins(home, person, group) -> None:
    assert await person.sends(home, person.does("Follow", group.uri)) == "done: joined"


def for_group(actor, *, public: bool) -> dict:
    """The addressing of a post in a group of ours."""
    return {"to": [actor.uri, PUBLIC if public else actor.followers_uri], "audience": actor.uri}


# Ours


@pytest.mark.parametrize("public", [True, False])
async def test_GRP_6_a_members_post_is_stored_and_passed_on(square, nora, public):
    home = square.home
    actor = square.public_actor if public else square.alpine_actor
    await joins(home, nora, actor)
    create = nora.does("Create", nora.note("1", **for_group(actor, public=public)))
    assert await nora.sends(home, create) == "done: stored"

    [post] = await remote(home)
    assert (post.group_id, post.visibility) == (actor.id, Visibility.GROUP)
    assert post.reach is (Reach.PUBLIC if public else Reach.PARTNERS)
    assert [entry["post_id"] for entry in await home.entries("GroupDistributes")] == [post.id]
    assert await home.ledger() == [f"received Create {'reach_public' if public else 'agreement'}"]


async def test_GRP_6_a_mention_in_a_microblog_is_a_post_in_the_group(square, nora):
    home = square.home
    await joins(home, nora, square.public_actor)
    tag = [{"type": "Mention", "href": square.public_actor.uri, "name": "@square"}]
    note = nora.note("1", cc=[f"{nora.id}/followers", square.public_actor.uri], tag=tag)
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert [post.group_id for post in await remote(home)] == [square.public.id]


async def test_GRP_6_a_direct_message_that_names_the_group_is_for_its_moderators(square, nora):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    note = nora.note("1", to=[square.alpine_actor.uri])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"

    [post] = await remote(home)
    assert (post.visibility, post.group_id) == (Visibility.DIRECT, None)
    assert await sees(home.database, home.alan.staff, post)
    assert not await sees(home.database, square.ada.staff, post)
    assert await home.entries("GroupDistributes") == []


@pytest.mark.parametrize("form", ["the group", "its outbox", "a wall of the group"])
async def test_GRP_6_c_a_post_can_ask_to_be_added_to_what_the_group_owns(square, nora, form):
    home = square.home
    await joins(home, nora, square.public_actor)
    targets = {
        "the group": square.public_actor.uri,
        "its outbox": square.public_actor.outbox,
        "a wall of the group": {
            "type": "Collection",
            "id": f"{square.public_actor.uri}/wall",
            "attributedTo": square.public_actor.uri,
        },
    }
    note = nora.note("1", target=targets[form])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert [post.group_id for post in await remote(home)] == [square.public.id]


async def test_GRP_6_c_a_target_elsewhere_is_no_post_in_a_group_here(square, nora):
    home = square.home
    await joins(home, nora, square.public_actor)
    note = nora.note("1", target=f"{nora.peer.base_url}/wall", cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    assert [post.group_id for post in await remote(home)] == [None]


async def test_GRP_6_a_direct_message_to_a_hidden_group_reaches_nobody(square, nora):
    home = square.home
    secret = await home.actor((await home.founds("secret", Reach.INTERNAL)).id)
    note = nora.note("1", to=[secret.uri])
    assert await nora.sends(home, nora.does("Create", note)) == "ignored: concerns nobody here"


async def test_GRP_4_a_public_group_takes_public_posts(square, nora):
    home = square.home
    await joins(home, nora, square.public_actor)
    note = nora.note("1", **for_group(square.public_actor, public=False))
    assert (await nora.sends(home, nora.does("Create", note))).startswith("refused: GRP-4")


@pytest.mark.parametrize(
    ("level", "post", "reply"),
    [(Level.READ, "refused", "refused"), (Level.COMMENT, "refused", "done"), (Level.POST, "done", "done")],
)
async def test_GRP_6_what_a_partner_may_do_is_what_was_agreed(square, northwind, nora, level, post, reply):
    home = square.home
    await home.admits(northwind, alpine=level)
    await joins(home, nora, square.alpine_actor)
    ours = await home.alan.writes("Ours", group=square.alpine)
    place = for_group(square.alpine_actor, public=False)

    outcomes = [
        await nora.sends(home, nora.does("Create", nora.note("1", **place))),
        await nora.sends(home, nora.does("Create", nora.note("2", inReplyTo=ours.uri, **place))),
    ]
    assert [outcome.partition(":")[0] for outcome in outcomes] == [post, reply]
    wanted = [outcome for outcome in (post, reply) if outcome == "done"]
    assert len(await remote(home)) == len(wanted) == len(await home.entries("GroupDistributes"))


async def test_GRP_6_a_refused_post_is_told_to_its_author_and_leaves_nothing(square, nora):
    """What was not let in is passed on to nobody and found by nobody (L18)."""
    home = square.home
    create = nora.does("Create", nora.note("1", **for_group(square.alpine_actor, public=False)))
    assert await nora.sends(home, create) == "refused: GRP-6: may not post there"

    assert await remote(home) == []
    [reject] = await home.rows(Activity)
    assert (reject.type, reject.actor_id, reject.object_uri) == ("Reject", square.alpine.id, create["id"])
    answer = await nora.gets(home, reject.uri)
    assert (answer.json()["object"], answer.json()["to"]) == (create["id"], [nora.id])
    assert await home.ledger() == ["refused Create GRP-6", "sent Reject GRP-6"]
    [line] = await home.audit("activity_refused")
    assert (line.rule, line.facts["activity"]) == ("GRP-6", create["id"])


@pytest.mark.parametrize("public", [True, False])
async def test_GRP_6_nobody_elsewhere_writes_into_a_group_that_is_archived_or_joins_it(square, northwind, nora, public):
    """What nobody of ours may do there any more."""
    home = square.home
    actor, group = (square.public_actor, square.public) if public else (square.alpine_actor, square.alpine)
    await joins(home, nora, actor)
    first = nora.note("1", **for_group(actor, public=public))
    assert await nora.sends(home, nora.does("Create", first)) == "done: stored"
    async with home.database.writing() as session:
        await groups.archive(session, await session.get_one(Group, group.id), by=home.alan.staff)

    answer = nora.note("2", **for_group(actor, public=public), inReplyTo=first["id"])
    newer = altered(first, content="<p>Changed</p>", updated="2030-01-01T00:00:00Z")
    for activity in (nora.does("Create", answer), nora.does("Update", newer)):
        assert await nora.sends(home, activity) == "refused: GRP-6: may not post there"
    assert [post.uri for post in await remote(home)] == [first["id"]]
    nils = northwind.person("nils", number=1)
    assert (await nils.sends(home, nils.does("Follow", actor.uri))).startswith("refused: R-71")
    assert await nora.sends(home, nora.does("Follow", actor.uri)) == "done: joined"


async def test_R_71_a_group_says_nothing_to_who_answers_its_members_from_where_it_is_not_known(square, nora, other):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    assert await nora.sends(home, nora.does("Create", note)) == "done: stored"
    await home.admits(other)
    nils = other.person("nils")
    answer = nils.note("2", inReplyTo=note["id"])

    assert await nils.sends(home, nils.does("Create", answer)) == "refused: GRP-6: may not post there"

    assert await home.rows(Activity) == []
    assert len(await remote(home)) == 1


async def test_R_72_a_group_that_was_closed_again_takes_nobody_whatever_was_agreed(square, nora):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    async with home.database.writing() as session:
        group = await session.get_one(Group, square.alpine.id)
        await groups.set_reach(session, group, Reach.INTERNAL, by=home.alan.staff, confirmed=None)

    wish = nora.does("Follow", square.alpine_actor.uri)
    assert await nora.sends(home, wish) == "refused: R-71: asks for somebody they may not know of"
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    assert await nora.sends(home, nora.does("Create", note)) == "ignored: concerns nobody here"

    async with home.database.reading() as session:
        assert list(await session.scalars(select(Membership).where(Membership.host != ""))) == []
    assert await remote(home) == []


async def in_alpine(square, nora) -> dict:
    """A note that Nora wrote in alpine."""
    await joins(square.home, nora, square.alpine_actor)
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    assert await nora.sends(square.home, nora.does("Create", note)) == "done: stored"
    return note


@pytest.mark.parametrize("is_removed", [False, True])
async def test_GRP_6_nobody_comes_into_a_group_below_an_answer_that_was_fetched(square, nora, other, is_removed):
    home = square.home
    note = await in_alpine(square, nora)
    if is_removed:
        async with home.database.writing() as session:
            [post] = await session.scalars(select(Post).where(Post.uri == note["id"]))
            await moderation.remove_post(session, post.id, by=home.alan.staff, reason="Not here")
    await home.admits(other)
    nils = other.person("nils")
    between = nils.note("2", inReplyTo=note["id"])
    answer = nils.note("3", inReplyTo=between["id"], cc=[square.ada_actor.uri])

    await nils.sends(home, nils.does("Create", answer))
    await nils.sends(home, nils.does("Create", nils.note("4", inReplyTo=note["id"], cc=[square.ada_actor.uri])))

    assert [post.uri for post in await remote(home) if post.group_id == square.alpine.id] == [note["id"]]


async def test_GRP_6_what_a_member_answered_and_was_lost_on_the_way_is_fetched_into_the_group(square, nora):
    home = square.home
    note = await in_alpine(square, nora)
    place = for_group(square.alpine_actor, public=False) | {"cc": [PUBLIC]}  # shown to whoever asks its server
    lost = nora.note("2", inReplyTo=note["id"], **place)

    assert await nora.sends(home, nora.does("Create", nora.note("3", inReplyTo=lost["id"], **place))) == "done: stored"

    assert {post.uri for post in await remote(home) if post.group_id == square.alpine.id} == {
        note["id"], lost["id"], f"{nora.peer.base_url}/notes/3",
    }  # fmt: skip


async def test_GRP_9_a_group_elsewhere_brings_nothing_into_ours(square, home, steel, nora):
    note = await in_alpine(square, nora)
    answer = in_steel(nora, steel, "2")
    answer["object"]["inReplyTo"] = note["id"]

    await steel.sends(home, announces(steel, nora.proves(answer)))

    assert [post.uri for post in await remote(home) if post.group_id == square.alpine.id] == [note["id"]]


async def test_R_71_a_post_for_a_hidden_group_gets_no_answer(square, nora):
    home = square.home
    secret = await home.actor((await home.founds("secret", Reach.INTERNAL)).id)
    note = nora.note("1", **for_group(secret, public=False))
    assert await nora.sends(home, nora.does("Create", note)) == "ignored: concerns nobody here"
    assert await home.rows(Activity) == []


async def test_a_reply_goes_where_its_parent_is(square, nora):
    """GRP-14: an answer to a post of ours that misses the group is passed on all the same, if it is public."""
    home = square.home
    await joins(home, nora, square.public_actor)
    ours = await home.alan.writes("Ours", group=square.public)
    reply = nora.note("1", inReplyTo=ours.uri)
    assert await nora.sends(home, nora.does("Create", reply)) == "done: stored"
    [post] = await remote(home)
    assert (post.group_id, post.reply_to_id, post.thread_id) == (square.public.id, ours.id, ours.thread_id)
    assert len(await home.entries("GroupDistributes")) == 1


async def test_ADR_4_an_answer_for_few_does_not_widen_to_the_group(square, nora):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    ours = await square.home.alan.writes("Ours", group=square.alpine)
    followers_only = nora.note("1", inReplyTo=ours.uri, to=[f"{nora.id}/followers"], cc=[square.ada_actor.uri])
    assert await nora.sends(home, nora.does("Create", followers_only)) == "done: stored"
    [post] = await remote(home)
    assert (post.group_id, post.visibility) == (None, Visibility.FOLLOWERS)
    assert not await sees(home.database, home.alan.staff, post)
    assert await home.entries("GroupDistributes") == []


async def test_changes_ends_and_thanks_in_a_group_are_passed_on(square, nora):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    ours = await home.alan.writes("Ours", group=square.alpine)
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    like = nora.does("Like", ours.uri)
    outcomes = [
        await nora.sends(home, activity)
        for activity in (
            nora.does("Create", note),
            nora.does("Update", altered(note, content="<p>Changed</p>", updated="2026-03-01T00:00:00Z")),
            like,
            nora.does("Undo", altered(like, id=f"{like['id']}/again")),
            nora.does("Delete", note["id"]),
        )
    ]
    assert outcomes == ["done: stored", "done: replaced", "done: liked", "done: liked no more", "done: deleted"]
    assert len(await home.entries("GroupDistributes")) == 5


async def test_whoever_left_changes_nothing_any_more_but_may_withdraw(square, nora):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    await nora.sends(home, nora.does("Create", note))
    await nora.sends(home, nora.does("Leave", square.alpine_actor.uri))
    changed = altered(note, content="<p>Changed</p>", updated="2026-03-01T00:00:00Z")
    assert (await nora.sends(home, nora.does("Update", changed))).startswith("refused: GRP-6")
    assert await nora.sends(home, nora.does("Delete", note["id"])) == "done: deleted"


async def test_GEN_5_a_group_passes_on_only_bytes_of_their_author(square, nora, northwind):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    carrier = northwind.person("carrier", number=1)
    create = nora.does("Create", nora.note("1", **for_group(square.alpine_actor, public=False)))
    assert (await carrier.sends(home, create)).startswith("ignored: brought by somebody else")
    assert await remote(home) == []


# Theirs


def announces(group, inner, **more) -> dict:
    return group.does("Announce", inner, to=[group.document["followers"]], cc=[], **more)


def in_steel(person, steel, name, text="Good day", **more) -> dict:
    place = {"to": [steel.id, steel.document["followers"]], "audience": steel.id}
    return person.does("Create", person.note(name, text, **place, **more))


async def test_GRP_9_what_a_group_passes_on_is_stored_for_its_members(home, steel, nora, northwind):
    ada = await home.hires("ada")
    create = nora.proves(in_steel(nora, steel, "1"))
    before = len(northwind.asked)
    assert await steel.sends(home, announces(steel, create)) == "done: Create: stored"

    [post] = await remote(home)
    assert (post.visibility, post.reach, post.group_id) == (
        Visibility.GROUP,
        Reach.PARTNERS,
        (await home.actor(steel.id)).id,
    )
    assert await sees(home.database, home.alan.staff, post)
    assert not await sees(home.database, ada.staff, post)
    assert await home.ledger() == ["received Create group_elsewhere"]
    assert await home.entries("GroupDistributes") == []
    assert northwind.asked[before:] == ["/users/nora"]  # the proof spares asking for the note


async def test_TRUST_1_without_a_proof_the_post_is_asked_of_its_origin(home, steel, nora, northwind):
    create = in_steel(nora, steel, "1", "True")
    assert (
        await steel.sends(home, announces(steel, altered(create, object__content="<p>False</p>")))
        == "done: Create: stored"
    )
    assert [post.html for post in await remote(home)] == ["<p>True</p>"]


async def test_TRUST_6_a_group_is_not_believed_about_others(home, steel, nora, northwind, other):
    await home.admits(other)
    olaf = other.person("olaf", number=2)
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1"))))
    [post] = await remote(home)
    forged = in_steel(olaf, steel, "2", "Forged")
    other.removes(f"{other.base_url}/notes/2", status=404)
    attempts = [
        forged,
        altered(olaf.proves(forged), object__content="<p>Changed</p>"),
        nora.proves(altered(forged, actor=olaf.id)),
        olaf.does("Like", post.uri, audience=steel.id),
        olaf.does("Delete", post.uri, audience=steel.id),
        olaf.does("Undo", olaf.does("Like", post.uri)),
        altered(in_steel(olaf, steel, "3"), actor=nora.id),
    ]
    for inner in attempts:
        outcome = await steel.sends(home, announces(steel, inner))
        assert outcome.startswith(("refused", "ignored")), (inner, outcome)
    assert [(post.html, post.deleted_at) for post in await remote(home)] == [("<p>Good day</p>", None)]
    assert await steel.sends(home, announces(steel, olaf.proves(in_steel(olaf, steel, "4")))) == "done: Create: stored"


@pytest.mark.parametrize("type", ["Follow", "Accept", "Reject", "Move", "Announce", "Flag", "Join"])
async def test_GRP_9_there_are_things_no_group_speaks_for(home, steel, nora, type):
    inner = nora.proves(nora.does(type, (await home.actor(home.alan.id)).uri, audience=steel.id))
    assert (await steel.sends(home, announces(steel, inner))).startswith("refused: GRP-9")


async def test_GRP_9_a_group_does_not_change_actors(home, steel, nora):
    await known(home, nora)
    for inner in (
        nora.does("Update", altered(nora.document, name="Changed")),
        nora.does("Delete", nora.id),
        nora.does("Undo", nora.does("Follow", (await home.actor(home.alan.id)).uri)),
    ):
        outcome = await steel.sends(home, announces(steel, nora.proves(inner)))
        assert outcome.startswith(("refused", "ignored")), outcome
    assert (await home.actor(nora.id)).display_name == "Nora"


async def test_GRP_9_a_group_is_heard_about_its_own_posts_alone(home, steel, nora, northwind):
    club = northwind.group("club", number=2)
    await known(home, club)
    inner = nora.proves(in_steel(nora, steel, "1"))
    assert await club.sends(home, announces(club, inner)) == "ignored: nobody here is in that group"

    async with home.database.writing() as session:
        mirror = await groups.keep_mirror(session, await actor_of(session, club))
        session.add(Membership(group_id=mirror.id, actor_id=home.alan.id, state=MemberState.MEMBER))
    again = announces(club, altered(inner, id=f"{inner['id']}"))
    assert await club.sends(home, again) == "ignored: does not name the group that announced it"
    assert await steel.sends(home, announces(steel, inner)) == "done: Create: stored"
    for activity in (nora.does("Delete", inner["object"]["id"]), nora.does("Like", inner["object"]["id"])):
        outcome = await club.sends(home, announces(club, nora.proves(activity)))
        assert outcome == "ignored: is not of the group that announced it"


async def test_GRP_9_changes_thanks_and_ends_come_through_the_group(home, steel, nora):
    create = nora.proves(in_steel(nora, steel, "1"))
    uri = create["object"]["id"]
    like = nora.does("Like", uri, audience=steel.id)
    changed = altered(create["object"], content="<p>Changed</p>", updated="2026-03-01T00:00:00Z")
    outcomes = [
        await steel.sends(home, announces(steel, nora.proves(inner)))
        for inner in (create, nora.does("Update", changed), like, nora.does("Undo", like), nora.does("Delete", uri))
    ]
    assert outcomes == [
        "done: Create: stored",
        "done: Update: replaced",
        "done: Like: liked",
        "done: Undo: liked no more",
        "done: Delete: deleted",
    ]


async def test_section_21_announcements_of_one_id_are_told_apart_by_what_they_hold(home, steel, nora):
    create = nora.proves(in_steel(nora, steel, "1"))
    like = nora.proves(nora.does("Like", create["object"]["id"], audience=steel.id))
    first = announces(steel, create)
    assert await steel.sends(home, first) == "done: Create: stored"
    assert await steel.sends(home, altered(first, object=like)) == "done: Like: liked"
    assert (await steel.posts(home, first)).status == 202
    assert await home.works() == 0


async def test_GRP_11_a_group_takes_out_what_somebody_wrote(home, steel, nora):
    create = nora.proves(in_steel(nora, steel, "1"))
    await steel.sends(home, announces(steel, create))
    removal = steel.proves(steel.does("Delete", create["object"]["id"], audience=steel.id))
    assert await steel.sends(home, announces(steel, removal)) == "done: Delete: removed from its group"


async def test_GRP_9_an_echo_says_that_ours_was_distributed(home, steel):
    async with home.database.reading() as session:
        mirror = await actor_of(session, steel)
    post = await home.alan.writes("From us", group=await group_of(home, mirror.id))
    alan = await home.actor(home.alan.id)
    echo = {"id": home.url("/ap/x/1"), "type": "Create", "actor": alan.uri, "object": {"id": post.uri, "type": "Note"}}
    assert await steel.sends(home, announces(steel, echo)) == "done: distributed"
    [kept] = await home.posts()
    assert kept.distributed_at is not None
    assert kept.html == "<p>From us</p>"

    never = altered(echo, object__id=home.url("/ap/o/never"))
    assert await steel.sends(home, announces(steel, never)) == "ignored: an echo of nothing here"


async def group_of(home, group_id):
    from models.tables import Group

    async with home.database.reading() as session:
        return await session.get_one(Group, group_id)


async def test_what_is_for_a_group_elsewhere_waits_until_that_passes_it_on(home, steel, nora):
    create = nora.proves(in_steel(nora, steel, "1", cc=[(await home.actor(home.alan.id)).uri]))
    assert await nora.sends(home, create) == "ignored: waits until its group passes it on"
    assert await steel.sends(home, announces(steel, create)) == "done: Create: stored"


async def test_GRP_10a_a_group_that_sends_its_posts_has_let_us_in(home, northwind, nora):
    club = northwind.group("club", number=2)
    await known(home, club)
    async with home.database.writing() as session:
        mirror = await groups.keep_mirror(session, await actor_of(session, club))
        await groups.join(session, mirror, by=home.alan.staff)
    place = {"cc": [club.id], "audience": club.id}
    assert await club.sends(home, announces(club, nora.proves(nora.does("Create", nora.note("1", **place))))) == (
        "done: Create: stored"
    )
    assert len(await home.entries("Joined")) == 1

    ada = await home.hires("ada")
    async with home.database.writing() as session:
        await groups.join(session, await session.get_one(type(mirror), mirror.id), by=ada.staff)
    await club.sends(home, announces(club, nora.proves(nora.does("Create", nora.note("2", **place)))))
    assert len(await home.entries("Joined")) == 1  # it came for Alan: Ada still waits for her answer


async def test_GRP_8a_who_announces_activities_is_a_forum(home, steel, nora, northwind):
    await steel.sends(home, announces(steel, nora.proves(in_steel(nora, steel, "1"))))
    async with home.database.reading() as session:
        dialect = await session.scalar(select(Peer.dialect).where(Peer.host == northwind.host))
    assert dialect is Dialect.FORUM


async def test_GRP_8_a_group_may_announce_a_post_by_its_id(home, northwind, nora):
    club = northwind.group("club", number=2)
    await known(home, club)
    async with home.database.writing() as session:
        mirror = await groups.keep_mirror(session, await actor_of(session, club))
        session.add(Membership(group_id=mirror.id, actor_id=home.alan.id, state=MemberState.MEMBER))
    note = nora.note("1", cc=[club.id])
    assert await club.sends(home, club.does("Announce", note["id"])) == "done: stored"
    [post] = await remote(home)
    assert post.group_id == mirror.id


# Boosts


async def test_R_17_a_boost_is_a_reference(home, nora, northwind):
    from tests.federation.activities.conftest import follows

    ada = await home.hires("ada")
    await follows(home, ada, nora)
    wren = northwind.person("wren", number=1)
    note = wren.note("1", "True")
    assert await nora.sends(home, nora.does("Announce", altered(note, content="<p>False</p>"))) == "done: boosted"
    boosted, boost = sorted(await remote(home), key=lambda post: post.boost_of_id or 0)
    assert (boosted.html, boost.boost_of_id) == ("<p>True</p>", boosted.id)

    again = nora.does("Announce", note["id"])
    assert await nora.sends(home, again) == "ignored: known already, or not to be spread"
    assert await nora.sends(home, nora.does("Undo", again)) == "done: boosted no more"
    [gone] = [post for post in await remote(home) if post.boost_of_id]
    assert gone.deleted_at is not None


async def test_R_17_what_is_not_for_everybody_is_not_boosted(home, nora, northwind):
    from tests.federation.activities.conftest import follows

    ada = await home.hires("ada")
    await follows(home, ada, nora)
    wren = northwind.person("wren", number=1)
    private = wren.note("1", to=[f"{wren.id}/followers"])
    assert (await nora.sends(home, nora.does("Announce", private["id"]))).startswith("refused: R-17")

    group = await home.founds("alpine", Reach.PARTNERS)
    ours = await home.alan.writes("Ours", group=group)
    assert await nora.sends(home, nora.does("Announce", ours.uri)) == "ignored: known already, or not to be spread"


async def test_a_boost_of_ours_is_noted_and_of_strangers_ignored(home, square, nora):
    ours = await home.alan.writes("Ours", group=square.public)
    assert await nora.sends(home, nora.does("Announce", ours.uri)) == "done: boosted"
    theirs = nora.note("1")
    assert await nora.sends(home, nora.does("Announce", theirs["id"])) == "ignored: concerns nobody here"


# Thanks


async def test_a_like_counts_once_and_is_taken_back_in_every_form(square, nora):
    home = square.home
    post = await home.alan.writes("Ours", group=square.public)
    like = nora.does("Like", post.uri)
    assert await nora.sends(home, like) == "done: liked"
    assert await nora.sends(home, nora.does("Like", post.uri)) == "ignored: known already"
    assert await nora.sends(home, nora.does("Undo", altered(like, id=f"{like['id']}/other"))) == "done: liked no more"
    again = nora.does("Like", post.uri)
    assert await nora.sends(home, again) == "done: liked"
    assert await nora.sends(home, nora.does("Undo", again["id"])) == "done: liked no more"
    early = nora.does("Like", post.uri)
    assert await nora.sends(home, nora.does("Undo", early)) == "done: remembered"
    assert await nora.sends(home, early) == "ignored: was taken back before it came"


async def test_R_71_nobody_likes_what_they_may_not_see(square, nora):
    home = square.home
    secret = await home.alan.writes("x", group=await home.founds("secret", Reach.INTERNAL))
    unreleased = await home.alan.writes("x", group=square.alpine)  # nobody of theirs is in it
    for post in (secret, unreleased):
        assert await nora.sends(home, nora.does("Like", post.uri)) == "ignored: is nothing that they may see"
    assert await nora.sends(home, nora.does("Like", home.url("/ap/o/never"))) == "ignored: is about nothing here"


async def test_R_71_nobody_likes_what_is_in_a_group_of_ours_that_is_not_open_to_them(square, nora, other):
    home = square.home
    await joins(home, nora, square.alpine_actor)
    note = nora.note("1", **for_group(square.alpine_actor, public=False))
    await nora.sends(home, nora.does("Create", note))
    distributed = await home.entries("GroupDistributes")
    await home.admits(other)
    nils = other.person("nils")

    for reaction in (nils.does("Like", note["id"]), nils.does("EmojiReact", note["id"], content="🎉")):
        assert await nils.sends(home, reaction) == "ignored: is nothing that they may see"

    assert await home.entries("GroupDistributes") == distributed
    assert await nora.sends(home, nora.does("Like", note["id"])) == "done: liked"


async def test_GRP_8b_a_group_takes_back_what_it_announced_by_its_id(home, steel, nora, northwind):
    create = nora.proves(in_steel(nora, steel, "1"))
    uri = create["object"]["id"]
    await steel.sends(home, announces(steel, create))
    boost = steel.does("Announce", uri)
    club = northwind.group("club", number=2)
    assert await club.sends(home, club.does("Undo", club.does("Announce", uri))) == "done: remembered"
    (post,) = await remote(home)
    assert post.removed_at is None
    assert await steel.sends(home, steel.does("Undo", boost)) == "done: removed from its group"
    (post,) = await remote(home)
    assert post.removed_at is not None
    assert await steel.sends(home, steel.does("Undo", boost)) == "ignored: was taken back before"
