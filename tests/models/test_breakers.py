"""DLV-7 as arithmetic: when a circuit opens, how long it holds, what closes it."""

from datetime import UTC, datetime, timedelta

import pytest

from models import breakers
from models.breakers import Condition
from models.tables import Peer

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def failing(count: int, *, every: timedelta = timedelta(minutes=1), asked: timedelta = timedelta(0)) -> Peer:
    peer = Peer(host="northwind.example", failures=0)
    for number in range(count):
        breakers.note_failure(peer, at=NOON + number * every, asked=asked)
    return peer


def test_DLV_7_four_failures_leave_the_circuit_closed_and_the_fifth_opens_it_for_half_an_hour():
    peer = failing(4)
    assert breakers.condition(peer, at=NOON) is Condition.FALTERING
    assert peer.held_until is None

    breakers.note_failure(peer, at=NOON + timedelta(minutes=4))

    assert breakers.condition(peer, at=NOON) is Condition.HELD
    assert peer.held_until == NOON + timedelta(minutes=34)


def test_DLV_7_an_answer_closes_the_circuit_and_counting_begins_anew():
    peer = failing(7)

    breakers.note_answer(peer)

    assert (peer.failures, peer.failing_since, peer.held_until) == (0, None, None)
    breakers.note_failure(peer, at=NOON)
    assert breakers.condition(peer, at=NOON) is Condition.FALTERING


@pytest.mark.parametrize(
    ("absence", "hold"),
    [
        (timedelta(hours=1), timedelta(minutes=30)),
        (timedelta(hours=4), timedelta(minutes=30)),
        (timedelta(hours=16), timedelta(hours=2)),
        (timedelta(days=6), timedelta(hours=12)),
    ],
    ids=["an-hour", "half-a-day-begins", "most-of-a-day", "days"],
)
def test_DLV_7_who_is_away_longer_is_asked_less_often_and_at_least_twice_a_day(absence, hold):
    peer = failing(5)

    breakers.note_failure(peer, at=NOON + absence)

    assert peer.held_until == NOON + absence + hold


def test_DLV_6_a_server_that_asks_for_more_time_gets_it():
    assert failing(5, asked=timedelta(hours=3)).held_until == NOON + timedelta(hours=3, minutes=4)


def test_DLV_7_after_a_week_without_an_answer_a_server_sleeps():
    peer = failing(6)

    assert breakers.condition(peer, at=NOON + timedelta(days=7)) is Condition.HELD
    assert breakers.condition(peer, at=NOON + timedelta(days=7, minutes=1)) is Condition.SLEEPING


def test_a_server_that_said_it_is_no_more_is_gone_until_it_answers():
    peer = failing(1)
    peer.gone_at = NOON
    assert breakers.condition(peer, at=NOON) is Condition.GONE

    breakers.note_answer(peer)

    assert peer.gone_at is None


def test_a_server_we_never_wrote_to_is_unknown_and_one_that_took_something_works():
    assert breakers.condition(None, at=NOON) is Condition.UNKNOWN
    assert breakers.condition(Peer(host="n", failures=0), at=NOON) is Condition.UNKNOWN
    assert breakers.condition(Peer(host="n", failures=0, delivered_at=NOON), at=NOON) is Condition.WORKING


def test_the_latency_follows_what_is_measured_slowly():
    peer = Peer(host="northwind.example", failures=0)

    breakers.note_latency(peer, 1.0)
    breakers.note_latency(peer, 2.0)

    assert peer.latency == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("type", "post_id", "is_lasting"),
    [("Create", 1, False), ("Update", 1, False), ("Update", None, True), ("Delete", 1, True), ("Like", None, False),
     *((name, None, True) for name in ("Accept", "Reject", "Undo", "Block"))],
)  # fmt: skip
def test_DLV_5_what_takes_back_or_changes_memberships_is_worth_two_weeks(type, post_id, is_lasting):
    assert breakers.is_lasting(type, post_id) is is_lasting
