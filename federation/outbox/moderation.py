"""What keeps a group of ours in order, told to its members elsewhere inside the group's Announce (GRP-11 to GRP-13).

Each act is the moderator's own activity. One who lives elsewhere sent it, and the group passes it on as it came; what
remains here then is what the group itself says: its copies, and its Announces by id.
"""

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox import copies, recipients, wrapping
from federation.outbox.sending import Inbox, Subject, elsewhere, hosts_of, keep_and_queue, mint, seal, undo
from federation.vocabulary import PUBLIC, Document, format_date
from models import actors, deliveries, journal
from models.journal import Moderated
from models.posts import departing, writing
from models.tables import EVERYBODY, Actor, Ban, Departure, Group, Post, Reach

RULE = "moderation"
_SENT_AS = ("Create", "Update", "Announce")


async def moderated(keys: KeyRing, session: AsyncSession, entry: Moderated) -> None:
    """Tell what happened to those whom it concerns; what only the house knows stays in the house."""
    group, place = await session.get(Group, entry.group_id), await session.get(Actor, entry.group_id)
    by = await session.get(Actor, entry.by_id)
    if group is None or place is None or by is None or not place.is_local or group.reach is Reach.INTERNAL:
        return
    post = await departing.by_id(session, entry.post_id)
    act = _Act(keys, session, entry, group, place, by, post)
    match entry.act:
        case "remove":
            await (act.restored() if entry.is_undone else act.removed())
        case "lock":
            await act.tell_of_post("Lock")
        case "pin":
            await act.tell_of_post("Remove" if entry.is_undone else "Add", target=place.featured_uri)
        case "moderator":
            await act.named()
        case "ban":
            await act.banned()


class _Act(Struct, frozen=True):
    keys: KeyRing
    session: AsyncSession
    entry: Moderated
    group: Group
    place: Actor
    by: Actor
    post: Post | None

    @property
    def _is_public(self) -> bool:
        return self.group.reach is Reach.PUBLIC and (self.post is None or self.post.reach is Reach.PUBLIC)

    def _subject(self, what: str, object_uri: str) -> Subject:
        return Subject(
            rule=RULE,
            object_uri=object_uri,
            what=what,
            by=self.by.handle,
            group_id=self.group.id,
            post_id=self.post.id if self.post is not None else None,
        )

    def _document(self, type: str, object_uri: str, *, uri: str = "", **more: str | bool | None) -> Document:
        """The moderator's activity, as section 12 has it."""
        document: Document = {
            "id": uri or mint(self.session),
            "type": type,
            "actor": self.by.uri,
            "to": [PUBLIC if self._is_public else wrapping.followers_of(self.place)],
            "cc": [self.place.uri],
            "audience": self.place.uri,
            "object": object_uri,
        }
        return document | {name: value for name, value in more.items() if value is not None and value != ""}

    def _taken_back(self, document: Document) -> Document:
        to = [PUBLIC if self._is_public else wrapping.followers_of(self.place)]
        undone = activity.undo(mint(self.session), document, to=to, cc=[self.place.uri])
        return undone | {"audience": self.place.uri}

    async def _tell(self, document: Document, what: str, object_uri: str, inboxes: list[Inbox]) -> None:
        """Inside the group's Announce, under the name of the moderator, who is known there from now on."""
        if not inboxes or not self.by.is_local:
            return
        subject = self._subject(what, object_uri)
        body = await seal(self.session, self.keys, document, self.by)
        await keep_and_queue(self.session, document, body, actor=self.by, inboxes=[], subject=replace(subject, what=""))
        sent = await wrapping.announce(
            self.session,
            self.keys,
            body,
            group=self.place,
            is_public=self._is_public,
            inboxes=inboxes,
            subject=subject,
        )
        await actors.disclose(self.session, self.by.id, hosts_of(sent))

    async def _embedded(self) -> list[Inbox]:
        """Who is told by embedding: all members elsewhere; about a post those who have it in that form (DLV-5)."""
        reach = self.post.reach if self.post is not None else None
        found = await recipients.of_group(self.session, self.group, is_public=self._is_public, reach=reach)
        if self.post is None:
            return list(found.embedded)
        have = await writing.departures(self.session, self.post.id)
        forms = await deliveries.forms_of(self.session, self.post.id)
        known = [one for one in found.embedded if one[0] in have and not have[one[0]].is_copy]
        embedded, _otherwise = wrapping.by_form(known, forms, group_id=self.place.id)
        return embedded

    # Posts

    async def removed(self) -> None:
        post = self.post
        if post is None:
            return
        never = await deliveries.cancel_unsent(self.session, post.uri, _SENT_AS)
        inboxes = [one for one in await self._embedded() if one[0] not in never]
        await self._tell(self._delete(post), "Delete", post.uri, inboxes)
        await copies.withdraw(self.keys, self.session, post, by=self.by.handle)
        for stored in await deliveries.announces_of(self.session, post.id, self.place.id):
            await undo(self.session, self.keys, stored, actor=self.place, subject=self._subject("", post.uri))
        await self._forget(post, never)

    def _delete(self, post: Post) -> Document:
        return self._document("Delete", post.uri, summary=post.removal_reason)

    async def _forget(self, post: Post, never: set[str]) -> None:
        """Whoever never got it, or can only get it anew, is new to it should it be restored."""
        forms = await deliveries.forms_of(self.session, post.id)
        by_id = {("Announce", self.place.id)}
        anew = {inbox for inbox, found in forms.items() if {one for one in found if one[0] in _SENT_AS} == by_id}
        gone = Departure.is_copy | Departure.inbox.in_(list(never | anew))
        await self.session.execute(delete(Departure).where(Departure.post_id == post.id, gone))

    async def restored(self) -> None:
        post = self.post
        if post is None or post.deleted_at is not None:
            return
        await self._tell(self._taken_back(self._delete(post)), "Undo", post.uri, await self._embedded())
        if post.is_local:
            if post.published_revision is not None:
                journal.record(self.session, journal.PostReleased(post.id, post.published_revision))
            return
        author = await self.session.get_one(Actor, post.author_id)
        subject = replace(self._subject("", post.uri), by=author.handle)
        if not self._is_public:
            await copies.speak(self.keys, self.session, post, subject=subject)
        elif post.reply_to_id is None:
            await self._announce_anew(post, author, subject)

    async def _announce_anew(self, post: Post, author: Actor, subject: Subject) -> None:
        found = await recipients.of_group(self.session, self.group, is_public=True)
        have = await writing.departures(self.session, post.id)
        sent = await wrapping.announce_id(
            self.session,
            self.keys,
            post.uri,
            author_uri=author.uri,
            group=self.place,
            inboxes=[one for one in found.by_id if one[0] not in have],
            subject=subject,
        )
        await writing.note_departure(self.session, post.id, sent, post.revision)

    async def tell_of_post(self, type: str, *, target: str | None = None) -> None:
        """About a post that is out: `type`, or that it is taken back."""
        post = self.post
        if post is None or post.deleted_at is not None or (post.is_local and post.published_revision is None):
            return
        document = self._document(type, post.uri, target=target)
        if type == "Lock" and self.entry.is_undone:
            document, type = self._taken_back(document), "Undo"
        await self._tell(document, type, post.uri, await self._embedded())

    # People

    async def named(self) -> None:
        person = await self.session.get(Actor, self.entry.actor_id)
        if person is None:
            return
        type = "Remove" if self.entry.is_undone else "Add"
        inboxes = await self._embedded()
        document = self._document(type, person.uri, target=self.place.moderators_uri or f"{self.place.uri}/moderators")
        await self._tell(document, type, person.uri, inboxes)
        if person.is_local:
            await actors.disclose(self.session, person.id, hosts_of(inboxes))

    async def banned(self) -> None:
        """To the members, and to whoever is concerned, who may be alone at their server."""
        person = await self.session.get(Actor, self.entry.actor_id)
        if person is None:
            return
        concerned = [(person.delivery_inbox, person.host)] if not person.is_local else []
        inboxes = elsewhere(self.session, [*await self._embedded(), *concerned])
        if person.is_local:  # who has not heard of them does not now
            known = await actors.known_at(self.session, person.id)
            inboxes = [one for one in inboxes if one[1] in known or EVERYBODY in known]
        ban = await self._ban(person)
        document = self._document(
            "Block",
            person.uri,
            uri=self.entry.uri if not self.entry.is_undone else "",
            target=self.place.uri,
            summary=ban.reason if ban is not None else None,
            endTime=format_date(ban.ends_at) if ban is not None and ban.ends_at is not None else None,
            removeData=False,
        )
        type = "Block"
        if self.entry.is_undone:
            document, type = self._taken_back(document), "Undo"
        await self._tell(document, type, person.uri, inboxes)

    async def _ban(self, person: Actor) -> Ban | None:
        return await self.session.scalar(select(Ban).where(Ban.group_id == self.group.id, Ban.actor_id == person.id))
