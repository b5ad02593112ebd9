"""Posts of ours that may leave: Create for those who do not have them, Update for those who do."""

import logging
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.documents.post import Leaving, gather, render_leaving
from federation.documents.refusals import StaysHere
from federation.keys import KeyRing
from federation.outbox import boosts, copies, quoting, recipients, wrapping
from federation.outbox.sending import Inbox, Subject, hosts_of, keep_and_queue, mint, seal, send
from federation.vocabulary import Document
from models import actors, approvals, deliveries, quotes
from models.instance import instance_of
from models.journal import PostRefreshed, PostReleased
from models.posts import departing, writing
from models.tables import EVERYBODY, Actor, ConsentState, Departure, Group, Reach, Visibility

log = logging.getLogger(__name__)


async def released(keys: KeyRing, session: AsyncSession, entry: PostReleased) -> None:
    """Send the released revision to whom it concerns now: as new, or as a change to those who have an older one."""
    post = await departing.by_id(session, entry.post_id)
    if post is None or not post.is_local or post.deleted_at is not None:
        return
    if post.boost_of_id is not None:
        await boosts.released(keys, session, post)
        return
    try:
        leaving = await gather(session, post)
    except StaysHere as error:  # closed between the release and now
        log.warning("released post stays", extra=error.facts)
        return
    approved_by = await approvals.approver_of(session, post.id, leaving.revision.number)
    subject = Subject(
        rule="gate" if approved_by else _rule(leaving),
        object_uri=post.uri,
        by=leaving.author.username,
        group_id=post.group_id,
        post_id=post.id,
        revision=leaving.revision.number,
        approved_by=approved_by,
    )
    have = await writing.departures(session, post.id)
    if have:
        await deliveries.cancel_unsent(session, post.uri, ("Update",))  # DLV-5: this one replaces it
    release = _Release(keys, session, leaving, subject, have, render_leaving(leaving, instance_of(session)))
    answering = await quotes.answering(session, post) if leaving.parent is not None else None
    if answering is not None and answering.state is not ConsentState.ACCEPTED:
        sent = await release.to_who_is_asked()
    elif leaving.group is not None and leaving.group.is_local:
        sent = await release.through_group(leaving.group)
        if not leaving.is_public:
            await copies.speak(keys, session, post, subject=subject)
    else:
        sent = await release.directly()
    await writing.note_departure(session, post.id, sent, leaving.revision.number)
    await _disclose(session, leaving, hosts_of(sent))
    if leaving.quoted is not None:
        await quoting.ask(keys, session, leaving, release.document)


async def refreshed(keys: KeyRing, session: AsyncSession, entry: PostRefreshed) -> None:
    """Tell those who have a post what hangs on it now: the counts of its poll, whether its quote is allowed.

    Whoever has an older revision gets the one that left, which is on its way to them anyway.
    """
    post = await departing.by_id(session, entry.post_id)
    if post is None or not post.is_local or post.deleted_at is not None or post.published_revision is None:
        return
    have = await writing.departures(session, post.id)
    inboxes = [(inbox, departure.host) for inbox, departure in have.items() if not departure.is_copy]
    if not have:
        return
    try:
        leaving = await gather(session, post)
    except StaysHere:
        return
    subject = Subject(
        rule=_rule(leaving),
        object_uri=post.uri,
        by=leaving.author.username,
        group_id=post.group_id,
        post_id=post.id,
        revision=leaving.revision.number,
    )
    if len(inboxes) < len(have):
        await copies.refresh(keys, session, post, subject=subject)
    if not inboxes:
        return
    await deliveries.cancel_unsent(session, post.uri, ("Update",))  # DLV-5: this one replaces it
    release = _Release(keys, session, leaving, subject, have, render_leaving(leaving, instance_of(session)))
    await release.again(inboxes)


def _rule(leaving: Leaving) -> str:
    if leaving.group is not None:
        if not leaving.group.is_local:
            return "group_elsewhere"
        return "reach_public" if leaving.reach is Reach.PUBLIC else "agreement"
    return "direct" if leaving.post.visibility is Visibility.DIRECT else "public"


async def _disclose(session: AsyncSession, leaving: Leaving, hosts: Iterable[str]) -> None:
    """Who wrote it and whom it names is known now where it went; what is public, everybody may look up."""
    reached = {EVERYBODY} if leaving.is_public else set(hosts)
    if not reached:
        return
    for actor in {actor.id: actor for actor in (leaving.author, *recipients.told(leaving))}.values():
        if actor.is_local:
            await actors.disclose(session, actor.id, reached)


class _Release(Struct, frozen=True):
    """One revision on its way out; `have` says who has which revision already."""

    keys: KeyRing
    session: AsyncSession
    leaving: Leaving
    subject: Subject
    have: Mapping[str, Departure]
    document: Document

    def _fresh(self, inboxes: Iterable[Inbox]) -> list[Inbox]:
        return [one for one in inboxes if one[0] not in self.have]

    def _outdated(self, inboxes: Iterable[Inbox]) -> list[Inbox]:
        number = self.leaving.revision.number
        have = {inbox: departure for inbox, departure in self.have.items() if not departure.is_copy}
        return [one for one in inboxes if one[0] in have and have[one[0]].revision < number]

    async def directly(self) -> list[Inbox]:
        """From the author to each inbox."""
        inboxes = await recipients.of_post(self.session, self.leaving)
        fresh = await self._say(activity.create(mint(self.session), self.document), self._fresh(inboxes))
        return fresh + await self._say(activity.update(mint(self.session), self.document), self._outdated(inboxes))

    async def _say(self, document: Document, inboxes: list[Inbox]) -> list[Inbox]:
        return await send(
            self.session,
            self.keys,
            document,
            actor=self.leaving.author,
            inboxes=inboxes,
            subject=self.subject,
        )

    async def through_group(self, place: Actor) -> list[Inbox]:
        """From the group of ours that the post is in, to each host in the form it understands (GRP-8, GRP-8a)."""
        group = await self.session.get_one(Group, place.id)
        found = await recipients.of_group(
            self.session, group, is_public=self.leaving.is_public, reach=self.leaving.reach
        )
        is_answer = self.leaving.post.reply_to_id is not None
        by_id = () if is_answer else found.by_id
        # by its id alone an answer does not come, and whom a thread names is not told: there its author says so too
        reached = [one for one in found.embedded if one not in found.by_id]
        named = await recipients.of_named(self.session, self.leaving, reached)
        sent = await self._create(place, self._fresh(found.embedded), self._fresh(by_id), self._fresh(named))
        return sent + await self._update(place, self._outdated([*found.embedded, *by_id, *named]))

    async def to_who_is_asked(self) -> list[Inbox]:
        """To the author of what it answers alone, who has to agree before anybody else gets it (POL-3)."""
        author = self.leaving.parent_author
        if author is None or author.is_local:
            return []
        fresh = self._fresh([(author.delivery_inbox, author.host)])
        return await self._say(activity.create(mint(self.session), self.document), fresh)

    async def again(self, inboxes: list[Inbox]) -> list[Inbox]:
        """The same revision as an Update to those who have it, in the form they have it in."""
        place = self.leaving.group
        if place is not None and place.is_local:
            return await self._update(place, inboxes)
        return await self._say(activity.update(mint(self.session), self.document), inboxes)

    async def _create(self, place: Actor, embedded: list[Inbox], by_id: list[Inbox], named: list[Inbox]) -> list[Inbox]:
        sent = await self._say_within(place, activity.create(mint(self.session), self.document), embedded, named)
        return sent + await wrapping.announce_id(
            self.session,
            self.keys,
            self.leaving.post.uri,
            author_uri=self.leaving.author.uri,
            group=place,
            inboxes=by_id,
            subject=self.subject,
        )

    async def _update(self, place: Actor, inboxes: list[Inbox]) -> list[Inbox]:
        """In the form each has it in: what came by id gets the author's own Update (GRP-8b)."""
        forms = await deliveries.forms_of(self.session, self.leaving.post.id)
        embedded, plain = wrapping.by_form(inboxes, forms, group_id=place.id)
        return await self._say_within(place, activity.update(mint(self.session), self.document), embedded, plain)

    async def _say_within(
        self, place: Actor, document: Document, embedded: list[Inbox], plain: list[Inbox]
    ) -> list[Inbox]:
        """One activity of the author, to some as it is, to others inside the group's Announce."""
        if not embedded and not plain:
            return []
        body = await seal(self.session, self.keys, document, self.leaving.author)
        sent = await keep_and_queue(
            self.session, document, body, actor=self.leaving.author, inboxes=plain, subject=self.subject
        )
        return sent + await wrapping.announce(
            self.session,
            self.keys,
            body,
            group=place,
            is_public=self.leaving.is_public,
            inboxes=embedded,
            subject=replace(self.subject, what=str(document["type"])),
        )
