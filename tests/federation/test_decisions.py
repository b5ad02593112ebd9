"""B2B-5: every door of the wire writes down whom it let through or not, and by which rule; never what was said."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from federation import decisions, trust
from models import audit
from models.base import now
from models.tables import AuditLine, Level, Partner, PartnerState, Reach
from tests.keys import rsa


async def told(home, action: str) -> list[tuple[str, str]]:
    await decisions.write(home.wire)
    return [(line.host, line.rule) for line in await home.audit(action)]


async def test_B2B_5_the_inbox_writes_down_what_it_takes_and_what_it_refuses(home, nora, mallory):
    mary = mallory.person("mary", number=1)
    await nora.sends(home, nora.does("Like", "http://nothing.localhost/1", content="Geheim"))
    assert (await mary.posts(home, mary.does("Like", "http://nothing.localhost/1"))).status == 403
    assert await told(home, audit.TAKEN) == [(nora.peer.host, "INB-9")]
    assert await told(home, audit.REFUSED) == [(mallory.host, "INB-2")]
    [line] = await home.audit(audit.TAKEN)
    assert (line.facts["key_id"], line.facts["type"]) == (nora.key_id, "Like")
    assert "Geheim" not in str([line.facts for line in await home.rows(AuditLine)])


async def test_B2B_5_who_asks_for_what_is_written_down_with_the_answer(home, nora, mallory):
    mary = mallory.person("mary", number=1)
    assert (await nora.gets(home, "/ap/u/never")).status == 404
    await mary.gets(home, "/ap/u/never")
    await nora.gets(home, "/ap/u/never", private_key=rsa(5))
    await home.get("/ap/u/never")
    assert await told(home, audit.TURNED_AWAY) == [
        (nora.peer.host, "R-71"),
        (mallory.host, "B2B-2"),
        ("", "SIG-34"),
    ]
    square = await home.actor((await home.founds("square", Reach.PUBLIC)).id)
    alpine = await home.actor((await home.founds("alpine", Reach.PARTNERS)).id)
    await home.admits(nora.peer, alpine=Level.READ)
    for group in (square, alpine):
        assert (await nora.gets(home, group.uri)).status == 200
    assert await told(home, audit.ANSWERED) == [(nora.peer.host, "SIG-32"), (nora.peer.host, "SIG-33")]


async def test_B2B_5_whom_we_do_not_ask_is_written_down(home, mallory):
    with pytest.raises(trust.NotAdmitted):
        await trust.fetch(home.wire, f"{mallory.base_url}/notes/1")
    assert await told(home, audit.NOT_ASKED) == [(mallory.host, "B2B-2")]
    assert mallory.asked == []


async def test_B2B_5_more_than_so_many_lines_of_one_server_become_a_number(home):
    for _ in range(decisions.PER_MINUTE + 5):
        decisions.note(home.wire, audit.TAKEN, host="loud.example", rule="INB-9", activity="x" * 1000)
    lines = await told(home, audit.TAKEN)
    assert len(lines) == decisions.PER_MINUTE + 1
    rows = await home.audit(audit.TAKEN)
    assert rows[-1].facts == {"more": 5}
    assert max(len(row.facts.get("activity", "")) for row in rows) <= 301
    assert await decisions.write(home.wire) == 0


async def test_B2B_5_a_stranger_with_many_names_hides_nothing_of_what_partners_do(home):
    """Nobody has to prove a name to be turned away by it."""
    for number in range(5000):
        decisions.note(home.wire, audit.TURNED_AWAY, host=f"{number}.example", rule="B2B-2")
    for _ in range(3):
        decisions.note(home.wire, audit.TAKEN, host="partner.example", rule="INB-9", activity="x")

    assert len(await told(home, audit.TURNED_AWAY)) < 400
    assert await told(home, audit.TAKEN) == [("partner.example", "INB-9")] * 3
    away = [line.facts for line in await home.audit(audit.TURNED_AWAY)]
    assert sum(facts.get("more", 1) for facts in away) == 5000


async def test_B2B_5_numbers_are_written_once_in_a_minute_and_at_the_end(home, clock):
    def loud() -> None:
        for _ in range(decisions.PER_MINUTE + 5):
            decisions.note(home.wire, audit.TAKEN, host="loud.example", rule="INB-9")

    async def numbers() -> list[int]:
        return [line.facts["more"] for line in await home.audit(audit.TAKEN) if line.facts]

    loud()
    assert await decisions.write(home.wire) == decisions.PER_MINUTE + 1
    loud()
    assert await decisions.write(home.wire) == 0
    clock.advance(seconds=61)
    assert await decisions.write(home.wire) == 1
    loud()
    await decisions.write(home.wire)
    assert await numbers() == [5, decisions.PER_MINUTE + 5]
    await decisions.write(home.wire, is_last=True)
    assert await numbers() == [5, decisions.PER_MINUTE + 5, 5]


async def test_B2B_5_what_the_wire_decided_is_kept_for_a_month_and_within_a_bound(home, monkeypatch):
    monkeypatch.setattr(audit, "MOST_OF_A_SORT", 3)
    async with home.database.writing() as session:
        session.add(AuditLine(at=now() - timedelta(days=31), action=audit.TAKEN, facts={}))
        session.add(AuditLine(at=now() - timedelta(days=400), action="partner_admitted", facts={}))
        for _ in range(5):
            audit.note(session, audit.TAKEN)
            audit.note(session, audit.TURNED_AWAY)
        audit.note(session, audit.ANSWERED)
        await session.flush()
        await audit.sweep(session)
        kept = await session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == audit.TAKEN))
        assert kept == 3
    assert len(await home.audit(audit.ANSWERED)) == 1
    assert len(await home.audit("partner_admitted")) == 2


async def test_B2B_5_what_is_not_sent_any_more_is_written_down(post):
    northwind = await post.receiver()
    await post.queue(northwind)
    async with post.database.writing() as session:  # as if suspended between queueing and sending
        (await session.scalars(select(Partner))).one().state = PartnerState.SUSPENDED
    await post.sender.drain()
    assert northwind.taken == []
    await decisions.write(post.wire)
    async with post.database.reading() as session:
        [line] = await session.scalars(select(AuditLine).where(AuditLine.action == audit.NOT_SENT))
        assert (line.host, line.rule) == (northwind.host, "B2B-2")
