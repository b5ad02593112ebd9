"""From somebody who looks at a link to the card that is there next time (R-46)."""

from sqlalchemy import select

from models.tables import LinkCard
from server.context import DATABASE
from server.link_cards import WISHES, Wishes
from tests.federation import neighbours
from tests.time import Clock
from tests.town import Town


async def test_what_somebody_missed_is_asked_in_the_background(town: Town, clock: Clock) -> None:
    company = await town.company("Muster")
    async with neighbours.peer("news") as news:
        news.documents["/1"] = (200, b"<title>Steel is up</title>", "text/html")
        company.app[WISHES].note([f"{news.base_url}/1"])
        await company.runtime.settle()
        clock.advance(seconds=5)
        await company.runtime.settle()
        await company.runtime.settle()

    async with company.app[DATABASE].reading() as session:
        [card] = await session.scalars(select(LinkCard))
    assert (card.title, card.provider) == ("Steel is up", news.host)
    assert news.asked == ["/1"]


def test_R_48_only_so_many_wishes_are_kept() -> None:
    wishes = Wishes()
    wishes.note(f"https://news.example/{number}" for number in range(2000))
    wishes.note(["https://news.example/1"])

    assert wishes.noted.is_set()
    assert len(wishes.take()) == 500
    assert (wishes.take(), wishes.noted.is_set()) == ([], False)
