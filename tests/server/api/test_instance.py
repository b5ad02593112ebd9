"""What clients may know of the house, and the small things they ask besides."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from models import house_texts
from models.database import Database
from models.errors import NotAllowed
from models.house_texts import HouseTextTooLong, NoAddress
from models.tables import HouseText, HouseTextName, Post, Reach, Visibility
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone
from tests.world import HOME, World

TEXTS = {
    HouseTextName.DESCRIPTION: "Engines since 1843",
    HouseTextName.ABOUT: "We build **engines**.",
    HouseTextName.RULES: "1. Be kind -- to everybody\n\n- No secrets outside",
    HouseTextName.PRIVACY: "We keep *little*.",
    HouseTextName.TERMS: "First terms",
    HouseTextName.CONTACT: "door@lovelace.example",
}


async def says(world: World, **texts: str) -> None:
    async with world.database.writing() as session:
        named = {HouseTextName(name): text for name, text in texts.items()}
        await house_texts.write(session, named, by=world.alan.staff)


@pytest.fixture
async def told(world: World) -> None:
    async with world.database.writing() as session:
        await house_texts.write(session, TEXTS, by=world.alan.staff)


async def test_an_instance_that_wrote_nothing_is_complete_all_the_same(anybody: Phone, world: World) -> None:
    v2, v1 = (await anybody.get("/api/v2/instance")).body, (await anybody.get("/api/v1/instance")).body

    assert (v2["description"], v2["rules"], v2["contact"]) == ("", [], {"email": "", "account": None})
    assert (v1["short_description"], v1["description"], v1["email"], v1["rules"]) == ("", "", "", [])
    assert v2["configuration"]["urls"]["privacy_policy"] is None
    for path in ("extended_description", "privacy_policy"):
        assert (await anybody.get(f"/api/v1/instance/{path}")).body == {"updated_at": None, "content": ""}
    await anybody.get("/api/v1/instance/terms_of_service", status=404)
    assert (await anybody.get("/api/v1/instance/rules")).body == []
    assert (await anybody.get("/api/v1/instance/languages")).body == [
        {"code": "de", "name": "Deutsch"},
        {"code": "en", "name": "English"},
    ]


@pytest.mark.usefixtures("told")
async def test_what_admins_write_is_what_clients_show(anybody: Phone) -> None:
    v2, v1 = (await anybody.get("/api/v2/instance")).body, (await anybody.get("/api/v1/instance")).body
    rules = [
        {"id": "1", "text": "Be kind", "hint": "to everybody", "translations": {}},
        {"id": "2", "text": "No secrets outside", "hint": "", "translations": {}},
    ]

    assert (v2["description"], v1["short_description"]) == ("Engines since 1843", "Engines since 1843")
    assert "<strong>engines</strong>" in v1["description"]
    assert v2["contact"]["email"] == v1["email"] == "door@lovelace.example"
    assert v2["rules"] == v1["rules"] == (await anybody.get("/api/v1/instance/rules")).body == rules
    urls = v2["configuration"]["urls"]
    assert (urls["privacy_policy"], urls["terms_of_service"]) == (f"{HOME}/about/privacy", f"{HOME}/about/terms")
    about = (await anybody.get("/api/v1/instance/extended_description")).body
    assert "<strong>engines</strong>" in about["content"]
    assert about["updated_at"].endswith("Z")
    assert "<em>little</em>" in (await anybody.get("/api/v1/instance/privacy_policy")).body["content"]


@pytest.mark.usefixtures("told")
async def test_terms_are_asked_for_by_the_day_they_came_into_force(
    anybody: Phone, world: World, database: Database
) -> None:
    async with database.writing() as session:
        row = (await house_texts.terms(session))[0][1]
        day = row.created_at
        await session.execute(update(HouseText).values(created_at=day - timedelta(days=10)))
    await says(world, terms="Second terms")
    first, second = (day - timedelta(days=10)).date().isoformat(), day.date().isoformat()

    now_in_force = (await anybody.get("/api/v1/instance/terms_of_service")).body

    assert (now_in_force["content"], now_in_force["effective"]) == ("<p>Second terms</p>", True)
    before = (await anybody.get(f"/api/v1/instance/terms_of_service/{first}")).body
    assert before == {
        "effective_date": first,
        "effective": False,
        "content": "<p>First terms</p>",
        "succeeded_by": second,
    }
    for day_of_none in ("2001-01-01", "2001-99-99", "yesterday"):
        await anybody.get(f"/api/v1/instance/terms_of_service/{day_of_none}", status=404)
    await says(world, terms="")
    await anybody.get("/api/v1/instance/terms_of_service", status=404)


async def test_only_admins_write_texts_of_the_house_and_not_just_anything(world: World) -> None:
    async with world.database.writing() as session:
        with pytest.raises(NotAllowed):
            await house_texts.write(session, TEXTS, by=world.ada.staff)
    with pytest.raises(HouseTextTooLong):
        await says(world, description="x" * 501)
    with pytest.raises(NoAddress):
        await says(world, contact="call me")


async def test_B2B_whom_the_house_trades_with_is_told_to_nobody_by_an_app(
    anybody: Phone, ada: Phone, hand: Hand, world: World
) -> None:
    alan = await hand(world.alan)
    for phone in (anybody, ada, alan):
        for path in ("peers", "domain_blocks", "activity"):
            assert (await phone.get(f"/api/v1/instance/{path}")).body == []


async def test_ones_profile_is_read_and_changed_as_it_was_typed(ada: Phone, hand: Hand, world: World) -> None:
    fields = [{"name": "Site", "value": "https://ada.example"}]
    changed = (await ada.patch("/api/v1/profile", json={"note": "I write **notes**", "fields_attributes": fields})).body

    assert changed == (await ada.get("/api/v1/profile")).body
    assert (changed["note"], changed["id"]) == ("I write **notes**", str(world.ada.id))
    assert changed["fields"] == [{**fields[0], "verified_at": None}]
    narrow = await hand(world.ada, "read:accounts")
    await narrow.patch("/api/v1/profile", json={"note": "x"}, status=403)


async def test_applications_that_sign_people_in_learn_who_it_is(hand: Hand, anybody: Phone, world: World) -> None:
    phone = await hand(world.ada, "profile")

    told = (await phone.get("/oauth/userinfo")).body

    assert (told["iss"], told["preferred_username"]) == (f"{HOME}/", "ada")
    assert told["sub"].startswith(f"{HOME}/")
    assert (await anybody.get("/.well-known/oauth-authorization-server")).body["userinfo_endpoint"].startswith(HOME)
    await anybody.get("/oauth/userinfo", status=401)
    await (await hand(world.ada, "write")).get("/oauth/userinfo", status=403)


async def test_health_says_that_the_house_answers(anybody: Phone) -> None:
    assert (await anybody.get("/health")).body == "OK"


async def test_L9_only_what_everybody_may_read_is_embedded_elsewhere(ada: Phone, anybody: Phone, world: World) -> None:
    inside = await ada.writes("Inside <b>")
    for phone in (ada, anybody):
        await phone.get(f"/api/oembed?url={inside['url']}", status=404)
    async with world.database.writing() as session:
        changed = {"visibility": Visibility.PUBLIC, "reach": Reach.PUBLIC, "published_revision": 1}
        await session.execute(update(Post).where(Post.id == int(inside["id"])).values(changed))

    told = (await anybody.get(f"/api/oembed?url={inside['url']}&maxwidth=300")).body

    assert (told["type"], told["width"], told["provider_name"]) == ("rich", 300, "Lovelace")
    assert "Inside &lt;b&gt;" in told["html"]
    await anybody.get("/api/oembed", status=422)
    await anybody.get(f"/api/oembed?url={inside['url']}&format=xml", status=501)
    for url in ("https://elsewhere.example/posts/1", f"{HOME}/groups", f"{HOME}/posts/{'9' * 30}"):
        await anybody.get(f"/api/oembed?url={url}", status=404)


async def test_what_the_house_has_not_is_said_honestly(ada: Phone, anybody: Phone, world: World) -> None:
    assert (await ada.get("/api/v1/annual_reports")).body == {"annual_reports": [], "accounts": [], "statuses": []}
    assert (await ada.get("/api/v1/annual_reports/2025/state")).body == {"state": "ineligible"}
    assert (await ada.get(f"/api/v1/accounts/{world.ada.id}/collections")).body == {"collections": []}
    assert (await ada.get(f"/api/v1/accounts/{world.ada.id}/in_collections")).body == {"collections": []}
    assert (await ada.get(f"/api/v1/accounts/{world.ada.id}/identity_proofs")).body == []
    assert (await ada.get("/api/v1/emails/check_confirmation")).body is True
    await ada.get("/api/v1/accounts/1/collections", status=404)
    await anybody.get("/api/proofs?provider=x", status=404)
    for method, path, status in (
        ("GET", "/api/v1/annual_reports/2025", 404),
        ("POST", "/api/v1/annual_reports/2025/generate", 404),
        ("POST", "/api/v1/annual_reports/2025/read", 404),
        ("GET", "/api/v1_alpha/async_refreshes/abc", 404),
        ("GET", "/api/v1/collections/1", 404),
        ("PATCH", "/api/v1/collections/1", 404),
        ("DELETE", "/api/v1/collections/1", 404),
        ("POST", "/api/v1/collections", 422),
        ("POST", "/api/v1/collections/1/items", 404),
        ("DELETE", "/api/v1/collections/1/items/2", 404),
        ("POST", "/api/v1/collections/1/items/2/revoke", 404),
        ("POST", "/api/v1/emails/confirmations", 403),
    ):
        assert (await ada.ask(method, path)).status == status, path
