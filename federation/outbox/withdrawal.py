"""Taking posts back: whoever ever got one is told, in the form they know it in. This never waits for anybody."""

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox import boosts, copies, wrapping
from federation.outbox.sending import Inbox, Subject, keep_and_queue, mint, seal, send, undo
from federation.vocabulary import PUBLIC, Document
from models import deliveries, tombstones
from models.base import now
from models.journal import PostDeleted
from models.posts import departing, reading, writing
from models.tables import Actor, Group, Post, Reach, Visibility

_SENT_AS = ("Create", "Update", "Announce")
RULE = "withdrawn"


async def deleted(keys: KeyRing, session: AsyncSession, entry: PostDeleted) -> None:
    """Tell those who have the post that it is gone; who never got it does not hear of it now (DLV-5)."""
    post = await departing.by_id(session, entry.post_id)
    if post is None:
        return
    if post.boost_of_id is not None:
        await boosts.withdrawn(keys, session, post, entry.undoes)
        return
    never = await deliveries.cancel_unsent(session, post.uri, _SENT_AS)
    have = await writing.departures(session, post.id)
    author = await session.get_one(Actor, post.author_id)
    await copies.withdraw(keys, session, post, by=author.handle)
    inboxes = [(inbox, one.host) for inbox, one in have.items() if inbox not in never and not one.is_copy]
    if not inboxes:
        return
    place = await session.get_one(Actor, post.group_id) if post.group_id is not None else None
    reach = (await session.get_one(Group, place.id)).reach if place is not None else Reach.PUBLIC
    withdrawal = _Withdrawal(keys, session, post, author=author, place=place, group_reach=reach)
    if place is not None and place.is_local:
        await withdrawal.from_group(place, inboxes)
    elif post.is_local:
        await withdrawal.directly(inboxes)


class _Withdrawal:
    """One post on its way back; `place` is the group it was in, `group_reach` that group's of today."""

    def __init__(
        self,
        keys: KeyRing,
        session: AsyncSession,
        post: Post,
        *,
        author: Actor,
        place: Actor | None,
        group_reach: Reach,
    ) -> None:
        self._keys = keys
        self._session = session
        self._post = post
        self._author = author
        self._place = place
        self._is_closed = group_reach is Reach.INTERNAL
        spread = (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.GROUP)
        self._is_public = post.reach is Reach.PUBLIC and group_reach is Reach.PUBLIC and post.visibility in spread
        self._subject = Subject(
            rule=RULE, object_uri=post.uri, by=author.handle, group_id=post.group_id, post_id=post.id
        )

    async def directly(self, inboxes: list[Inbox]) -> None:
        """The author's Delete to each inbox."""
        document = await self._delete(self._author)
        await send(self._session, self._keys, document, actor=self._author, inboxes=inboxes, subject=self._subject)

    async def from_group(self, place: Actor, inboxes: list[Inbox]) -> None:
        """The group passes the Delete on; who has the post by its id gets the bare one, and the boost is undone."""
        forms = await deliveries.forms_of(self._session, self._post.id)
        embedded, otherwise = wrapping.by_form(inboxes, forms, group_id=place.id)
        if self._is_closed:  # nobody outside follows the group any more, so its word counts for nothing there
            embedded, otherwise = [], list(dict.fromkeys([*embedded, *otherwise]))
        if self._post.is_local:
            await self._delete_within(place, self._author, embedded, otherwise)
        elif not await tombstones.is_buried(self._session, self._post.uri):
            await self._delete_within(place, place, embedded, [])  # GRP-11: the group removes what others wrote
        for stored in await deliveries.announces_of(self._session, self._post.id, place.id):
            await undo(self._session, self._keys, stored, actor=place, subject=self._subject)

    async def _delete_within(self, place: Actor, by: Actor, embedded: list[Inbox], plain: list[Inbox]) -> None:
        if not embedded and not plain:
            return
        document = await self._delete(by)
        body = await seal(self._session, self._keys, document, by)
        await keep_and_queue(self._session, document, body, actor=by, inboxes=plain, subject=self._subject)
        await wrapping.announce(
            self._session,
            self._keys,
            body,
            group=place,
            is_public=self._is_public,
            inboxes=embedded,
            subject=replace(self._subject, what="Delete"),
        )

    async def _delete(self, by: Actor) -> Document:
        to, cc = await self._addressed()
        return activity.delete(
            mint(self._session),
            by.uri,
            self._post.uri,
            to=to,
            cc=cc,
            deleted=self._post.deleted_at or now(),
            audience=self._place.uri if self._place is not None else None,
        )

    async def _addressed(self) -> tuple[list[str], list[str]]:
        """As widely as the post was, for servers that forward or file by it."""
        if self._place is not None:
            followers = wrapping.followers_of(self._place)
            return [self._place.uri, PUBLIC if self._is_public else followers], []
        followers = wrapping.followers_of(self._author)
        if self._is_public:
            return [PUBLIC], [followers]
        if self._post.visibility is Visibility.FOLLOWERS:
            return [followers], []
        people = await reading.recipients(self._session, [self._post.id])
        return [actor.uri for actor in people.get(self._post.id, ()) if actor.id != self._author.id], []
