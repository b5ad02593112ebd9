"""Polls on the wire: a Question goes out, its counts follow now and then, and votes of ours go to who asks."""

from datetime import timedelta

import pytest

from federation.documents.post import poll as documents
from models import polls
from models.polls import PollDraft
from models.posts import receiving
from models.tables import Actor, Post, Visibility
from tests.federation.office import approved, delivered, lines, outsider
from tests.federation.receiver import quick_keys
from tests.world import NORTHWIND, World

HOUR = timedelta(hours=1)
LUNCH = PollDraft(options=("Soup", "Salad"), lasts=HOUR)


@pytest.fixture(autouse=True)
def _stock(monkeypatch):
    quick_keys(monkeypatch)


async def votes(world: World, post: Post, person, *choices: int) -> None:
    async with world.database.writing() as session:
        ids = await polls.ids_of(session, [post.id], outside=False)
        await polls.vote(session, ids[post.id], choices, by=person.staff)


async def strikes(world: World) -> None:
    async with world.database.writing() as session:
        await polls.strike(session)


async def test_a_poll_leaves_as_a_question_once_it_is_approved(world, office, clock):
    await approved(world, "What shall we eat?", poll=LUNCH)

    (sent,) = await office.sends()

    question = sent.document["object"]["object"]
    assert sent.form == "Announce{Create}"
    assert question["type"] == "Question"
    assert [(option["name"], option["replies"]["totalItems"]) for option in question["oneOf"]] == [
        ("Soup", 0),
        ("Salad", 0),
    ]
    assert question["votersCount"] == 0
    assert question["endTime"] == (clock.now + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "anyOf" not in question
    assert "closed" not in question


async def test_new_counts_follow_every_three_minutes_at_most_and_at_the_end_without_the_voters(world, office, clock):
    post = await approved(world, "What shall we eat?", poll=LUNCH)
    await office.sends()
    await delivered(world)

    await votes(world, post, world.grace, 1)
    await strikes(world)
    (first,) = await office.sends()
    await delivered(world)
    await votes(world, post, world.alan, 1)
    await strikes(world)
    assert await office.sends() == []
    clock.advance(minutes=3)
    await strikes(world)
    (second,) = await office.sends()
    await delivered(world)
    clock.advance(hours=1)
    await strikes(world)
    (last,) = await office.sends()

    told = [one.document["object"] for one in (first, second, last)]
    assert [one["type"] for one in told] == ["Update"] * 3
    assert [one["object"]["votersCount"] for one in told] == [1, 2, 2]
    assert ["closed" in one["object"] for one in told] == [False, False, True]
    assert not any("updated" in one["object"] for one in told)
    assert b"grace" not in first.body + second.body + last.body
    assert [line.what for line in await lines(world)][-3:] == ["Update"] * 3


async def test_counts_that_are_to_be_hidden_are_hidden_outside_too(world, office, clock):
    secret = PollDraft(options=("Soup", "Salad"), lasts=HOUR, hides_totals=True, is_multiple=True)
    post = await approved(world, "What shall we eat?", poll=secret)
    await votes(world, post, world.grace, 1)

    (sent,) = await office.sends()

    question = sent.document["object"]["object"]
    assert [option["replies"]["totalItems"] for option in question["anyOf"]] == [0, 0]


async def test_a_poll_for_the_company_tells_nobody_outside(world, office, clock):
    post = await world.ada.writes("What shall we eat?", poll=LUNCH)
    await votes(world, post, world.grace, 1)
    await strikes(world)

    assert await office.sends() == []


async def test_a_vote_in_a_poll_elsewhere_goes_to_its_author_alone_one_activity_for_each_answer(world, office):
    nils = await outsider(world.database, NORTHWIND, "nils")
    async with world.database.writing() as session:
        post = await receiving.receive(
            session,
            receiving.RemotePost(
                uri=f"http://{NORTHWIND}/o/7",
                url=None,
                author=await session.get_one(Actor, nils.id),
                visibility=Visibility.PUBLIC,
                html="Well?",
                poll=polls.RemotePoll(options=[("Yes  please", 0), ("No", 0)], is_multiple=True),
            ),
        )
    assert post is not None

    await votes(world, post, world.ada, 0, 1)

    sent = await office.sends()
    assert [(one.host, one.inbox, one.form) for one in sent] == [(NORTHWIND, nils.inbox, "Create")] * 2
    notes = [one.document["object"] for one in sent]
    assert [note["name"] for note in notes] == ["Yes  please", "No"]
    for one, note in zip(sent, notes, strict=True):
        assert note["inReplyTo"] == post.uri
        assert (note["to"], note["cc"], one.document["to"]) == ([nils.uri], [], [nils.uri])
        assert "content" not in note
    assert [(line.what, line.rule, line.hosts) for line in await lines(world)][-2:] == [
        ("Vote", "vote", [NORTHWIND])
    ] * 2


# Reading


def test_a_question_is_read_with_its_counts(clock):
    asked = documents.parse(
        {
            "type": "Question",
            "anyOf": [
                {"type": "Note", "name": "Yes", "replies": {"type": "Collection", "totalItems": 3}},
                {"type": "Note", "name": "No"},
                {"type": "Note", "name": "Yes"},
                {"name": 7},
                "x",
            ],
            "votersCount": 3,
            "endTime": "2026-02-02T10:00:00Z",
            "closed": True,
        },
        now=clock.now,
    )

    assert asked is not None
    assert (asked.options, asked.is_multiple, asked.voters) == ((("Yes", 3), ("No", 0)), True, 3)
    assert asked.ended_at == clock.now


@pytest.mark.parametrize(
    "document",
    [{}, {"oneOf": []}, {"oneOf": "x"}, {"oneOf": [{"name": " "}]}, {"oneOf": {"name": "x" * 501}}, {"anyOf": 7}],
)
def test_what_offers_nothing_is_no_poll(document, clock):
    assert documents.parse(document, now=clock.now) is None


def test_R_48_a_question_elsewhere_has_twenty_answers_at_most(clock):
    asked = documents.parse({"oneOf": [{"name": str(number)} for number in range(500)]}, now=clock.now)

    assert asked is not None
    assert len(asked.options) == 20


NORA = "https://northwind.example/u/nora"
VOTE = {"type": "Note", "name": "Yes", "inReplyTo": "https://ours.example/o/1", "attributedTo": NORA}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (VOTE, ("Yes",)),
        ({**VOTE, "content": ""}, ("Yes",)),
        ([VOTE, {**VOTE, "name": "No"}], ("Yes", "No")),
        ({**VOTE, "content": "<p>Yes</p>"}, None),
        ({**VOTE, "name": ""}, None),
        ({**VOTE, "name": None}, None),
        ({**VOTE, "inReplyTo": None}, None),
        ({**VOTE, "attributedTo": "https://northwind.example/u/nils"}, None),
        ([VOTE, {**VOTE, "inReplyTo": "https://ours.example/o/2"}], None),
        ([VOTE, "https://northwind.example/o/1"], None),
        ("https://northwind.example/o/1", None),
        ([], None),
        (None, None),
    ],
)
def test_votes_are_told_from_posts(value, names):
    found = documents.votes(value, voter=NORA, insecure_hosts=())

    assert (found.names if found else None) == names
