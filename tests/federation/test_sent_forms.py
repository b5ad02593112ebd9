"""The exact documents we send, as golden files in `tests/wire/sent`.

What differs from run to run (ids, keys, proofs, times of rows) is numbered or cut. KONTOR_WRITE_GOLDENS=1 writes the
files anew: read the difference before committing it.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models import actors, groups, partners, reactions, relations
from models.media import StoredFile, add
from models.tables import Access, Actor, ActorType, Dialect, Group, Reach, Visibility
from tests.federation.beginnings import OFFICE
from tests.federation.office import BLOG, Office, a_post_from, delivered, group_elsewhere, outsider
from tests.federation.receiver import quick_keys
from tests.world import NORTHWIND, Outsider, take_in

GOLDENS = Path(__file__).parent.parent / "wire" / "sent"
_MINTED = re.compile(r"/ap/([a-z])/([2-9a-z]{22})")
_NUMBERED = re.compile(r"/(?:posts|joins)/(\d+)")
_CUT = {"proofValue": "z…", "publicKeyPem": "-----BEGIN PUBLIC KEY-----\n…", "publicKeyMultibase": "z6Mk…"}


def golden(name: str, document: dict[str, Any]) -> None:
    """Compare with the file of that name."""
    path = GOLDENS / f"{name}.json"
    shown = json.dumps(_plain(document), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("KONTOR_WRITE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert shown == path.read_text()


def _plain(document: dict[str, Any]) -> Any:
    """Ids numbered by their first appearance, secrets cut."""
    numbers: dict[str, str] = {}
    text = json.dumps(document)
    for pattern in (_MINTED, _NUMBERED):
        for match in pattern.finditer(text):
            minted = match[match.lastindex or 0]
            numbers.setdefault(minted, f"{sum(1 for found in numbers if len(found) == len(minted)) + 1}")
    for minted, number in numbers.items():
        text = text.replace(minted, number)
    return _cut(json.loads(text))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _CUT[name] if name in _CUT else _cut(member) for name, member in value.items()}
    return [_cut(item) for item in value] if isinstance(value, list) else value


BEGINNINGS = {"office": OFFICE}


@pytest.fixture
async def office(world, clock, monkeypatch):
    quick_keys(monkeypatch)
    clock.now = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)
    office = Office(world.database)
    await office.sends()
    return office


@pytest.fixture
async def steel(world, office, clock):
    """A partner group without a gate, described, in which Northwind takes part."""
    group = await world.ada.founds("steel", reach=Reach.PARTNERS, purpose="Steel and **tubes**")
    await take_in(world.database, world.ada, group, world.alan)
    async with world.database.writing() as session:
        await partners.admit(session, NORTHWIND, levels={"steel": partners.Level.POST})
    await Outsider(world.database, NORTHWIND).joins(group, as_=world.nora)
    async with world.database.writing() as session:
        for name, found in (("steel", group.id), ("ada", world.ada.id)):
            actor = await session.get_one(Actor, found)
            actor.created_at = actor.updated_at = clock.now
            assert actor.username == name
    return group


async def only(office) -> dict[str, Any]:
    (sent,) = await office.sends()
    return sent.document


async def test_an_accept(office, steel):
    golden("accept_join", await only(office))


async def test_a_titled_post_with_a_picture_in_a_partner_group(world, office, steel):
    await office.sends()
    async with world.database.writing() as session:
        stored = StoredFile(
            file="ab/abc.webp",
            preview_file=None,
            media_type="image/webp",
            size=10,
            width=640,
            height=480,
            blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        )
        media = await add(session, stored, by=world.ada.staff, description="A red valve")
    await world.ada.writes(
        f"We need **4 t** until May, @nora@{NORTHWIND}. #Steel",
        title="Who delivers 1.4301 in 3 mm?",
        group=steel,
        language="en",
        media_ids=[media.id],
    )

    golden("page_in_partner_group", await only(office))


async def test_a_note_an_edit_and_a_deletion_in_a_partner_group(world, office, steel, clock):
    await office.sends()
    post = await world.ada.writes("A first *thought*", group=steel)
    golden("note_in_partner_group", await only(office))
    clock.advance(minutes=5)
    await world.ada.edits(post, "A second thought")
    golden("update_in_partner_group", await only(office))
    await delivered(world)
    await world.ada.deletes(post)
    golden("delete_in_partner_group", await only(office))


async def test_a_reply_in_a_partner_group(world, office, steel):
    post = await world.ada.writes("A question", group=steel)
    await office.sends()
    await world.alan.replies(post, "An answer", warning="Long")

    golden("reply_in_partner_group", await only(office))


async def test_both_forms_of_a_post_in_a_public_group(world, office):
    group = await world.ada.founds("market", reach=Reach.PUBLIC, access=Access.OPEN)
    async with world.database.writing() as session:
        await partners.admit(session, BLOG)
    await Outsider(world.database, BLOG).joins(group, as_=await outsider(world.database, BLOG, "reader"))
    await office.sends()
    await delivered(world)
    post = await world.ada.writes("For all to see", group=group)

    embedded, by_id = await office.sends()

    golden("note_in_public_group", embedded.document)
    golden("note_in_public_group_by_id", by_id.document)
    await delivered(world)
    await world.ada.deletes(post)
    plain, _announced, undone = await office.sends()
    golden("delete_in_public_group_plain", plain.document)
    golden("undo_announce_by_group", undone.document)


async def test_a_post_into_a_group_elsewhere(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel", world.ada.id)
    await world.ada.writes("See attachment.", title="Price list", group=group)

    golden("page_in_group_elsewhere", await only(office))


async def test_a_direct_message(world, office):
    await world.ada.writes(f"Between us, @nora@{NORTHWIND}", visibility=Visibility.DIRECT)

    golden("direct_message", await only(office))


async def test_a_wish_to_join_and_its_end(world, office):
    group = await group_elsewhere(world.database, NORTHWIND, "steel")
    await world.ada.joins(group)
    golden("follow_group", await only(office))
    await delivered(world)
    await world.ada.leaves(group)
    golden("undo_follow_group", await only(office))


async def test_a_wish_to_follow_somebody_and_a_refusal(world, office):
    async with world.database.writing() as session:
        await relations.follow(session, await session.get_one(Actor, world.nora.id), by=world.ada.staff)
    golden("follow_person", await only(office))
    async with world.database.writing() as session:
        group = await session.get_one(Group, world.alpine.id)
        await groups.remove(session, group, world.nora.id, by=world.alan.staff)
    golden("reject_member", await only(office))


async def test_thanks_and_taking_them_back(world, office):
    post = await a_post_from(world, NORTHWIND, "nora", world.alpine, is_public=False)
    golden("announce_of_received", await only(office))
    await world.ada.likes(post)
    golden("like", await only(office))
    await delivered(world)
    async with world.database.writing() as session:
        await reactions.unlike(session, post.id, by=world.ada.staff)
    golden("undo_like", await only(office))


async def test_a_changed_group_and_a_changed_person(world, office, steel, clock):
    await office.sends()
    clock.advance(minutes=5)
    async with world.database.writing() as session:
        group = await session.get_one(Group, steel.id)
        await groups.describe(session, group, by=world.ada.staff, name="Steel", purpose="Tubes", access=Access.OPEN)
    golden("update_group", await only(office))
    await world.ada.writes("Hello", group=steel)
    await office.sends()
    await office.speaks(NORTHWIND, Dialect.FORUM)
    async with world.database.writing() as session:
        await actors.change_profile(
            session, by=world.ada.staff, display_name="Ada Lovelace", fields=[{"name": "Web", "value": "Ada"}]
        )
    changed = await only(office)
    assert changed["object"]["type"] == ActorType.PERSON
    golden("update_person", changed)
