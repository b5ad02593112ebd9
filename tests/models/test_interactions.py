"""Interaction policies: who may, who has to ask, and who may not."""

import pytest

from models.interactions import (
    AUTHOR,
    EVERYBODY,
    FOLLOWERS,
    FOLLOWING,
    Asker,
    Interaction,
    QuotePolicy,
    Rule,
    Verdict,
    pack,
    unpack,
    verdict,
    with_quoting,
)

NORA = "https://northwind.example/u/nora"
STRANGER = Asker(uri=NORA)
FOLLOWER = Asker(uri=NORA, follows=True)
FOLLOWED = Asker(uri=NORA, is_followed=True)
NAMED = Asker(uri=NORA, is_named=True)
OWNER = Asker(uri=NORA, is_author=True)
AUTOMATIC, MANUAL, DENIED, UNKNOWN = Verdict.AUTOMATIC, Verdict.MANUAL, Verdict.DENIED, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "asker", "expected"),
    [
        (Rule((EVERYBODY,)), STRANGER, AUTOMATIC),
        (Rule((), (EVERYBODY,)), STRANGER, MANUAL),
        (Rule(), STRANGER, DENIED),
        (Rule((AUTHOR,)), STRANGER, DENIED),
        (Rule((AUTHOR,)), OWNER, AUTOMATIC),
        (Rule((FOLLOWERS,)), STRANGER, DENIED),
        (Rule((FOLLOWERS,)), FOLLOWER, AUTOMATIC),
        (Rule((FOLLOWING,)), FOLLOWED, AUTOMATIC),
        (Rule((FOLLOWING,)), FOLLOWER, DENIED),
        (Rule((FOLLOWERS,), (EVERYBODY,)), STRANGER, MANUAL),
        (Rule((EVERYBODY,), (NORA,)), STRANGER, MANUAL),
        (Rule((EVERYBODY,), (FOLLOWERS,)), FOLLOWER, MANUAL),
        (Rule((NORA,), (NORA,)), STRANGER, AUTOMATIC),
        (Rule((NORA,)), STRANGER, AUTOMATIC),
        (Rule((), (NORA,)), OWNER, AUTOMATIC),
    ],
)
def test_POL_2_the_most_specific_entry_counts_and_automatic_beats_manual(rule, asker, expected):
    assert verdict({Interaction.ANNOUNCE: rule}, Interaction.ANNOUNCE, asker) is expected


def test_POL_2_who_is_named_may_always_answer_and_nothing_else():
    rules = {Interaction.REPLY: Rule((AUTHOR,)), Interaction.LIKE: Rule((AUTHOR,))}

    assert verdict(rules, Interaction.REPLY, NAMED) is AUTOMATIC
    assert verdict(rules, Interaction.REPLY, STRANGER) is DENIED
    assert verdict(rules, Interaction.LIKE, NAMED) is DENIED


@pytest.mark.parametrize("interaction", list(Interaction))
def test_without_a_rule_everybody_may_and_who_wants_to_quote_asks(interaction):
    expected = UNKNOWN if interaction is Interaction.QUOTE else AUTOMATIC

    assert verdict({}, interaction, STRANGER) is expected


def test_rules_are_kept_short_and_come_back_whole():
    rules = {Interaction.QUOTE: Rule((EVERYBODY,), (NORA,)), Interaction.LIKE: Rule((AUTHOR,))}

    kept = pack(rules)

    assert kept == '{"like":[["author"],[]],"quote":[["*"],["https://northwind.example/u/nora"]]}'
    assert unpack(kept) == rules
    assert (pack({}), unpack(None)) == (None, {})


def test_R_48_a_rule_names_no_more_than_fifty():
    kept = pack({Interaction.REPLY: Rule(tuple(f"https://a.example/{number}" for number in range(999)))})

    assert len(unpack(kept)[Interaction.REPLY].automatic) == 50


def test_an_author_changes_who_may_quote_and_nothing_else():
    kept = with_quoting(pack({Interaction.REPLY: Rule((AUTHOR,))}), QuotePolicy.FOLLOWERS)

    assert unpack(kept) == {Interaction.REPLY: Rule((AUTHOR,)), Interaction.QUOTE: Rule((FOLLOWERS,))}
