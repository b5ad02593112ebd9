"""What apps will post later, as its author finds it in the settings."""

from datetime import timedelta

from models import scheduled
from models.base import now
from models.groups import NotAMember
from models.posts.drafts import Draft
from tests.server.web.browser import Browser
from tests.world import World


async def test_posts_for_later_are_listed_with_what_went_wrong_and_can_be_deleted(
    world: World, ada: Browser, joan: Browser
) -> None:
    async with world.database.writing() as session:
        draft = Draft(text="Figures of May", group_id=world.alpine.id)
        row = await scheduled.schedule(session, draft, now() + timedelta(hours=1), by=world.ada.staff)
        row.failure = NotAMember.message()

    page = await ada.get("/scheduled")

    assert "Figures of May" in page.words
    assert NotAMember.message() in page.words
    assert "/scheduled" in (await ada.get("/settings")).html
    assert "Figures" not in (await joan.get("/scheduled")).words
    path = f"/scheduled/{row.id}/end"
    assert (await joan.send(path, {"csrf_token": (await joan.get("/scheduled")).token})).status == 404
    gone = await ada.follow(await ada.submit("/scheduled", path))
    assert "Deleted. It will not be posted." in gone.words
    assert "Figures of May" not in gone.words


async def test_the_inbox_leads_to_what_could_not_be_published(world: World, ada: Browser) -> None:
    async with world.database.writing() as session:
        row = await scheduled.schedule(session, Draft(text="Soon"), now() + timedelta(hours=1), by=world.ada.staff)
        row.due_at = now()
        row.draft = {**row.draft, "group_id": 1}
    async with world.database.writing() as session:
        assert await scheduled.strike(session) == 1
    await world.settle()

    page = await ada.get("/notifications")

    assert "A post of yours could not be published at its time" in page.words
    assert 'href="/scheduled"' in page.html
