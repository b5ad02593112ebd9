"""What others do in a group of ours, passed on to its members outside: exactly as it came (GEN-5, FEP-1b12)."""

import logging

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import addressing
from federation.keys import KeyRing
from federation.outbox import copies, recipients, wrapping
from federation.outbox.sending import Subject
from federation.vocabulary import Document, host_of, id_of
from models import actors, deliveries, received
from models.journal import DependencyFailed, GroupDistributes
from models.posts import departing, writing
from models.tables import Actor, Group, Post, Reach, Visibility

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(dict[str, object]).decode
_ANY_HOST = ("*",)


async def passes_on(keys: KeyRing, session: AsyncSession, entry: GroupDistributes) -> None:
    """Announce a received activity to the group's members, whoever sent it among them: the echo tells its server.

    A new post that starts a thread in a public group goes to microblogs by its id.
    """
    came = await received.by_id(session, entry.received_id)
    group = await session.get(Group, entry.group_id)
    if came is None or group is None or group.reach is Reach.INTERNAL:
        return
    place = await session.get_one(Actor, group.id)
    post = await departing.by_id(session, entry.post_id)
    if post is not None and post.removed_at is not None and came.type in ("Create", "Update"):
        return  # removed meanwhile (GRP-11)
    try:
        document = _decode(came.body)
    except msgspec.DecodeError:
        log.warning("received activity unreadable", extra={"received_id": came.id})
        return
    reach = post.reach if post is not None else group.reach
    is_public = Reach.PUBLIC is group.reach is reach and _concerns_everybody(came.type, document, post)
    author_uri = came.actor_uri or id_of(document.get("actor")) or ""
    author = await actors.by_uri(session, author_uri)
    subject = Subject(
        rule="reach_public" if group.reach is Reach.PUBLIC else "agreement",
        object_uri=post.uri if post is not None else "",
        what=came.type,
        by=author.handle if author is not None else came.host,
        group_id=group.id,
        post_id=entry.post_id,
    )
    found = await recipients.of_group(session, group, is_public=is_public, reach=reach)
    embedded = found.embedded
    if came.type == "Delete" and post is not None:
        await deliveries.cancel_unsent(session, post.uri, ("Create", "Update", "Announce"))
        forms = await deliveries.forms_of(session, post.id)
        if forms:  # DLV-5: who never got it does not hear of it now
            embedded = tuple(one for one in embedded if one[0] in forms)
    sent = await wrapping.announce(
        session,
        keys,
        came.body,
        group=place,
        is_public=is_public,
        inboxes=embedded,
        subject=subject,
        answers=await _answered(session, came.type, post),
    )
    if came.type not in ("Create", "Update") or post is None or post.deleted_at is not None:
        return
    if not is_public:
        await copies.speak(keys, session, post, subject=subject)
    if came.type == "Update":
        return
    if is_public and post.reply_to_id is None:
        sent += await wrapping.announce_id(
            session,
            keys,
            post.uri,
            author_uri=author_uri,
            group=place,
            inboxes=found.by_id,
            subject=replace(subject, what=""),
        )
    await writing.note_departure(session, post.id, sent, post.revision)


async def by_id_instead(keys: KeyRing, session: AsyncSession, entry: DependencyFailed) -> None:
    """A forum could not get what a group of ours passed on from its author's server: it is told the post's id instead.

    Some forums look up the activity itself, which not every microblog serves; the post it serves to all. Only what is
    for everybody goes by its id (GRP-8). What came from that forum itself is missing there in no case: nobody has to
    look after it.
    """
    failed = await deliveries.by_number(session, entry.activity_id)
    if failed is not None and _is_echo(failed.body, entry.host):
        await deliveries.overlook(session, entry.activity_id, entry.inbox)
    post = await departing.by_id(session, failed.post_id) if failed is not None else None
    group = await session.get(Group, failed.group_id) if failed is not None else None
    if failed is None or failed.type != "Create" or post is None or group is None or failed.actor_id != group.id:
        return
    if post.is_local or post.deleted_at is not None or post.removed_at is not None:
        return
    if group.reach is not Reach.PUBLIC or post.reach is not Reach.PUBLIC:
        return
    if ("Announce", group.id) in (await deliveries.forms_of(session, post.id)).get(entry.inbox, ()):
        return
    author = await session.get_one(Actor, post.author_id)
    await wrapping.announce_id(
        session,
        keys,
        post.uri,
        author_uri=author.uri,
        group=await session.get_one(Actor, group.id),
        inboxes=[(entry.inbox, entry.host)],
        subject=Subject(rule="reach_public", object_uri=post.uri, by=author.handle, group_id=group.id, post_id=post.id),
    )
    await deliveries.overlook(session, entry.activity_id, entry.inbox)


def _is_echo(body: bytes, host: str) -> bool:
    """Whether an Announce of ours holds an activity of somebody at `host`."""
    inner = _decode(body).get("object")
    actor = id_of(inner.get("actor")) if isinstance(inner, dict) else None
    return actor is not None and host_of(actor) == host


async def _answered(session: AsyncSession, type: str, post: Post | None) -> str | None:
    """What a post answers that says so of our copy of it: others than its author's server do not know the copy."""
    if type not in ("Create", "Update") or post is None:
        return None
    parent = await departing.by_id(session, post.reply_to_id)
    return parent.uri if parent is not None and parent.uri != post.reply_to_uri else None


def _concerns_everybody(type: str, document: Document, post: Post | None) -> bool:
    """Whether it is for all: what brings a text says so itself, the rest is as public as the post it is about."""
    if post is None or type in ("Create", "Update"):
        return addressing.parse(document, insecure_hosts=_ANY_HOST).is_public
    return post.visibility in (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.GROUP)
