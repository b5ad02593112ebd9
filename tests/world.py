"""The cast of every test: Ada writes, Grace keeps the gate, Northwind is a partner, Mallory is nobody's friend.

`World` is one company, Lovelace, and the companies outside as its rules see them. Its people have the product's verbs,
so that a test reads as a story.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models import accounts, actors, approvals, groups, media, notifications, partners, policy, reactions, timelines
from models.database import Database
from models.paging import Page
from models.posts import reading, writing
from models.posts.drafts import Draft
from models.prepared import prepare
from models.tables import (
    Access,
    Account,
    Actor,
    ActorType,
    Group,
    Level,
    Media,
    MemberRole,
    Membership,
    Post,
    Reach,
    Role,
    Visibility,
)
from models.viewers import ANONYMOUS, Staff, Viewer
from tests.begun import at_first

HOME = "http://lovelace.localhost:8001"
NORTHWIND = "northwind.localhost:8002"
SOUTHWIND = "southwind.localhost:8003"
EASTWIND = "eastwind.localhost:8004"
MALLORY = "mallory.localhost:8009"
_NO_PASSWORD = "!"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a company, with what people do there."""

    database: Database
    staff: Staff
    email: str

    @property
    def id(self) -> int:
        return self.staff.actor_id

    async def writes(self, text: str, *, group: Group | None = None, **more: Any) -> Post:
        """Post: to the company, or into `group`; `more` are the fields of a Draft."""
        draft = Draft(text=text, group_id=group.id if group else None, **more)
        async with self.database.writing() as session:
            return await writing.write(session, draft, by=self.staff)

    async def replies(self, post: Post, text: str, **more: Any) -> Post:
        return await self.writes(text, reply_to_id=post.id, **more)

    async def tells(self, *people: "Person", text: str = "Between us") -> Post:
        """Send a direct message."""
        names = " ".join(f"@{person.staff.username}" for person in people)
        return await self.writes(f"{text} {names}", visibility=Visibility.DIRECT)

    async def edits(self, post: Post, text: str, *, revision: int | None = None, **more: Any) -> Post:
        async with self.database.writing() as session:
            return await writing.edit(session, post.id, Draft(text=text, **more), by=self.staff, revision=revision)

    async def deletes(self, post: Post) -> Post:
        async with self.database.writing() as session:
            return await writing.delete(session, post.id, by=self.staff)

    async def boosts(self, post: Post) -> Post:
        async with self.database.writing() as session:
            return await writing.boost(session, post.id, by=self.staff)

    async def likes(self, post: Post) -> Post:
        async with self.database.writing() as session:
            return await reactions.like(session, post.id, by=self.staff)

    async def approves(self, post: Post, *, revision: int | None = None) -> Post:
        """Let a waiting post out, in the revision it is at or in the given one."""
        async with self.database.writing() as session:
            wanted = revision or (await session.get_one(Post, post.id)).revision
            return await approvals.approve(session, post.id, by=self.staff, revision=wanted)

    async def returns(self, post: Post, reason: str, *, revision: int | None = None) -> Post:
        async with self.database.writing() as session:
            wanted = revision or (await session.get_one(Post, post.id)).revision
            return await approvals.send_back(session, post.id, by=self.staff, revision=wanted, reason=reason)

    async def founds(self, username: str, *, reach: Reach = Reach.INTERNAL, **more: Any) -> Group:
        """Found a group; `more` are the keywords of `groups.create`."""
        async with self.database.writing() as session:
            return await groups.create(session, username=username, name=username, owner=self.staff, reach=reach, **more)

    async def joins(self, group: Group) -> Membership:
        async with self.database.writing() as session:
            return await groups.join(session, await session.get_one(Group, group.id), by=self.staff)

    async def leaves(self, group: Group) -> None:
        async with self.database.writing() as session:
            await groups.leave(session, await session.get_one(Group, group.id), by=self.staff)

    async def opens(self, group: Group, reach: Reach) -> None:
        """Change how far a group reaches, in so many words."""
        async with self.database.writing() as session:
            found = await session.get_one(Group, group.id)
            await groups.set_reach(session, found, reach, by=self.staff, confirmed=reach)

    async def names(self, colleague: "Person", role: MemberRole, *, group: Group) -> None:
        """Give a colleague a role in a group."""
        async with self.database.writing() as session:
            found = await session.get_one(Group, group.id)
            await groups.set_role(session, found, colleague.id, role, by=self.staff)

    async def uploads(self, description: str = "") -> Media:
        """A picture that is in no post yet; its row, without a file."""
        name = media.random_name("png")
        stored = media.StoredFile(file=name, preview_file=None, media_type="image/png", size=1, width=640, height=480)
        async with self.database.writing() as session:
            return await media.add(session, stored, by=self.staff, description=description)

    async def sees(self, post: Post) -> bool:
        return await sees(self.database, self.staff, post)

    async def home(self) -> Sequence[Post]:
        """The home timeline, newest first."""
        async with self.database.reading() as session:
            return await reading.page(session, self.staff, timelines.home, Page())

    async def queue(self) -> list[tuple[int, int]]:
        """What waits for this person's decision, oldest first: post and revision."""
        async with self.database.reading() as session:
            statement, known = prepare(self.staff, approvals.queue)
            return [(found.post_id, found.revision) for found in await session.scalars(statement, known)]

    async def notifications(self) -> list[str]:
        """What this person was told, newest first, by type."""
        async with self.database.reading() as session:
            statement, known = prepare(self.staff, notifications.of_account)
            found = await session.scalars(statement, known)
            return [str(notification.type) for notification in found]


@dataclass(frozen=True, slots=True)
class Outsider:
    """A company elsewhere, as the rules of the house see its server; or, without a host, anybody who asks."""

    database: Database
    host: str | None

    async def viewer(self) -> Viewer:
        if self.host is None:
            return ANONYMOUS
        async with self.database.reading() as session:
            return await policy.remote_viewer(session, self.host)

    async def sees(self, post: Post) -> bool:
        return await sees(self.database, await self.viewer(), post)

    async def sees_group(self, group: Group) -> bool:
        return await _exists(self.database, policy.visible_groups(await self.viewer()).where(Group.id == group.id))

    async def sees_person(self, person: Person) -> bool:
        return await _exists(self.database, policy.visible_actors(await self.viewer()).where(Actor.id == person.id))

    async def sends(self, username: str) -> Actor:
        """Make one of its people known here."""
        assert self.host is not None
        base = f"http://{self.host}/u/{username}"
        async with self.database.writing() as session:
            return await actors.keep(
                session,
                actors.RemoteActor(
                    uri=base,
                    type=ActorType.PERSON,
                    host=self.host,
                    username=username,
                    url=base,
                    inbox=f"{base}/inbox",
                    shared_inbox=f"http://{self.host}/inbox",
                ),
            )

    async def joins(self, group: Group, *, as_: Actor) -> Membership:
        """Let one of its people join a group of ours."""
        async with self.database.writing() as session:
            found = await session.get_one(Group, group.id)
            return await groups.receive_join(session, found, as_, uri=f"{as_.uri}/joins/{group.id}")


async def sees(database: Database, viewer: Viewer, post: Post) -> bool:
    """Whether a post exists for `viewer`."""
    return await _exists(database, policy.visible_posts(viewer).where(Post.id == post.id))


async def _exists(database: Database, statement: Any) -> bool:
    async with database.reading() as session:
        return await session.scalar(statement) is not None


@dataclass(slots=True)
class World:
    """Lovelace and its neighbours.

    Ada and Alan (admin, owner of the groups) are members of the gated partner group `alpine`, which is closed; Grace is
    the company's gatekeeper, Joan a colleague who belongs to nothing. Northwind takes part in it (Nora is a member),
    Southwind may but nobody of it joined, Eastwind was a partner and is suspended, Mallory was never admitted.
    """

    database: Database
    ada: Person
    alan: Person
    grace: Person
    joan: Person
    alpine: Group
    northwind: Outsider
    southwind: Outsider
    eastwind: Outsider
    mallory: Outsider
    anybody: Outsider
    nora: Actor

    @classmethod
    async def founded(cls, database: Database) -> Self:
        """Let the cast move into an empty database."""
        alan = await hire(database, "alan", Role.ADMIN)
        await hire(database, "grace", Role.GATEKEEPER)
        ada = await hire(database, "ada")
        await hire(database, "joan")
        alpine = await alan.founds("alpine", reach=Reach.PARTNERS, access=Access.CLOSED, is_gated=True)
        await take_in(database, alan, alpine, ada)
        async with database.writing() as session:
            for host, name in ((NORTHWIND, "Northwind"), (SOUTHWIND, "Southwind"), (EASTWIND, "Eastwind")):
                await partners.admit(session, host, levels={"alpine": Level.POST}, name=name)
            await partners.suspend(session, EASTWIND)
        northwind = Outsider(database, NORTHWIND)
        await northwind.joins(alpine, as_=await northwind.sends("nora"))
        return await cls.met(database)

    @classmethod
    async def met(cls, database: Database) -> Self:
        """The cast of a database in which it lives, as it stands at the beginning."""

        async def ask() -> tuple[dict[str, tuple[Staff, str]], Group, Actor]:
            async with database.reading() as session:
                found = await session.scalars(select(Account).options(joinedload(Account.actor)))
                people = {account.actor.username: (accounts.staff(account), account.email) for account in found}
                alpine = await groups.by_username(session, people["alan"][0], "alpine")
                nora = (await session.scalars(select(Actor).where(Actor.host == NORTHWIND))).one()
                return people, alpine, nora

        people, alpine, nora = await at_first(database, "cast", ask)
        return cls(
            database=database,
            **{name: Person(database, *known) for name, known in people.items()},
            alpine=alpine,
            northwind=Outsider(database, NORTHWIND),
            southwind=Outsider(database, SOUTHWIND),
            eastwind=Outsider(database, EASTWIND),
            mallory=Outsider(database, MALLORY),
            anybody=Outsider(database, None),
            nora=nora,
        )

    async def shares(self, group: Group) -> None:
        """Agree with Northwind and Southwind on `group`; with Eastwind it had been agreed."""
        async with self.database.writing() as session:
            username = (await session.get_one(Actor, group.id)).username
            levels = {username: Level.POST}
            if group.reach is not Reach.INTERNAL:
                for host in (NORTHWIND, SOUTHWIND, EASTWIND):
                    await partners.admit(session, host, levels=levels)
                await partners.suspend(session, EASTWIND)

    async def agrees(self, host: str, **levels: Level) -> None:
        """Admit a company, with what its people may do in our groups."""
        async with self.database.writing() as session:
            await partners.admit(session, host, levels=levels, by=self.alan.staff)

    async def suspends(self, host: str) -> None:
        async with self.database.writing() as session:
            await partners.suspend(session, host, by=self.alan.staff)

    async def outside_reads(self, post: Post) -> str:
        """The text of a post as it is shown outside."""
        async with self.database.reading() as session:
            return (await reading.published(session, await session.get_one(Post, post.id))).source

    async def settle(self) -> None:
        """Let everybody be told what happened so far."""
        await notifications.CONSUMER.catch_up(self.database)


async def hire(
    database: Database, username: str, role: Role = Role.STAFF, *, password_hash: str = _NO_PASSWORD
) -> Person:
    """A new person of the company; without a hash nobody can sign in as them."""
    email = f"{username}@lovelace.example"
    async with database.writing() as session:
        account: Account = await accounts.create(
            session, username=username, email=email, password_hash=password_hash, role=role
        )
        return Person(database, accounts.staff(account), email)


async def met(database: Database, username: str) -> Person:
    """Somebody of the company who is there from the beginning. Raises NotFound."""

    async def ask() -> tuple[Staff, str]:
        async with database.reading() as session:
            account = await accounts.by_username(session, username)
            return accounts.staff(account), account.email

    return Person(database, *await at_first(database, username, ask))


async def take_in(database: Database, owner: Person, group: Group, *people: Person) -> None:
    """Invite people into a group and let them join it."""
    for person in people:
        async with database.writing() as session:
            found = await session.get_one(Group, group.id)
            await groups.invite(session, found, person.staff.username, by=owner.staff)
            await groups.join(session, found, by=person.staff)
