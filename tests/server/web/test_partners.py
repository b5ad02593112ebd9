"""Partner companies and the ledger in pages."""

import re

import pytest
from sqlalchemy import select, update

from models import lanes, ledger
from models.base import now
from models.tables import (
    Actor,
    AuditLine,
    Delivery,
    DeliveryState,
    Dialect,
    LedgerLine,
    Level,
    Outcome,
    Partner,
    PartnerState,
    Peer,
)
from server.web.presenters.ledger import rule_words
from tests.house.tree import ROOT
from tests.server.web.browser import Browser
from tests.world import MALLORY, NORTHWIND, SOUTHWIND, World


async def partner(world: World, host: str) -> Partner:
    async with world.database.reading() as session:
        found = await session.scalar(select(Partner).where(Partner.host == host))
    assert found is not None
    return found


async def test_the_list_says_in_words_how_each_partner_stands(world: World, alan: Browser) -> None:
    page = await alan.get("/partners")

    assert "Northwind northwind.localhost:8002 Admitted: what the groups allow goes both ways." in page.words
    assert "Eastwind eastwind.localhost:8004 Suspended: nothing goes out, nothing comes in." in page.words
    assert "alpine : reads, replies and posts, with a gate" in page.words


async def test_a_company_is_admitted_with_groups_and_how_far_they_are_open(world: World, alan: Browser) -> None:
    sent = await alan.submit(
        "/partners", "/partners", ("group", "alpine"), host=f"http://{MALLORY}/", company="Mallory KG", level="read"
    )
    page = await alan.follow(sent)

    found = await partner(world, MALLORY)
    assert found.state is PartnerState.ADMITTED
    assert "The company is admitted." in page.words
    assert f"Mallory KG {MALLORY} Admitted" in page.words
    assert "alpine : reads along" in page.words


FAULTS = [
    ({"host": "not a host"}, "A company is named by the host of its server", "f-host-error"),
    ({"host": "lovelace.localhost:8001"}, "This is our own server", "f-host-error"),
    ({"company": " "}, "Say how people here call this company", "f-company-error"),
]


@pytest.mark.parametrize(("typed", "sentence", "place"), FAULTS, ids=["no host", "our own", "nameless"])
async def test_a_refused_admission_keeps_what_was_typed_and_ticked(
    world: World, alan: Browser, typed: dict[str, str], sentence: str, place: str
) -> None:
    everything = {"host": MALLORY, "company": "Mallory KG", "level": "post", **typed}

    page = await alan.submit("/partners", "/partners", ("group", "alpine"), **everything)

    form = page.form("/partners")
    assert page.status == 422
    assert sentence in page.words
    assert place in page.ids
    assert {name: form.get(name) for name in (*everything, "group")} == {**everything, "group": "alpine"}


async def test_suspending_needs_the_name_typed_and_a_reason(world: World, alan: Browser) -> None:
    northwind = await partner(world, NORTHWIND)
    at, action = f"/partners/{northwind.id}", f"/partners/{northwind.id}/suspension"

    wrong = await alan.submit(at, action, company="Southwind", reason="They lost their keys")
    nameless = await alan.fill(wrong.form(action), company="Northwind", reason="")
    before = (await partner(world, NORTHWIND)).state
    sent = await alan.fill(nameless.form(action), reason="They lost their keys")
    page = await alan.follow(sent)

    assert wrong.status == nameless.status == 422
    assert "This is not the name of the company" in wrong.words
    assert wrong.form(action).get("reason") == "They lost their keys"
    assert "Say in a sentence why all traffic stops" in nameless.words
    assert before is PartnerState.ADMITTED
    assert (await partner(world, NORTHWIND)).state is PartnerState.SUSPENDED
    assert "Suspended: nothing goes out, nothing comes in." in page.words
    async with world.database.reading() as session:
        note = await session.scalar(
            select(AuditLine).where(AuditLine.action == "partner_suspended").limit(1).order_by(AuditLine.id.desc())
        )
    assert note is not None
    assert note.facts["reason"] == "They lost their keys"


async def test_a_suspended_company_is_admitted_again_by_a_press(world: World, alan: Browser) -> None:
    eastwind = await partner(world, "eastwind.localhost:8004")

    await alan.submit(f"/partners/{eastwind.id}", f"/partners/{eastwind.id}/admission")

    assert (await partner(world, eastwind.host)).state is PartnerState.ADMITTED


async def test_an_agreement_is_narrowed_and_ended(world: World, alan: Browser) -> None:
    northwind = await partner(world, NORTHWIND)
    at = f"/partners/{northwind.id}"
    action = f"{at}/groups/{world.alpine.id}"

    await alan.submit(at, action, level=str(Level.READ))
    narrowed = await alan.get(at)
    ended = await alan.follow(await alan.fill(narrowed.form(action), level="none"))

    assert narrowed.form(action).get("level") == "read"
    assert "The group is closed to them." in ended.words
    assert "No group is open to them yet." in ended.words
    assert "Northwind" not in (await alan.get("/groups/alpine/members")).words


async def test_GRP_16_a_group_speaks_itself_where_an_admin_ticks_so_and_its_page_says_it(
    world: World, alan: Browser, ada: Browser
) -> None:
    northwind = await partner(world, NORTHWIND)
    at = f"/partners/{northwind.id}"
    action = f"{at}/groups/{world.alpine.id}"
    async with world.database.writing() as session:
        await lanes.meet(session, [NORTHWIND])
        (await session.get_one(Peer, NORTHWIND)).dialect = Dialect.MICROBLOG
    warned = await alan.get(at)
    assert "without copies their people see no post of this group" in warned.words

    ticked = await alan.follow(await alan.fill(warned.form(action), copies="on"))

    assert "Their people read copies that the group sends in its own name" in ticked.words
    assert "People of Northwind read copies that the group sends." in (await ada.get("/groups/alpine")).words
    await alan.submit(at, action, level="post", copies="")
    assert "read copies" not in (await ada.get("/groups/alpine")).words


async def test_B2B_1_what_is_known_of_a_company_is_written_down_for_admins(world: World, alan: Browser) -> None:
    northwind = await partner(world, NORTHWIND)
    at, action = f"/partners/{northwind.id}", f"/partners/{northwind.id}/record"
    assert (await alan.get(at)).form(action).get("sends_files") == "on"

    sent = await alan.submit(
        at, action, contact=" Nora, +49 7571 200 ", note="Frame contract 7/2026,\nends with the year", sends_files=""
    )
    page = await alan.follow(sent)

    form = page.form(action)
    assert form.get("contact") == "Nora, +49 7571 200"
    assert form.get("note") == "Frame contract 7/2026,\nends with the year"
    assert form.get("sends_files") is None
    async with world.database.reading() as session:
        (line,) = await session.scalars(select(AuditLine).where(AuditLine.action == "partner_described"))
    assert line.facts == {"changed": ["contact", "note", "sends_files"], "files": False}


async def test_changing_an_agreement_admits_nobody_who_is_suspended(world: World, alan: Browser) -> None:
    eastwind = await partner(world, "eastwind.localhost:8004")

    await alan.submit(f"/partners/{eastwind.id}", f"/partners/{eastwind.id}/groups/{world.alpine.id}", level="read")

    assert (await partner(world, eastwind.host)).state is PartnerState.SUSPENDED


async def test_nobody_but_admins_changes_anything(world: World, ada: Browser, grace: Browser) -> None:
    northwind = await partner(world, NORTHWIND)
    for who in (ada, grace):
        token = (await who.get("/groups")).token
        for path in ("suspension", "admission", "record", "groups", f"groups/{world.alpine.id}", "retry"):
            sent = await who.send(f"/partners/{northwind.id}/{path}", {"csrf_token": token, "level": "none"})
            assert sent.status == 403, path
    assert (await partner(world, NORTHWIND)).state is PartnerState.ADMITTED


# The ledger


async def test_the_ledger_says_what_was_held_to_whom_and_why(world: World, grace: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine, title="News")

    page = await grace.get("/ledger")

    assert "held New post “News”, version 1 (alpine) ada Northwind, Southwind the group's gate" in page.words
    assert "The chain of seals is whole" in page.words


async def test_the_ledger_tells_no_title_to_who_may_not_read_the_post(world: World, grace: Browser) -> None:
    post = await world.ada.writes("Milling begins", group=world.alpine, title="News")
    await world.ada.deletes(post)

    page = await grace.get("/ledger")

    assert "held New post, version 1 (alpine)" in page.words
    assert f"/posts/{post.id}" not in page.links


async def test_a_line_that_somebody_changed_shows(world: World, grace: Browser) -> None:
    await world.ada.writes("Milling begins", group=world.alpine)
    async with world.database.writing() as session:
        await session.execute(update(LedgerLine).values(actor="somebody else"))

    page = await grace.get("/ledger")

    assert "The chain of seals is broken" in page.words


FILTERS = [
    ("verdict=held", 2),
    ("verdict=left", 1),
    (f"company={SOUTHWIND}", 2),
    (f"company={NORTHWIND}", 3),
    ("company=wind.localhost", 0),
    ("q=ada", 2),
    ("q=ALAN", 1),
    ("q=%25", 0),
    ("since=2000-01-01", 3),
    ("until=2000-01-01", 0),
    ("since=tomorrow", 3),
    ("verdict=nonsense", 3),
    ("verdict=held&q=ada&company=northwind.localhost:8002", 2),
]


async def test_the_ledger_is_narrowed_by_what_is_asked_for(world: World, grace: Browser) -> None:
    async with world.database.writing() as session:
        await session.execute(LedgerLine.__table__.delete())
        for n, actor in enumerate(("ada", "ada", "alan")):
            outcome = Outcome.HELD if n < 2 else Outcome.SENT
            hosts = (NORTHWIND, SOUTHWIND) if n < 2 else (NORTHWIND,)
            await ledger.append(
                session, ledger.Fact(outcome=outcome, what="Create", actor=actor, rule="gate", hosts=hosts)
            )

    for query, lines in FILTERS:
        page = await grace.get(f"/ledger?{query}")
        assert sum(name.startswith("line-") for name in page.ids) == lines, query


async def test_a_line_counts_what_arrived(world: World, grace: Browser, alan: Browser) -> None:
    from models import deliveries

    async with world.database.writing() as session:
        await deliveries.enqueue(
            session,
            deliveries.Outgoing(
                uri="http://lovelace.localhost:8001/ap/x/1",
                type="Create",
                actor=await session.get_one(Actor, world.ada.id),
                body=b"{}",
                digest="d",
                inboxes=[(f"http://{NORTHWIND}/inbox", NORTHWIND), (f"http://{SOUTHWIND}/inbox", SOUTHWIND)],
                rule="agreement",
            ),
        )
        await session.execute(
            update(Delivery).where(Delivery.host == NORTHWIND).values(state=DeliveryState.DELIVERED, delivered_at=now())
        )

    page = await grace.get("/ledger")
    northwind = await alan.get(f"/partners/{(await partner(world, NORTHWIND)).id}")

    assert "agreement with the company 1 of 2" in page.words
    assert "1 delivered" in northwind.words


async def test_older_lines_are_a_page_further(world: World, grace: Browser) -> None:
    async with world.database.writing() as session:
        for _ in range(60):
            await ledger.append(session, ledger.Fact(outcome=Outcome.HELD, what="Create", actor="ada", rule="gate"))

    first = await grace.get("/ledger?verdict=held")
    older = next(link for link in first.links if "before=" in link)
    second = await grace.get(older)

    assert "verdict=held" in older
    lines = [name for page in (first, second) for name in page.ids if name.startswith("line-")]
    assert len(lines) == len(set(lines)) == 60


def test_every_rule_that_the_ledger_can_name_has_words() -> None:
    named = set()
    for path in (*(ROOT / "federation").rglob("*.py"), *(ROOT / "models").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'\b(?:RULE|FOLLOW|MEMBERSHIP|PUSH_SAYS_[A-Z]+) = "([a-z_]+)"', source))
        named |= set(re.findall(r'\brule="([a-z_]+)"', source))
    stays = {"company", "direct_inside"}  # what stays in the house is no line

    assert len(named) > 10
    assert {rule for rule in named - stays if rule_words(rule) == rule.replace("_", " ")} == set()


@pytest.mark.parametrize("reach", ["internal", "partners", "public"])
def test_every_change_of_a_reach_has_words(reach: str) -> None:
    assert rule_words(f"reach_{reach}") != f"reach {reach}"


async def test_B2B_6_an_admin_checks_the_connection_and_reads_what_to_do(world: World, alan: Browser) -> None:
    eastwind = await partner(world, "eastwind.localhost:8004")
    page = await alan.submit(f"/partners/{eastwind.id}", f"/partners/{eastwind.id}/check")
    assert page.status == 200
    assert "is suspended here, so nothing was tried. Admit it again" in page.words
    assert page.has_form(f"/partners/{eastwind.id}/check")
    async with world.database.reading() as session:
        line = (await session.scalars(select(AuditLine).where(AuditLine.action == "partner_checked"))).one()
        assert (line.host, line.facts) == (eastwind.host, {"admitted": "suspended"})


async def test_B2B_6_only_admins_check_a_connection(world: World, joan: Browser) -> None:
    await joan.get("/")
    eastwind = await partner(world, "eastwind.localhost:8004")
    assert (await joan.send(f"/partners/{eastwind.id}/check")).status == 403
