"""What another server is given again: only while nothing changed, only to the key that had it, and never unverified."""

import pytest
from sqlalchemy import delete

from federation.documents import actor as actors_documents
from federation.repeats import KEPT_SECONDS
from models import actors, audit
from models.tables import EVERYBODY, Actor, Agreement, Level, Reach


@pytest.fixture
async def ada(home) -> Actor:
    person = await home.hires("ada")
    async with home.database.writing() as session:
        await actors.disclose(session, person.id, {EVERYBODY})
    return await home.actor(person.id)


@pytest.fixture
def rendered(monkeypatch) -> list[str]:
    """The actors whose documents were made."""
    made: list[str] = []
    real = actors_documents.render

    def render(actor, **more):
        made.append(actor.uri)
        return real(actor, **more)

    monkeypatch.setattr(actors_documents, "render", render)
    return made


async def test_the_same_question_by_the_same_key_gets_the_same_bytes_again(home, northwind, nora, ada, rendered):
    other = northwind.person("other", number=1)
    for person in (nora, other):
        await person.gets(home, ada.uri)  # their keys are known from now on
    first = await nora.gets(home, ada.uri)
    rendered.clear()

    again = await nora.gets(home, ada.uri)

    assert rendered == []
    assert again.told == first.told
    for path, accept in ((f"{ada.uri}?page=1", "application/activity+json"), (ada.uri, "application/json")):
        await nora.gets(home, path, accept=accept)
    await other.gets(home, ada.uri)
    assert rendered == [ada.uri] * 3


async def test_whatever_was_committed_ends_it_and_so_does_a_second(home, nora, ada, rendered):
    seconds = 0.0
    home.wire.memory.repeats.clock = lambda: seconds
    for _ in range(3):
        await nora.gets(home, ada.uri)
    rendered.clear()

    async with home.database.writing() as session:
        (await session.get_one(Actor, ada.id)).display_name = "Countess"
    assert (await nora.gets(home, ada.uri)).json()["name"] == "Countess"

    await nora.gets(home, ada.uri)
    assert rendered == [ada.uri]
    seconds = KEPT_SECONDS
    await nora.gets(home, ada.uri)
    assert rendered == [ada.uri] * 2


async def test_B2B_3_a_partner_that_was_suspended_gets_nothing_from_the_next_question_on(home, northwind, nora):
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    place = await home.actor(group.id)
    never = await home.get("/ap/g/never")
    for _ in range(3):
        assert (await nora.gets(home, place.uri)).status == 200

    await home.suspends(northwind)

    assert (await nora.gets(home, place.uri)).told == (await nora.gets(home, "/ap/g/never")).told
    assert (await nora.gets(home, place.uri)).status == never.status


async def test_R_71_what_is_closed_to_a_partner_is_gone_with_the_next_question(home, northwind, nora):
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.POST)
    place = await home.actor(group.id)
    for _ in range(3):
        assert (await nora.gets(home, place.uri)).status == 200

    async with home.database.writing() as session:
        await session.execute(delete(Agreement))

    assert (await nora.gets(home, place.uri)).status == 404


async def test_the_signature_is_verified_each_time(home, northwind, nora, ada):
    other = northwind.person("other", number=1)
    for _ in range(3):
        assert (await nora.gets(home, ada.uri)).status == 200

    forged = await nora.gets(home, ada.uri, private_key=other.own_keys.rsa_private)

    assert forged.status == 401
    assert (await home.get(ada.uri)).json().get("name") is None


async def test_B2B_5_what_is_given_again_is_written_down_as_well(home, nora, ada):
    for _ in range(4):
        await nora.gets(home, ada.uri)

    noted = [one for one in home.wire.memory.decisions.waiting if one.facts["path"] in ada.uri]

    assert [(one.action, one.rule) for one in noted] == [(audit.ANSWERED, "SIG-32")] * 4
    assert {one.host for one in noted} == {nora.id.split("/")[2]}
