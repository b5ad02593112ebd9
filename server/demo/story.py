"""What happens in the demonstration, scene by scene, through the verbs that pages and apps use.

Every scene looks first whether it has happened, so that a story that was interrupted goes on where it stopped.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from federation import outbox
from federation.fetch import FetchFailed
from models import (
    accounts,
    actors,
    approvals,
    groups,
    journal,
    lanes,
    partners,
    reactions,
    received,
    relations,
    timelines,
)
from models.database import Database
from models.errors import NotFound
from models.paging import Page, page_of
from models.posts import reading, writing
from models.posts.drafts import Draft
from models.tables import Account, Actor, Cursor, Group, MemberState, Post, Verdict
from models.text.clean import clean_text
from models.viewers import Staff
from server import uploads
from server.auth import passwords
from server.context import DATABASE, RESOLVER
from server.demo import cast, pictures

_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.5
_LOOK_BACK = 100
_TRIES = 3


class TookTooLong(Exception):
    """Something that one company did has not arrived at the other."""


class Picture(Struct, frozen=True):
    draw: Callable[[], bytes]
    says: str


class House(Struct, frozen=True):
    """One company on the stage: its running application and its people."""

    company: cast.Company
    app: web.Application
    host: str
    people: dict[str, Staff]

    @classmethod
    async def furnish(cls, company: cast.Company, app: web.Application, *, host: str, password: str) -> "House":
        """The people and groups of `company`, made where they are missing."""
        house = cls(company, app, host, {})
        for person in company.people:
            house.people[person.username] = await house._hire(person, password)
        for group in company.groups:
            await house._found(group)
        return house

    async def _hire(self, person: cast.Person, password: str) -> Staff:
        database = self.app[DATABASE]
        async with database.reading() as session:
            account: Account | None = await accounts.by_login(session, person.username)
        hashed = await passwords.hash_password(password) if account is None else ""
        async with database.writing() as session:
            if account is None:
                account = await accounts.create(
                    session,
                    username=person.username,
                    email=f"{person.username}@{self.company.key}.example",
                    password_hash=hashed,
                    role=person.role,
                    display_name=person.name,
                )
            staff = accounts.staff(account)
            actor = await session.get_one(Actor, staff.actor_id)
            if actor.about_source != person.about:
                await actors.change_profile(session, by=staff, display_name=person.name, about=person.about)
        return staff

    async def _found(self, told: cast.Group) -> None:
        owner = self.people[told.owner]
        async with self.app[DATABASE].writing() as session:
            try:
                group = await groups.by_username(session, owner, told.username)
            except NotFound:
                group = await groups.create(
                    session,
                    username=told.username,
                    name=told.name,
                    owner=owner,
                    purpose=told.purpose,
                    reach=told.reach,
                    access=told.access,
                    is_gated=told.is_gated,
                )
            for username in told.members:
                member = self.people[username]
                if await _state(session, group, member) is None:
                    await groups.invite(session, group, username, by=owner)
                    await groups.join(session, group, by=member)

    async def admit(self, other: "House") -> None:
        """Agree with another company on what `cast` says."""
        levels = self.company.partners[other.company.key]
        admin = self.people[self.company.admin.username]
        async with self.app[DATABASE].reading() as session:
            known = {partner.host for partner in await session.scalars(partners.listed())}
        if other.host not in known:
            async with self.app[DATABASE].writing() as session:
                await partners.admit(session, other.host, levels=levels, name=other.company.name, by=admin)

    async def joins(self, who: str, group: str, *, at: "House") -> None:
        """Let one of ours join a group of another company, and wait until it has answered."""
        by = self.people[who]
        database = self.app[DATABASE]

        async def is_member() -> bool:
            async with database.reading() as session:
                return await _state(session, await self._group(session, by, handle), by) is MemberState.MEMBER

        handle = f"{group}@{at.host}"
        await self._must_find(handle, by)
        if await is_member():
            return
        async with database.writing() as session:
            await groups.join(session, await self._group(session, by, handle), by=by)
        await eventually(database, is_member, f"{who} of {self.company.name} joining @{handle}")

    async def _must_find(self, handle: str, by: Staff) -> None:
        """Look a group up, with patience for a machine that has its hands full."""
        for _ in range(_TRIES):
            with contextlib.suppress(FetchFailed):
                if await self.app[RESOLVER](f"@{handle}", by) is not None:
                    return
        raise TookTooLong(f"{self.company.name} cannot find the group @{handle}")

    async def says(
        self,
        who: str,
        text: str,
        *,
        group: str | None = None,
        answers: str | None = None,
        picture: Picture | None = None,
    ) -> Post:
        """Let one of ours write, unless they wrote just that already. `answers` is the wire id of a post."""
        by = self.people[who]
        text = clean_text(text.strip(), limit=len(text))
        found = await self._said(by, text)
        if found is not None:
            return found
        files: tuple[int, ...] = ()
        if picture is not None:
            stored = await uploads.store_picture(self.app, picture.draw(), by=by, description=picture.says)
            files = (stored.id,)
        async with self.app[DATABASE].writing() as session:
            group_id = (await self._group(session, by, group)).id if group else None
            parent = (await reading.by_uri(session, by, answers)).id if answers else None
            language = "en" if who == "david" else "de"
            draft = Draft(text=text, group_id=group_id, reply_to_id=parent, media_ids=files, language=language)
            return await writing.write(session, draft, by=by)

    async def _said(self, by: Staff, text: str) -> Post | None:
        async with self.app[DATABASE].reading() as session:
            actor = await session.get_one(Actor, by.actor_id)
            written = await page_of(session, timelines.of_actor(by, actor), Post.id, Page(limit=_LOOK_BACK))
        return next((post for post in written if post.source == text), None)

    async def approves(self, who: str, post: Post) -> None:
        """Let a gatekeeper of ours release what waits; silent where it is decided."""
        async with self.app[DATABASE].writing() as session:
            latest = (await approvals.latest(session, [post.id])).get(post.id)
            if latest is not None and latest.verdict is Verdict.WAITING:
                await approvals.approve(session, post.id, by=self.people[who], revision=latest.revision)

    async def likes(self, post: Post, *who: str) -> None:
        async with self.app[DATABASE].writing() as session:
            for name in who:
                by = self.people[name]
                await reactions.like(session, (await reading.by_uri(session, by, post.uri)).id, by=by)

    async def follows(self, who: str, *others: str) -> None:
        async with self.app[DATABASE].writing() as session:
            for name in others:
                actor = await session.get_one(Actor, self.people[name].actor_id)
                await relations.follow(session, actor, by=self.people[who])

    async def gets(self, post: Post, *, who: str) -> None:
        """Wait until one of ours can read a post of another company."""

        async def is_there() -> bool:
            async with self.app[DATABASE].reading() as session:
                try:
                    await reading.by_uri(session, self.people[who], post.uri)
                except NotFound:
                    return False
                return True

        await eventually(self.app[DATABASE], is_there, f"a post arriving at {self.company.name}")

    async def is_at_rest(self) -> bool:
        """Whether everything of ours is where it should be, and everything that came was dealt with."""
        async with self.app[DATABASE].reading() as session:
            cursor = await session.get(Cursor, outbox.NAME)
            is_read = cursor is not None and (cursor.transaction, cursor.position) >= await journal.head(session)
            is_sent = await lanes.next_due(session) is None
            return is_read and is_sent and await received.next_due(session) is None

    async def _group(self, session: AsyncSession, viewer: Staff, username: str) -> Group:
        return await groups.by_username(session, viewer, username)


async def _state(session: AsyncSession, group: Group, staff: Staff) -> MemberState | None:
    found = await groups.membership(session, group.id, staff.actor_id)
    return found.state if found else None


async def eventually(database: Database, is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until what another server does shows in `database`. Raises TookTooLong."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            seen = database.changed.count
            while not await is_so():
                seen = await database.changed.wait(seen, at_most=_LOOK_AGAIN_SECONDS)
    except TimeoutError:
        raise TookTooLong(f"{what} took longer than {_PATIENCE_SECONDS:.0f} seconds") from None


async def play(houses: Sequence[House]) -> None:
    """The whole story. Raises TookTooLong."""
    muster, zulieferer, nordlicht = houses
    async with asyncio.TaskGroup() as scenes:
        for scene in (
            _introduction(muster, zulieferer),
            _everyday_at_muster(muster),
            _everyday_at_zulieferer(zulieferer),
            _everyday_at_nordlicht(nordlicht),
        ):
            scenes.create_task(scene)
    await _trade(muster, zulieferer)
    for house in (*houses, *houses):  # what the first still sends, the second answers
        await eventually(house.app[DATABASE], house.is_at_rest, f"the mail of {house.company.name}")


async def _introduction(muster: House, zulieferer: House) -> None:
    await muster.admit(zulieferer)
    await zulieferer.admit(muster)
    async with asyncio.TaskGroup() as wishes:
        wishes.create_task(zulieferer.joins("dimitri", "gehaeuse", at=muster))
        wishes.create_task(muster.joins("clara", "messwerte", at=zulieferer))


async def _everyday_at_muster(muster: House) -> None:
    await muster.follows("anna", "clara", "bernd")
    await muster.follows("david", "anna")
    welcome = await muster.says(
        "anna",
        """\
## Willkommen im Kontor

Hier schreiben wir auf, was alle angeht. Drei Dinge zum Anfang:

- **Firma:** Was du ohne Gruppe schreibst, liest das ganze Haus und sonst niemand.
- **Gruppen:** Am farbigen Rand siehst du, wie weit ein Beitrag reicht.
- **Freigabe:** Was in *Gehäuse X200* an Partner geht, schaut sich Bernd vorher an.

Fragen gern direkt hier drunter. #willkommen""",
    )
    await muster.says("david", "Nice. Finally one place that works from the road, too.", answers=welcome.uri)
    await muster.likes(welcome, "bernd", "clara", "david")
    await muster.says(
        "clara",
        """\
### Wartung Fräse 2

1. Späneförderer reinigen
2. Kühlmittel prüfen, Soll 6–8 %
3. Referenzfahrt mit diesem Programm:

```
G28 G91 Z0
G28 X0 Y0
M30
```

Danach bitte hier abhaken.""",
        group="werkstatt",
    )
    await muster.says(
        "david",
        "Site report: pump at *Hafenwerk* runs again. Root cause was a blocked filter, not the housing. "
        "Spare part number is `X200-F-031`. #service",
        group="werkstatt",
    )
    await muster.says(
        "anna", "Entwurf der Preisliste liegt bis Freitag hier, bitte nur in diesem Kreis.", group="leitung"
    )
    await muster.says(
        "anna",
        """\
## Offene Halle am ersten Samstag im Mai

Wir zeigen, wie ein Gehäuse entsteht: vom Rohling bis zur Prüfung. Ab 10 Uhr, Halle 3, für alle, die mögen.

#offenehalle""",
        group="neuigkeiten",
        picture=Picture(
            pictures.invitation,
            "Plakat: oben der Schriftzug „Offene Halle“ auf kupferfarbenem Grund, darunter sechs Sheddächer "
            "einer Fabrik, unten „Muster Werke, Halle 3, ab 10 Uhr“.",
        ),
    )


async def _everyday_at_zulieferer(zulieferer: House) -> None:
    plan = await zulieferer.says(
        "dimitri",
        "### Schichtplan KW 12\n\n- Ofen 1: Früh- und Spätschicht\n- Ofen 2: Revision, erst ab Mittwoch",
        group="giesserei",
    )
    await zulieferer.likes(plan, "elena")
    await zulieferer.says("elena", "Der neue Messraum ist abgenommen. Danke an alle, die am Wochenende da waren!")


async def _everyday_at_nordlicht(nordlicht: House) -> None:
    delivery = await nordlicht.says(
        "hauke", "Lieferung ist da, 12 Paletten. Platz 4 bis 7 sind jetzt voll.", group="lager"
    )
    await nordlicht.likes(delivery, "gesa")
    await nordlicht.says("gesa", "Nächste Woche kommt die Inventur. Bitte keine Umlagerungen mehr ab Mittwoch.")


async def _trade(muster: House, zulieferer: House) -> None:
    """What the two companies write to one another, and what still waits for Bernd."""
    drawing = await muster.says(
        "anna",
        """\
## Zeichnungsstand 7

Liebe Kolleginnen und Kollegen bei Zulieferer Süd, der neue Stand ist freigegeben. Geändert haben sich:

- Bohrbild: jetzt vier Mal **M6** statt M5
- Radius außen: 12 mm
- Dichtfläche: Ebenheit 0,05 mm

Bitte prüft, ob die Muster bis zum 24. zu schaffen sind. #x200""",
        group="gehaeuse",
        picture=Picture(
            pictures.housing,
            "Technische Zeichnung des Deckels der X200 von oben: Rechteck mit runden Ecken, 248 mal 152 mm, "
            "vier Bohrungen in den Ecken, ein Fenster in der Mitte.",
        ),
    )
    await muster.approves("bernd", drawing)
    await muster.likes(drawing, "clara", "bernd")
    await zulieferer.gets(drawing, who="dimitri")
    answer = await zulieferer.says(
        "dimitri",
        "Danke, passt. Fünf Muster bis zum **22.**, wenn das Werkzeug am Montag kommt. Gilt die Ebenheit vor oder nach "
        "dem Lackieren?",
        answers=drawing.uri,
    )
    await zulieferer.likes(drawing, "dimitri")
    await muster.gets(answer, who="anna")
    reply = await muster.says("anna", "Nach dem Lackieren. Wir messen auf eurer Maschine mit.", answers=answer.uri)
    await muster.approves("bernd", reply)
    record = await zulieferer.says(
        "frieda",
        """\
### Messprotokoll Charge 114

Alle fünf Muster liegen in der Grenze, M4 knapp. Rohdaten:

```
M1 0.031
M2 0.028
M3 0.034
M4 0.047
M5 0.030
```""",
        group="messwerte",
        picture=Picture(
            pictures.measurements,
            "Balkendiagramm: Ebenheit von fünf Mustern zwischen 0,028 und 0,047 Millimeter, Grenze 0,05.",
        ),
    )
    await muster.gets(record, who="clara")
    await muster.says("clara", "M4 schauen wir uns am Donnerstag gemeinsam an.", answers=record.uri)
    await muster.says(
        "clara",
        "Vorschlag für die Dichtung: **NBR 70** statt EPDM. Spart 0,38 € je Stück, Lieferzeit zwei Wochen. "
        "@bernd bitte prüfen, ob die Zahl hinaus darf.",
        group="gehaeuse",
    )
