"""A company in which there is one of everything, and the ids of it: for tests that ask every endpoint."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models import announcements
from models.announcements import Words
from models.tables import Reach, Report
from tests.server.api.conftest import Hand
from tests.server.api.phone import Phone, upload
from tests.world import World

ALL = "read write follow push profile admin:read admin:write"
_PLACE = re.compile(r"\{(\w+)(?::[^/]*)?\}")


@dataclass(slots=True)
class Story:
    """`ada` asks; `ids` are of what she has, by the word that stands before it in addresses."""

    ada: Phone
    alan: Phone
    grace: Phone
    joan: Phone
    ids: dict[str, str]

    def path(self, pattern: str) -> str:
        """The address of a route, filled with what there is: first by room and name, then by name alone."""
        parts = pattern.split("/")
        room = next((part for part in reversed(parts[:5]) if part in self.ids), parts[3] if len(parts) > 3 else "")

        def filled(place: re.Match[str]) -> str:
            name = place[1]
            return self.ids.get(f"{room} {name}") or self.ids.get(room if name == "id" else name, "1")

        return _PLACE.sub(filled, pattern)


async def told(world: World, hand: Hand) -> Story:
    """Let it happen: Ada writes, others react, and everybody is told."""
    ada, alan, grace = [await hand(person, ALL) for person in (world.ada, world.alan, world.grace)]
    joan = await hand(world.joan, ALL)
    file = (await ada.post("/api/v2/media", data=upload(description="A case"))).body
    spare = (await ada.post("/api/v2/media", data=upload())).body
    status = await ada.writes("Look @grace #case", media_ids=[file["id"]], spoiler_text="Big")
    await ada.put(f"/api/v1/statuses/{status['id']}", json={"status": "Look again @grace #case"})
    reply = await grace.writes("Nice #case", in_reply_to_id=status["id"])
    quoting = await grace.writes("As she says", quoted_status_id=status["id"])
    asking = await grace.writes("Tea?", poll={"options": ["Yes", "No"], "expires_in": 3600})
    message = await grace.writes("Between us @ada", visibility="direct")
    await world.alan.founds("square", reach=Reach.PUBLIC)
    await alan.writes("In the group @alpine @ada")
    for verb in ("favourite", "reblog"):
        await grace.post(f"/api/v1/statuses/{status['id']}/{verb}")
    await ada.post(f"/api/v1/accounts/{world.grace.id}/follow")
    await ada.patch("/api/v1/accounts/update_credentials", json={"locked": True})
    await joan.post(f"/api/v1/accounts/{world.ada.id}/follow")
    await grace.post("/api/v1/reports", json={"account_id": str(world.joan.id), "comment": "Noise"})
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    scheduled = (await ada.post("/api/v1/statuses", json={"status": "Tomorrow", "scheduled_at": later})).body
    await ada.post("/api/v1/markers", json={"home": {"last_read_id": status["id"]}})
    async with world.database.writing() as session:
        announced = await announcements.announce(session, Words(text="Cake at four"), by=world.alan.staff)
        await announcements.strike(session)
    await world.settle()
    notifications = (await ada.get("/api/v1/notifications")).body
    conversations = (await ada.get("/api/v1/conversations")).body
    async with world.database.reading() as session:
        from sqlalchemy import select

        report_id = await session.scalar(select(Report.id))
    return Story(
        ada,
        alan,
        grace,
        joan,
        {
            "statuses": status["id"],
            "status": status["id"],
            "reply": reply["id"],
            "asking": asking["id"],
            "message": message["id"],
            "quoting_id": quoting["id"],
            "quoting": quoting["id"],
            "accounts": str(world.grace.id),
            "ada": str(world.ada.id),
            "grace": str(world.grace.id),
            "joan": str(world.joan.id),
            "nora": str(world.nora.id),
            "follow_requests": str(world.joan.id),
            "lists": str(world.alpine.id),
            "list": str(world.alpine.id),
            "polls": asking["poll"]["id"],
            "media": spare["id"],
            "scheduled_statuses": scheduled["id"],
            "notifications": notifications[0]["id"],
            "group_key": notifications[0]["group_key"],
            "conversations": conversations[0]["id"],
            "reports": str(report_id),
            "announcements": str(announced.id),
            "name": "case",
        },
    )
