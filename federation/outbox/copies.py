"""A group that speaks itself to microblogs (GRP-16): copies of what is in it, their changes and their end.

Only what the gate let go is copied; whom the copies go to follows from the agreements of today, and each departure is
asked of the gate and written into the ledger like any other.
"""

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers
from federation.documents import activity
from federation.documents.post.copies import gather_copy, render_copy
from federation.documents.refusals import StaysHere
from federation.keys import KeyRing
from federation.outbox.sending import Inbox, Subject, elsewhere, hosts_of, mint, send
from federation.outbox.wrapping import followers_of
from models import actors, copies, deliveries, egress
from models.base import now
from models.instance import instance_of
from models.journal import Joined
from models.posts import writing
from models.tables import Actor, Dialect, Group, Membership, MemberState, Post

_WITHDRAWN = "withdrawn"


async def speak(keys: KeyRing, session: AsyncSession, post: Post, *, subject: Subject) -> None:
    """Let the group say a post, as it may leave now, to those who read copies; to those who have it, what changed.

    `subject` tells by which rule it leaves and who wrote it.
    """
    group = await session.get(Group, post.group_id) if post.group_id is not None else None
    if group is None:
        return
    members = elsewhere(session, await egress.inboxes_in(session, group, reach=post.reach))
    wanted = await copies.hosts(session, group.id)
    await _explain(session, group, hosts_of(members) - wanted)
    have = await writing.departures(session, post.id)
    fresh = [one for one in members if one[1] in wanted and one[0] not in have]
    fresh = await _without_the_author_alone(session, group, post, fresh)
    known = [one for one in members if one[0] in have and have[one[0]].is_copy]
    if not fresh and not known:
        return
    copy = await copies.make(session, post)
    try:
        spoken = await gather_copy(session, copy)
    except StaysHere:
        return
    number = spoken.revision.number
    outdated = [one for one in known if have[one[0]].revision < number]
    document = render_copy(spoken, instance_of(session))
    about = replace(subject, what="", object_uri=copy.uri, post_id=post.id, revision=number)
    place = spoken.group
    sent = await send(
        session, keys, activity.create(mint(session), document), actor=place, inboxes=fresh, subject=about
    )
    if outdated:
        await deliveries.cancel_unsent(session, copy.uri, ("Update",))  # DLV-5: this one replaces it
        sent += await send(
            session, keys, activity.update(mint(session), document), actor=place, inboxes=outdated, subject=about
        )
    await writing.note_departure(session, post.id, sent, number, is_copy=True)
    if spoken.author.is_local and sent:
        await actors.disclose(session, spoken.author.id, hosts_of(sent))


async def refresh(keys: KeyRing, session: AsyncSession, post: Post, *, subject: Subject) -> None:
    """Tell those who have the copy of a post what hangs on it now: the counts of its poll."""
    copy = await copies.of(session, post.id)
    if copy is None:
        return
    try:
        spoken = await gather_copy(session, copy)
    except StaysHere:
        return
    have = await writing.departures(session, post.id)
    inboxes = [(inbox, one.host) for inbox, one in have.items() if one.is_copy]
    if spoken.poll is None or not inboxes:
        return
    await deliveries.cancel_unsent(session, copy.uri, ("Update",))  # DLV-5: this one replaces it
    document = activity.update(mint(session), render_copy(spoken, instance_of(session)))
    about = replace(subject, what="", object_uri=copy.uri, post_id=post.id, revision=spoken.revision.number)
    await send(session, keys, document, actor=spoken.group, inboxes=inboxes, subject=about)


async def _without_the_author_alone(
    session: AsyncSession, group: Group, post: Post, inboxes: list[Inbox]
) -> list[Inbox]:
    """Nobody is told their own words: an inbox that no other member reads is left out."""
    author = await session.get_one(Actor, post.author_id)
    own = (author.delivery_inbox, author.host)
    if author.is_local or own not in inboxes:
        return inboxes
    others = await session.scalar(
        select(Membership.id)
        .join(Actor, Actor.id == Membership.actor_id)
        .where(
            Membership.group_id == group.id,
            Membership.state == MemberState.MEMBER,
            Membership.host == author.host,
            Membership.actor_id != author.id,
            (Actor.shared_inbox == own[0]) | (Actor.inbox == own[0]),
        )
        .limit(1)
    )
    return inboxes if others is not None else [one for one in inboxes if one != own]


async def withdraw(keys: KeyRing, session: AsyncSession, post: Post, *, by: str) -> None:
    """Delete the copy of a post wherever it went; who never got it does not hear of it now (DLV-5)."""
    copy = await copies.end(session, post.id)
    if copy is None:
        return
    never = await deliveries.cancel_unsent(session, copy.uri, ("Create", "Update"))
    have = await writing.departures(session, post.id)
    inboxes = [(inbox, one.host) for inbox, one in have.items() if one.is_copy and inbox not in never]
    place = await session.get_one(Actor, copy.group_id)
    document = activity.delete(
        mint(session), place.uri, copy.uri, to=[followers_of(place)], cc=[], deleted=copy.deleted_at or now()
    )
    subject = Subject(rule=_WITHDRAWN, object_uri=copy.uri, by=by, group_id=copy.group_id, post_id=post.id)
    await send(session, keys, document, actor=place, inboxes=inboxes, subject=subject)


# Those who would see nothing


async def _explain(session: AsyncSession, group: Group, hosts: set[str]) -> None:
    """Tell members whose servers drop what a group passes on that they see nothing without copies."""
    dialects = await peers.dialects(session, hosts)
    await copies.explain(session, group, [host for host in hosts if dialects[host] is Dialect.MICROBLOG])


async def joined(session: AsyncSession, entry: Joined) -> None:
    """The same as soon as somebody joins, if it is known by then what kind of server it is.

    That is a guess, so it costs a message and never the membership (DISC-14).
    """
    member = await session.get(Membership, entry.membership_id)
    if member is None or not member.host or member.state is not MemberState.MEMBER:
        return
    group = await session.get_one(Group, member.group_id)
    if member.host not in await copies.hosts(session, group.id):
        await _explain(session, group, {member.host})
