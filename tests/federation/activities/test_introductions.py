"""Three companies: a group at one of them, members at two others that do not know each other (B2B-4, TRUST-6)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from federation import outbox
from federation.documents import card as cards
from federation.trust import fetch_actor, keep_actor
from models import actors, groups, introductions, policy, relations, search
from models.introductions import key_of
from models.tables import Actor, Card, Delivery, Introduction, Level, Like
from tests.federation import neighbours
from tests.federation.activities.conftest import actor_of, known
from tests.federation.neighbours import altered
from tests.world import sees


def card_of(person, group, *, signed_by=None, **more):
    """What the group serves about somebody: their card, and where it is."""
    document = {
        "@context": "https://www.w3.org/ns/activitystreams",
        **{name: person.document[name] for name in ("id", "type", "preferredUsername", "name", "assertionMethod")},
    }
    if signed_by is not None:
        document = signed_by.proves(document)
    return {
        "id": f"{group.id}/members/{key_of(person.id)}",
        "type": "Profile",
        "attributedTo": group.id,
        "describes": document,
        **more,
    }


def serves(group, person, **more):
    group.peer.serve(card_of(person, group, **more))


@pytest.fixture
async def mira(other):
    """Somebody whose company is nobody that we talk with."""
    return other.person("mira", number=1)


def for_steel(steel):
    return {"to": [steel.id, f"{steel.id}/followers"], "audience": steel.id}


def wraps(steel, activity):
    return steel.does("Announce", activity, to=[f"{steel.id}/followers"])


async def remote(home):
    return [post for post in await home.posts() if not post.is_local]


# What a group elsewhere tells us


async def test_B2B_4_who_writes_in_a_shared_group_is_known_by_a_card_and_their_server_is_never_asked(
    home, steel, mira, other
):
    serves(steel, mira, signed_by=mira)
    create = mira.proves(mira.does("Create", mira.note("1", "From afar", **for_steel(steel))))
    assert await steel.sends(home, wraps(steel, create)) == "done: Create: stored"

    [post] = await remote(home)
    author = await home.actor(mira.id)
    assert (post.html, post.author_id, post.is_vouched) == ("<p>From afar</p>", author.id, False)
    assert (author.is_introduced, author.inbox, author.display_name) == (True, "", "Mira")
    assert await sees(home.database, home.alan.staff, post)
    assert not await sees(home.database, (await home.hires("ada")).staff, post)

    update = mira.proves(
        mira.does("Update", mira.note("1", "Better", **for_steel(steel), updated="2026-02-02T10:00:00Z"))
    )
    like = mira.proves(mira.does("Like", post.uri, **for_steel(steel)))
    undo = mira.proves(mira.does("Undo", like))
    assert await steel.sends(home, wraps(steel, update)) == "done: Update: replaced"
    assert await steel.sends(home, wraps(steel, like)) == "done: Like: liked"
    assert len(await home.rows(Like)) == 1
    assert await steel.sends(home, wraps(steel, undo)) == "done: Undo: liked no more"
    delete = mira.proves(mira.does("Delete", {"id": post.uri, "type": "Tombstone"}))
    assert await steel.sends(home, wraps(steel, delete)) == "done: Delete: deleted"
    assert [post.deleted_at is not None for post in await remote(home)] == [True]
    assert other.asked == []
    assert [path for path in steel.peer.asked if "/members/" in path] == [f"/users/steel/members/{key_of(mira.id)}"]


async def test_B2B_4_whom_a_group_introduced_exists_in_that_group_only(home, steel, mira):
    serves(steel, mira, signed_by=mira)
    create = mira.proves(mira.does("Create", mira.note("1", **for_steel(steel))))
    await steel.sends(home, wraps(steel, create))
    author = await home.actor(mira.id)
    ada = await home.hires("ada")
    async with home.database.writing() as session:
        visible = [
            await session.scalar(policy.visible_actors(person.staff).where(Actor.id == author.id)) is not None
            for person in (home.alan, ada)
        ]
        assert visible == [True, False]
        found = await session.scalars(search.actors(home.alan.staff, "mira", instance=home.instance))
        assert found.all() == []
        assert await actors.by_handles(session, [f"@mira@{author.host}"]) == {}
        with pytest.raises(relations.NotAPartner):
            await relations.follow(session, author, by=home.alan.staff)

    await home.alan.replies((await remote(home))[0], "Thank you")
    await home.alan.likes((await remote(home))[0])
    await outbox.consumer(home.wire.keys).catch_up(home.database)
    assert {row.host for row in await home.rows(Delivery)} == {steel.peer.host}
    assert "stopped Create not_a_partner" not in await home.ledger()


async def test_B2B_4_once_their_company_is_a_partner_their_own_server_counts(home, steel, mira, other):
    serves(steel, mira, signed_by=mira)
    await steel.sends(home, wraps(steel, mira.proves(mira.does("Create", mira.note("1", **for_steel(steel))))))
    await home.admits(other)
    await fetch_actor(home.wire, mira.id)
    author = await home.actor(mira.id)
    assert (author.is_introduced, author.inbox) == (False, f"{mira.id}/inbox")
    async with home.database.writing() as session:
        assert (await session.scalars(select(Introduction))).all() == []
        told = introductions.Introduced(
            uri=mira.id, host=other.host, username="mira", display_name="M", body=b"{}", is_proven=True
        )
        with pytest.raises(introductions.KnownOtherwise):
            await introductions.introduce(session, (await actor_of(session, steel)).id, told)


async def test_B2B_4_a_card_of_another_person_and_a_proof_by_another_key_count_for_nothing(home, steel, mira, other):
    liar = other.person("mira", number=2)  # the same id, other keys
    create = mira.does("Create", mira.note("1", **for_steel(steel)))

    serves(steel, mira, signed_by=mira)
    assert (await steel.sends(home, wraps(steel, liar.proves(create)))).startswith("refused: PRF-2")

    wren = other.person("wren", number=3)
    steel.peer.serve(card_of(wren, steel, signed_by=wren) | {"id": card_of(mira, steel)["id"]})
    home.wire.memory.asked_cards.drop((steel.id, mira.id))
    assert (await steel.sends(home, wraps(steel, mira.proves(create)))).startswith("refused: TRUST-6")
    assert await remote(home) == []
    assert [line.rule for line in await home.audit("activity_refused")] == ["PRF-2", "TRUST-6"]


async def test_B2B_4_a_known_author_gets_another_key_only_by_a_card_that_the_old_one_signed(home, steel, mira, other):
    serves(steel, mira, signed_by=mira)
    first = mira.proves(mira.does("Create", mira.note("1", **for_steel(steel))))
    assert await steel.sends(home, wraps(steel, first)) == "done: Create: stored"

    renewed = other.person("mira", number=2)
    for method in renewed.document["assertionMethod"]:
        method["id"] = f"{mira.id}#second"
    keys = neighbours.OwnKeys(
        renewed.key_id,
        None,
        "",
        f"{mira.id}#second",
        renewed.ed25519,
        "",  # type: ignore[arg-type]
    )
    second = neighbours.proven(
        renewed.does("Create", renewed.note("2", **for_steel(steel))), by=keys, at=datetime.now(UTC)
    )
    both = card_of(renewed, steel)["describes"]
    alone = card_of(mira, steel) | {"describes": neighbours.proven(both, by=keys, at=datetime.now(UTC))}
    steel.peer.serve(alone)
    assert (await steel.sends(home, wraps(steel, second))).startswith("refused: PRF-2")

    home.wire.memory.asked_cards.drop((steel.id, mira.id))
    both["assertionMethod"] = [*mira.document["assertionMethod"], *renewed.document["assertionMethod"]]
    steel.peer.serve(card_of(mira, steel) | {"describes": mira.proves(both)})
    again = altered(wraps(steel, second), id=f"{steel.id}/again")
    assert await steel.sends(home, again) == "done: Create: stored"


# Vouching


async def test_TRUST_6_what_nobody_proves_is_dropped_and_logged_unless_the_group_vouches(home, steel, mira):
    create = mira.does("Create", mira.note("1", **for_steel(steel)))
    serves(steel, mira)
    assert await steel.sends(home, wraps(steel, create)) == "refused: TRUST-6: nobody vouches for it"
    assert [line.rule for line in await home.audit("activity_refused")] == ["TRUST-6"]
    assert await remote(home) == []


async def test_TRUST_6_a_group_that_vouches_is_believed_about_what_it_said_itself_and_no_more(home, steel, mira):
    await vouches(home, steel)
    serves(steel, mira)
    create = mira.does("Create", mira.note("1", **for_steel(steel)))
    assert await steel.sends(home, wraps(steel, create)) == "done: Create: stored"
    [post] = await remote(home)
    assert post.is_vouched

    like = mira.does("Like", post.uri, **for_steel(steel))
    assert (await steel.sends(home, wraps(steel, like))).startswith("refused: TRUST-6")
    update = mira.does("Update", mira.note("1", "Better", **for_steel(steel), updated="2026-02-02T10:00:00Z"))
    assert await steel.sends(home, wraps(steel, update)) == "done: Update: replaced"
    assert await steel.sends(home, wraps(steel, mira.does("Delete", post.uri))) == "done: Delete: deleted"


async def test_TRUST_6_a_proof_that_no_card_backs_is_as_good_as_none(home, steel, mira):
    await vouches(home, steel)
    serves(steel, mira)  # a card that its owner did not sign
    for name in ("1", "2"):
        create = mira.proves(mira.does("Create", mira.note(name, **for_steel(steel))))
        assert await steel.sends(home, wraps(steel, create)) == "done: Create: stored"
    assert [post.is_vouched for post in await remote(home)] == [True, True]


async def test_TRUST_6_no_group_vouches_for_a_change_of_what_its_author_proved(home, steel, mira):
    await vouches(home, steel)
    serves(steel, mira, signed_by=mira)
    proved = mira.proves(mira.does("Create", mira.note("1", **for_steel(steel))))
    assert await steel.sends(home, wraps(steel, proved)) == "done: Create: stored"
    update = mira.does("Update", mira.note("1", "Worse", **for_steel(steel), updated="2026-02-02T10:00:00Z"))
    assert (await steel.sends(home, wraps(steel, update))).startswith("refused: TRUST-6")
    assert (await steel.sends(home, wraps(steel, mira.does("Delete", proved["object"]["id"])))).startswith(
        "refused: TRUST-6"
    )
    assert [post.html for post in await remote(home)] == ["<p>Good day</p>"]


async def vouches(home, steel):
    """The group's document says from now on that it vouches for its members."""
    steel.document["vouching"] = True
    steel.peer.serve(steel.document)
    await fetch_actor(home.wire, steel.id)


# What a group of ours tells others


async def test_B2B_4_a_group_of_ours_hands_on_cards_to_the_servers_of_its_members_and_to_nobody_else(
    square, northwind, nora, other
):
    home = square.home
    nora.document["card"] = nora.proves(card_of(nora, nora)["describes"])
    northwind.serve(nora.document)
    lea, gesa = other.person("lea", number=1), other.person("gesa", number=2)
    await home.admits(other, alpine=Level.READ)
    await known(home, nora, lea, gesa)
    await nora.sends(home, nora.does("Follow", square.alpine_actor.uri))
    address = f"{square.alpine_actor.uri}/members/{key_of(nora.id)}"

    async def asks(person):
        return (await person.gets(home, address)).status

    assert await asks(lea) == 404  # her server has no member yet
    await lea.sends(home, lea.does("Follow", square.alpine_actor.uri))
    assert await asks(lea) == 404  # nothing of Nora was passed on
    create = nora.does("Create", nora.note("1", to=[square.alpine_actor.uri, square.alpine_actor.followers_uri]))
    assert await nora.sends(home, create) == "done: stored"

    answer = (await lea.gets(home, address)).json()
    assert (answer["id"], answer["attributedTo"]) == (address, square.alpine_actor.uri)
    assert answer["describes"] == nora.document["card"]
    assert set(answer["describes"]) == {
        "@context", "id", "type", "preferredUsername", "name", "assertionMethod", "proof",
    }  # fmt: skip
    assert (await home.get(address)).status == 404
    assert await asks(nora) == 404  # she knows herself
    assert (await lea.gets(home, f"{square.alpine_actor.uri}/members/{key_of(gesa.id)}")).status == 404

    await home.suspends(other)
    assert await asks(lea) == 404


async def test_B2B_4_a_card_stays_good_as_long_as_its_keys_do(square, nora):
    home = square.home
    nora.document["card"] = nora.proves(card_of(nora, nora)["describes"])
    nora.peer.serve(nora.document)
    await known(home, nora)
    plain = {name: value for name, value in nora.document.items() if name != "card"}
    await keep_actor(home.wire, plain)
    assert len(await cards_kept(home)) == 1
    await keep_actor(home.wire, {**plain, "assertionMethod": []})
    assert await cards_kept(home) == []


async def cards_kept(home) -> list[Card]:
    async with home.database.reading() as session:
        return list(await session.scalars(select(Card)))


async def test_TRUST_6_a_card_that_proves_nothing_is_handed_on_only_where_the_group_vouches(square, nora, other):
    home = square.home
    lea = other.person("lea", number=1)
    await home.admits(other, alpine=Level.READ)
    for person in (nora, lea):
        await person.sends(home, person.does("Follow", square.alpine_actor.uri))
    to = [square.alpine_actor.uri, square.alpine_actor.followers_uri]
    await nora.sends(home, nora.does("Create", nora.note("1", to=to)))
    address = f"{square.alpine_actor.uri}/members/{key_of(nora.id)}"
    assert (await lea.gets(home, address)).status == 404

    async with home.database.writing() as session:
        group = await groups.by_id(session, home.alan.staff, square.alpine.id)
        await groups.set_vouching(session, group, by=home.alan.staff, vouches=True)
    described = (await lea.gets(home, address)).json()["describes"]
    assert (described["id"], described["preferredUsername"]) == (nora.id, "nora")
    assert "proof" not in described
    assert (await lea.gets(home, square.alpine_actor.uri)).json()["vouching"] is True


async def test_B2B_4_our_people_carry_a_card_that_their_own_key_signed(square, nora):
    document = (await nora.gets(square.home, square.ada_actor.uri)).json()
    card = cards.parse(document["card"], now=datetime.now(UTC), insecure_hosts=neighbours.LOCAL)
    assert card.is_proven_by(card.keys)
    assert not {"summary", "url", "inbox", "attachment", "followers"} & set(document["card"])
    assert "card" not in (await nora.gets(square.home, square.alpine_actor.uri)).json()
    assert (
        cards.proven_in(altered(document, card__name="Eve"), now=datetime.now(UTC), insecure_hosts=neighbours.LOCAL)
        is None
    )
