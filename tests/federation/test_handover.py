"""B2B-6: whoever sets up a partner sees which step does not work, what came back, and what to do."""

import pytest
from sqlalchemy import select

from federation import handover
from federation.handover import Grade, Step
from models import halts, partners
from models.tables import Actor, HaltReason, LedgerLine, Level, Outcome, Reach
from server.handover import _WORDS, worded
from server.i18n import translate
from tests.federation.activities.conftest import known


async def findings(home, host: str) -> dict[Step, tuple[Grade, str]]:
    return {found.step: (found.grade, found.what) for found in await handover.check(home.wire, host)}


def describes(peer, software: str = "kontor") -> None:
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.1"
    index = {"id": "", "links": [{"rel": rel, "href": f"{peer.base_url}/nodeinfo/2.1"}]}
    peer.serve(index, at="/.well-known/nodeinfo", kind="application/json")
    told = {"id": "", "version": "2.1", "software": {"name": software, "version": "1"}}
    peer.serve(told, at="/nodeinfo/2.1", kind="application/json")


async def test_B2B_6_where_all_is_well_every_step_says_so(home, northwind, nora):
    describes(northwind)
    northwind.serve({"id": ""}, at="/inbox", status=202)
    group = await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    await known(home, nora)
    await home.joins(nora, group)
    found = await findings(home, northwind.host)
    assert set(found) == set(Step)
    assert {grade for grade, _ in found.values()} == {Grade.GOOD}
    assert (found[Step.TAKES][1], found[Step.SHOWS][1], found[Step.GROUPS][1]) == ("both", "both", "shared")
    assert northwind.signed.count("/inbox") == 2
    assert handover.is_well(await handover.check(home.wire, northwind.host))


async def checked_lines(home, host: str) -> list[tuple[Outcome, str, str]]:
    """What the ledger says of the activities of a check, all of which name `host` and their digest."""
    async with home.database.reading() as session:
        lines = (
            await session.scalars(
                select(LedgerLine).where(LedgerLine.what.in_(("Like", "Undo"))).order_by(LedgerLine.id)
            )
        ).all()
    assert all(line.hosts == [host] and len(line.digest) == 64 for line in lines)
    return [(line.outcome, line.what, line.rule) for line in lines]


async def test_B2B_6_what_a_check_sends_stands_in_the_ledger_before_it_is_sent(home, northwind, monkeypatch):
    await home.admits(northwind)
    lines = []
    post = home.wire.fetcher.post

    async def noting(*args, **more):
        lines.append(await checked_lines(home, northwind.host))
        return await post(*args, **more)

    monkeypatch.setattr(home.wire.fetcher, "post", noting)
    await handover.check(home.wire, northwind.host)
    sent = [(Outcome.SENT, "Like", "partner_check"), (Outcome.SENT, "Undo", "partner_check")]
    assert lines == [sent, sent]
    assert northwind.signed.count("/inbox") == 2


async def test_B2B_6_a_check_sends_nothing_to_who_was_suspended_meanwhile(home, northwind, monkeypatch):
    await home.admits(northwind)

    async def meanwhile(wire, host):
        await home.suspends(northwind)
        return handover.Finding(Step.DESCRIBED, Grade.GOOD, "forum", {"host": host})

    monkeypatch.setattr(handover, "_described", meanwhile)
    found = await findings(home, northwind.host)
    assert found[Step.TAKES] == (Grade.BAD, "held_back")
    assert "/inbox" not in northwind.asked
    stopped = [(Outcome.STOPPED, "Like", "not_a_partner"), (Outcome.STOPPED, "Undo", "not_a_partner")]
    assert await checked_lines(home, northwind.host) == stopped


async def test_R_98_a_check_sends_nothing_while_deliveries_halt(home, northwind):
    await home.admits(northwind)
    async with home.database.writing() as session:
        await halts.begin(session, HaltReason.ADMIN)

    found = await findings(home, northwind.host)

    assert found[Step.TAKES] == (Grade.DOUBTFUL, "halted")
    assert "/inbox" not in northwind.asked
    stopped = [(Outcome.STOPPED, "Like", "deliveries_halted"), (Outcome.STOPPED, "Undo", "deliveries_halted")]
    assert await checked_lines(home, northwind.host) == stopped


async def test_B2B_6_who_is_not_admitted_is_not_asked_for_anything(home, mallory):
    assert await findings(home, mallory.host) == {Step.ADMITTED: (Grade.BAD, "unknown")}
    assert mallory.asked == []
    [line] = await home.audit("partner_checked")  # the command line's checks are noted like those of an admin
    assert (line.account_id, line.host, line.facts) == (None, mallory.host, {"admitted": "unknown"})


@pytest.mark.parametrize(
    ("status", "what"), [(403, "turned_away"), (404, "turned_away"), (401, "not_believed"), (500, "broken")]
)
async def test_B2B_6_what_the_other_inbox_answers_tells_what_is_wrong(home, northwind, status, what):
    northwind.removes("/inbox", status=status)
    found = await findings(home, northwind.host)
    assert found[Step.TAKES] == (Grade.BAD, what)
    assert found[Step.SHOWS] == (Grade.DOUBTFUL, "nobody")
    assert found[Step.GROUPS] == (Grade.DOUBTFUL, "none")
    assert found[Step.DESCRIBED] == (Grade.DOUBTFUL, "nameless")


@pytest.mark.parametrize(
    ("status", "expected"),
    [(424, (Grade.GOOD, "both")), (400, (Grade.DOUBTFUL, "picky"))],
    ids=["misses what is named", "finds fault with it"],
)
async def test_B2B_6_whoever_stumbles_over_a_like_of_nothing_has_believed_it(home, northwind, status, expected):
    """NodeBB answers 424 to it, GoToSocial 400."""
    northwind.removes("/inbox", status=status)
    assert (await findings(home, northwind.host))[Step.TAKES] == expected


async def test_B2B_6_a_microblog_without_an_inbox_for_all_is_asked_at_somebodys_own(home, northwind, nora):
    describes(northwind, "gotosocial")
    found = await findings(home, northwind.host)
    assert found[Step.TAKES] == (Grade.DOUBTFUL, "no_door")
    await known(home, nora)
    async with home.database.writing() as session:
        actor = await session.scalar(select(Actor).where(Actor.host == northwind.host))
        assert actor is not None
        actor.shared_inbox = None
        inbox = actor.inbox.removeprefix(northwind.base_url)
    northwind.serve({"id": ""}, at=inbox, status=202)
    assert (await findings(home, northwind.host))[Step.TAKES] == (Grade.GOOD, "both")
    assert northwind.signed.count(inbox) == 2


async def test_B2B_6_a_redirect_from_the_usual_address_is_no_fault_of_theirs(home, northwind):
    """Takahe has its inbox for all at /inbox/, and says so."""
    describes(northwind, "takahe")
    northwind.removes("/inbox", status=301)
    assert (await findings(home, northwind.host))[Step.TAKES] == (Grade.DOUBTFUL, "no_door")


async def test_B2B_6_GRP_16_a_microblog_is_described_by_whether_the_groups_send_it_copies(home, northwind):
    describes(northwind, "gotosocial")
    await home.founds("alpine", Reach.PARTNERS)
    await home.admits(northwind, alpine=Level.READ)
    assert (await findings(home, northwind.host))[Step.DESCRIBED] == (Grade.GOOD, "microblog")
    async with home.database.writing() as session:
        await partners.admit(session, northwind.host, copies=("alpine",))
    assert (await findings(home, northwind.host))[Step.DESCRIBED] == (Grade.GOOD, "spoken_to")


async def test_B2B_6_a_server_that_is_not_there_ends_the_check(home, northwind):
    nobody = "gone.localhost:1"
    async with home.database.writing() as session:
        await partners.admit(session, nobody)
    found = await findings(home, nobody)
    assert found[Step.REACHED] == (Grade.BAD, "connect")
    assert set(found) == {Step.ADMITTED, Step.REACHED}


@pytest.mark.parametrize("locale", ["en", "de"])
def test_B2B_6_every_finding_has_words_and_every_fault_its_fix(locale):
    facts = dict.fromkeys(("host", "status", "detail", "software", "groups", "people", "queued", "failed"), "x")
    facts |= {"error": "x", "answers": "x", "forms": "x"}
    for (step, what), (_sentence, fix) in _WORDS.items():
        finding = handover.Finding(step, Grade.BAD, what, facts)
        said = worded(finding, own="muster.example", say=lambda text, locale=locale: translate(locale, text))
        assert said.sentence
        assert "%(" not in said.sentence + said.fix
        assert bool(said.fix) is bool(fix)
    assert _WORDS[Step.TAKES, "turned_away"][1]
