"""A group that speaks itself (GRP-16).

Some servers show nothing that a group passes on unless all the world may see it. Where an agreement says so, a group
of ours writes to such a server in its own name: a copy of each post that tells who wrote it, under an id of its own.
What people there say to a copy is said to the post.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, String, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import egress, journal, policy
from models.base import new_id, now
from models.instance import instance_of
from models.prepared import find
from models.tables import (
    Activity,
    Actor,
    Agreement,
    Copy,
    Departure,
    Group,
    Membership,
    MemberState,
    Mention,
    Partner,
    PartnerState,
    Post,
    Reach,
    Recipient,
    Revision,
    Visibility,
)
from models.viewers import RemoteViewer


async def hosts(session: AsyncSession, group_id: int) -> set[str]:
    """The servers to which a group of ours speaks itself today."""
    found = await session.scalars(
        select(Partner.host)
        .join(Agreement, Agreement.partner_id == Partner.id)
        .where(Agreement.group_id == group_id, Agreement.sends_copies, Partner.state == PartnerState.ADMITTED)
    )
    return set(found)


async def readers(session: AsyncSession, group_id: int) -> list[str]:
    """The companies whose people read copies, by name."""
    found = await session.scalars(
        select(Partner)
        .join(Agreement, Agreement.partner_id == Partner.id)
        .where(Agreement.group_id == group_id, Agreement.sends_copies, Partner.state == PartnerState.ADMITTED)
    )
    return sorted((partner.shown_name for partner in found), key=str.casefold)


def is_told() -> ColumnElement[bool]:
    """Whether an activity is about a copy and not about the post itself."""
    return exists().where(Copy.post_id == Activity.post_id, Copy.uri == Activity.object_uri)


async def of(session: AsyncSession, post_id: int) -> Copy | None:
    """The copy of a post that lives."""
    return await session.scalar(select(Copy).where(Copy.post_id == post_id, Copy.deleted_at.is_(None)))


async def make(session: AsyncSession, post: Post) -> Copy:
    """The copy of a post in a group of ours, made if there is none."""
    found = await of(session, post.id)
    if found is None:
        assert post.group_id is not None  # noqa: S101 - a group speaks only of what is in it
        found = Copy(id=new_id(), post_id=post.id, group_id=post.group_id, uri=instance_of(session).mint("o"))
        session.add(found)
        await session.flush()
    return found


async def end(session: AsyncSession, post_id: int) -> Copy | None:
    """Let the copy of a post be no more; the one that ended. What ended never lives again."""
    found = await of(session, post_id)
    if found is not None:
        found.deleted_at = now()
        await session.flush()
    return found


async def by_uri(session: AsyncSession, viewer: RemoteViewer, uri: str) -> Copy | None:
    """The copy of that id, if it exists for `viewer`."""
    return await find(session, viewer, _visible_at, uri=uri)


def _visible_at(viewer: RemoteViewer) -> Select[Copy]:
    return policy.visible_copies(viewer).where(Copy.uri == bindparam("uri", type_=String))


async def ended(session: AsyncSession, viewer: RemoteViewer, uri: str) -> Copy | None:
    """A copy that `viewer` was sent and that is no more."""
    got = select(Departure.post_id).where(Departure.host == viewer.host, Departure.is_copy)
    gone = Copy.deleted_at.is_not(None) | Post.deleted_at.is_not(None)
    return await session.scalar(
        select(Copy).join(Post, Post.id == Copy.post_id).where(Copy.uri == uri, gone, Copy.post_id.in_(got))
    )


_CANNOT = (
    "<p>Your server shows nothing that this group passes on, so you cannot take part from there. "
    "If you want to, ask us to have the group send copies to your server.</p>",
    "<p>Dein Server zeigt nichts von dem, was diese Gruppe weitergibt; du kannst von dort aus nicht teilnehmen. "
    "Wenn du es möchtest, bitte uns, dass die Gruppe Kopien an deinen Server schickt.</p>",
)


async def explain(session: AsyncSession, group: Group, hosts: Collection[str]) -> None:
    """Tell members at `hosts` once, in a message of the group, that their servers will show them nothing.

    It passes the gate like every direct message.
    """
    if group.reach is not Reach.PARTNERS or not hosts:
        return
    told = (
        select(Recipient.actor_id)
        .join(Post, Post.id == Recipient.post_id)
        .where(Post.author_id == group.id, Post.visibility == Visibility.DIRECT)
    )
    members = await session.scalars(
        select(Actor)
        .join(Membership, Membership.actor_id == Actor.id)
        .where(
            Membership.group_id == group.id,
            Membership.state == MemberState.MEMBER,
            Membership.host.in_(list(hosts)),
            Actor.deleted_at.is_(None),
            Actor.id.not_in(told),
        )
    )
    for member in members.all():
        await _tell(session, group.id, member, "".join(_CANNOT))


async def _tell(session: AsyncSession, group_id: int, member: Actor, html: str) -> None:
    instance = instance_of(session)
    post_id = new_id()
    post = Post(
        id=post_id,
        uri=instance.mint("o"),
        url=instance.url(f"/posts/{post_id}"),
        author_id=group_id,
        visibility=Visibility.DIRECT,
        reach=Reach.PARTNERS,
        html=html,
        thread_id=post_id,
        context_uri=instance.mint("t"),
    )
    session.add(post)
    await session.flush()
    session.add(Revision(post_id=post_id, number=1, html=html))
    session.add(Mention(post_id=post_id, actor_id=member.id))
    session.add(Recipient(post_id=post_id, actor_id=member.id))
    await session.flush()
    if (await egress.decide(session, post)).answer is egress.Answer.GO:
        post.published_revision = 1
        journal.record(session, journal.PostReleased(post_id, 1))
