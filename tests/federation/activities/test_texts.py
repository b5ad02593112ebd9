"""Texts that are stored together: as if each had come alone, and nothing taken for one that is more."""

import pytest
from sqlalchemy import select

from federation.inbox import texts
from models import ledger
from models.tables import JournalEntry, LedgerLine, Mention, Received, Revision
from tests.federation.activities.conftest import follows, taken_together
from tests.federation.neighbours import altered

FACTS = ("visibility", "reach", "kind", "html", "warning", "is_sensitive", "language", "group_id", "reply_to_id")


@pytest.fixture
async def followed(square, nora):
    await follows(square.home, square.ada, nora)
    return nora


@pytest.fixture
def together(monkeypatch):
    """How many activities were dealt with together, each time that any were."""
    return taken_together(monkeypatch, texts)


def _text(nora, name, **more):
    more = {"summary": "Careful", "contentMap": {"en": f"<p>Text {name[-1]}</p>"}, **more}
    return nora.does("Create", nora.note(name, f"Text {name[-1]}", tag=[{"type": "Hashtag", "name": "#Steel"}], **more))


async def _told(home):
    posts = [{name: getattr(post, name) for name in FACTS} for post in await home.posts() if not post.is_local]
    async with home.database.reading() as session:
        found = (await session.scalars(select(Revision).order_by(Revision.post_id))).all()
    said = [(row.number, row.html, row.warning, row.language) for row in found]
    return sorted(posts, key=lambda post: post["html"]), sorted(said, key=lambda one: one[1])


async def test_texts_stored_together_are_as_if_each_had_come_alone(square, followed, together, monkeypatch):
    home = square.home
    for name in ("a-1", "a-2", "a-3"):
        await followed.posts(home, _text(followed, name))
    await home.works()
    assert together == [3]
    before, lines = await _told(home), await home.ledger()
    news = len(await home.entries("PostWritten"))

    async def alone(wire, claimed):
        return claimed

    monkeypatch.setattr("federation.inbox.processor.texts.take", alone)
    for name in ("b-1", "b-2", "b-3"):
        await followed.posts(home, _text(followed, name))
    await home.works()

    posts, said = await _told(home)
    assert posts[::2] == posts[1::2] == before[0]
    assert said[::2] == said[1::2] == before[1]
    assert lines == ["received Create public"] * 3
    assert await home.ledger() == lines * 2
    assert news == 3
    assert len(await home.entries("PostWritten")) == 6
    async with home.database.reading() as session:
        assert await ledger.verify(session) == []
    digests = [line.digest for line in await home.rows(LedgerLine)]
    assert len(set(digests)) == 6


async def test_what_comes_after_something_else_keeps_its_place(square, followed, together):
    home = square.home
    first = followed.note("1", "The question")
    answer = followed.note("2", "The answer", inReplyTo=first["id"])
    for note in (first, answer, followed.note("3", "Afterwards")):
        await followed.posts(home, followed.does("Create", note))

    await home.works()

    assert together == [1, 1]
    posts = {post.uri: post for post in await home.posts()}
    assert posts[answer["id"]].reply_to_id == posts[first["id"]].id
    assert len(posts) == 3


async def test_texts_of_several_servers_are_stored_together_and_none_waits_for_another(
    square, followed, mallory, together
):
    home, mary = square.home, mallory.person("mary", number=1)
    await home.admits(mallory)
    await follows(home, square.ada, mary)
    answer = followed.note("2", inReplyTo=followed.note("gone", to=["nobody"])["id"])
    for who, note in (
        (followed, followed.note("1")),
        (followed, answer),
        (mary, mary.note("1")),
        (followed, followed.note("3")),
        (mary, mary.note("2")),
    ):
        await who.posts(home, who.does("Create", note))

    await home.works()

    assert together == [3, 1]
    assert {row.outcome for row in await home.rows(Received) if row.type == "Create"} == {"stored"}


async def test_R_60_the_same_text_twice_in_one_turn_is_one_post(square, followed, together):
    home = square.home
    note = followed.note("1")
    for _ in range(2):
        await followed.posts(home, followed.does("Create", note))

    await home.works()

    assert together == [1]
    assert len(await home.posts()) == 1


async def test_R_61_a_text_that_was_deleted_before_it_came_stays_away(square, followed, together):
    home = square.home
    note = followed.note("1")
    await followed.sends(home, followed.does("Delete", note["id"]))
    outcome = await followed.sends(home, followed.does("Create", note))
    assert outcome == "ignored: was deleted"
    assert together == []


@pytest.mark.parametrize(
    "more",
    [
        {"inReplyTo": "https://elsewhere.example/1"},
        {"attachment": [{"type": "Document", "mediaType": "image/png", "url": "https://elsewhere.example/1.png"}]},
        {"type": "Question", "oneOf": [{"type": "Note", "name": "Yes"}, {"type": "Note", "name": "No"}]},
        {"interactionPolicy": {"canReply": {"automaticApproval": []}}},
        {"quoteUrl": "https://elsewhere.example/1"},
        {"name": "A title"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_is_more_than_a_text_is_none(more):
    base = "https://elsewhere.example"
    note = {"id": f"{base}/2", "type": "Note", "attributedTo": f"{base}/u", "content": "Hi", "to": ["as:Public"]}
    assert texts._is_plain(texts.documents.parse(note, insecure_hosts=()))
    assert not texts._is_plain(texts.documents.parse({**note, **more}, insecure_hosts=()))


async def test_GRP_6_a_text_that_names_a_group_of_ours_goes_through_the_group(square, followed, together):
    note = followed.note("1", cc=[square.alpine_actor.uri])
    await followed.sends(square.home, followed.does("Create", note))
    assert together == []


async def test_a_text_that_concerns_nobody_here_is_not_kept(square, nora, together):
    assert await nora.sends(square.home, nora.does("Create", nora.note("1"))) == "ignored: concerns nobody here"
    assert together == [1]
    assert await square.home.posts() == []


async def test_R_10_a_text_by_somebody_else_is_none(square, followed, northwind, together):
    other = northwind.person("norman")
    note = altered(other.note("1"), content="<p>Forged</p>")
    await followed.sends(square.home, followed.does("Create", note))
    assert together == []
    assert all("Forged" not in post.html for post in await square.home.posts())


async def test_nothing_is_taken_from_a_company_that_was_suspended_meanwhile(square, followed, northwind, together):
    await followed.posts(square.home, followed.does("Create", followed.note("1")))
    await square.home.suspends(northwind)
    await square.home.works()
    assert together == []
    assert await square.home.posts() == []


async def test_news_of_texts_is_read_together_and_of_interest_to_nobody(square, followed):
    from models import notifications

    home = square.home
    for name in ("a-1", "a-2"):
        await followed.posts(home, _text(followed, name))
    await home.works()
    await notifications.CONSUMER.catch_up(home.database)
    assert len([row for row in await home.rows(JournalEntry) if row.kind == "Notified"]) == 0


async def test_a_text_that_names_people_is_stored_with_the_others_and_told_to_whom_it_names(square, followed, together):
    home, ada = square.home, await square.home.actor(square.ada.id)
    nick = followed.peer.person("nick", number=1)
    await nick.posts(home, nick.does("Like", ada.uri))  # so that he is known, and followed by nobody
    await home.works()
    together.clear()

    def naming(name, *people):
        tags = [{"type": "Mention", "href": href, "name": "@somebody"} for href in people]
        return nick.note(name, tag=tags)

    await nick.posts(home, nick.does("Create", naming("1", ada.uri)))
    await nick.posts(home, nick.does("Create", naming("2", ada.url, ada.uri, followed.id)))
    await nick.posts(home, nick.does("Create", naming("3", followed.id)))
    await nick.posts(home, nick.does("Create", nick.note("4", cc=[ada.uri])))
    await nick.posts(home, nick.does("Create", nick.note("5", cc=[ada.followers_uri])))

    await home.works()

    assert together == [5]
    ends = [row.outcome for row in await home.rows(Received) if row.type == "Create"]
    assert ends == ["stored", "stored", texts.create.UNWANTED, "stored", texts.create.UNWANTED]
    nora = await home.actor(followed.id)
    posts = {post.id: post.uri.rpartition("/")[2] for post in await home.posts()}
    async with home.database.reading() as session:
        rows = (await session.execute(select(Mention.post_id, Mention.actor_id))).all()
    assert sorted((posts[post], who) for post, who in rows) == sorted([("1", ada.id), ("2", ada.id), ("2", nora.id)])
