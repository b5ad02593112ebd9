"""What somebody wants to post, checked: its text rendered, its names looked up, its place and reach found."""

from collections.abc import Sequence

from msgspec import Struct, field
from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models import actors, policy
from models.errors import Invalid, NotAllowed, NotFound
from models.groups import NotAMember
from models.instance import instance_of
from models.interactions import QuotePolicy
from models.polls.asking import PollDraft
from models.tables import (
    Actor,
    ActorType,
    Attachment,
    Group,
    Media,
    MediaState,
    Membership,
    MemberState,
    Post,
    Reach,
    ScheduledFile,
    Visibility,
)
from models.text import length
from models.text.clean import clean_line, clean_text
from models.text.markdown import Mention, Rendered, find_mentions, render
from models.viewers import Staff

TITLE_LIMIT = 200
WARNING_LIMIT = 500
DESCRIPTION_LIMIT = 1500


class Empty(Invalid):
    """There is nothing in this post yet: write something or add a picture."""

    code = "empty_post"


class TooLong(Invalid):
    """This text is too long."""

    code = "too_long"


class TooManyFiles(Invalid):
    """A post takes fewer pictures than that."""

    code = "too_many_files"


class UnknownFile(Invalid):
    """A file of this post is not there any more, or is in another post: upload it again."""

    code = "media_not_found"


class FileNotReady(Invalid):
    """A file of this post is still being processed: try again in a moment."""

    code = "media_not_ready"


class FileUnusable(Invalid):
    """A file of this post could not be processed: leave it out, or upload another."""

    code = "media_unusable"


class OutsiderMentioned(Invalid):
    """This post stays in the house: people outside whom it names will not see it, nor be told."""

    code = "outsider_mentioned"


class ThreadLocked(NotAllowed):
    """This conversation was closed: nobody answers in it any more."""

    code = "thread_locked"


class CannotLeaveHere(Invalid):
    """Posts for everybody are not possible here: post for the company, or in a group that is public."""

    code = "cannot_leave_here"


class OpenedSince(NotAllowed):
    """More people would read this post now than when you wrote it: choose another time if they may, or delete it."""

    code = "opened_since"


class Draft(Struct, frozen=True, kw_only=True):
    """What a form or a client sent. `describes` maps a file's id to its alternative text,
    `focuses` to the point of it that must stay visible.

    `keeps_poll`: an edit that is not about the poll. `quoting` says who may quote it; an edit changes neither that nor
    what it quotes. `at_most` is how far it went when it was written, for what is posted later.
    """

    text: str
    title: str = ""
    group_id: int | None = None
    visibility: Visibility = Visibility.COMPANY
    reply_to_id: int | None = None
    warning: str = ""
    is_sensitive: bool = False
    language: str | None = None
    media_ids: Sequence[int] = ()
    describes: dict[int, str] = field(default_factory=dict)
    focuses: dict[int, tuple[float, float]] = field(default_factory=dict)
    application_id: int | None = None
    names_outsiders: bool = False
    poll: PollDraft | None = None
    keeps_poll: bool = False
    quote_of_id: int | None = None
    quoting: QuotePolicy | None = None
    at_most: Reach | None = None


class Checked(Struct, frozen=True, kw_only=True):
    """A draft that may become a post."""

    source: str
    title: str
    warning: str
    rendered: Rendered
    named: tuple[Actor, ...]
    media: tuple[Media, ...]


async def check_text(session: AsyncSession, draft: Draft, *, by: Staff, post_id: int | None = None) -> Checked:
    """Clean and render the words, look up whom they name and the files.

    Raises:
        Empty, TooLong, TooManyFiles. UnknownFile.
    """
    instance = instance_of(session)
    source = _clean(draft.text, "text", instance.max_characters * 4)
    title = _clean(draft.title, "title", TITLE_LIMIT, line=True)
    warning = _clean(draft.warning, "warning", WARNING_LIMIT, line=True)
    if length.count(source, warning=warning) > instance.max_characters:
        raise TooLong(field="text", limit=instance.max_characters)
    if not source.strip() and not draft.media_ids:
        raise Empty(field="text")
    if len(draft.media_ids) > instance.max_attachments:
        raise TooManyFiles(field="media", limit=instance.max_attachments)
    media = await _files(session, draft, by=by, post_id=post_id)
    known = await actors.by_handles(session, find_mentions(source))
    links = {handle: Mention(url=actor.url, handle=handle) for handle, actor in known.items()}
    rendered = render(source, mentions=links, tag_url=lambda tag: instance.url(f"/tags/{tag}"))
    named = tuple({known[handle].id: known[handle] for handle in rendered.mentions if handle in known}.values())
    return Checked(source=source, title=title, warning=warning, rendered=rendered, named=named, media=media)


def _clean(value: str, name: str, limit: int, *, line: bool = False) -> str:
    if len(value) > limit:
        raise TooLong(field=name, limit=limit)
    return clean_line(value, limit=limit) if line else clean_text(value, limit=limit)


async def _files(session: AsyncSession, draft: Draft, *, by: Staff, post_id: int | None) -> tuple[Media, ...]:
    if not draft.media_ids:
        return ()
    wanted = list(dict.fromkeys(draft.media_ids))
    found = await session.scalars(
        select(Media).where(Media.id.in_(wanted), Media.actor_id == by.actor_id, Media.deleted_at.is_(None))
    )
    own = {media.id: media for media in found}
    used = set(
        await session.scalars(
            union_all(
                select(Attachment.media_id)
                .join(Post, Post.id == Attachment.post_id)
                .where(
                    Attachment.media_id.in_(wanted), Attachment.post_id != (post_id or 0), Post.deleted_at.is_(None)
                ),
                select(ScheduledFile.media_id).where(ScheduledFile.media_id.in_(wanted)),
            )
        )
    )
    for media_id in wanted:
        if media_id not in own or media_id in used:
            raise UnknownFile(media_id=media_id, field="media")
        if own[media_id].state is not MediaState.READY:
            refusal = FileNotReady if own[media_id].state is MediaState.WAITING else FileUnusable
            raise refusal(media_id=media_id, field="media")
        if media_id in draft.describes:
            own[media_id].description = _clean(draft.describes[media_id], "description", DESCRIPTION_LIMIT)
        if media_id in draft.focuses:
            own[media_id].focus_x, own[media_id].focus_y = draft.focuses[media_id]
    return tuple(own[media_id] for media_id in wanted)


class Place(Struct, frozen=True, kw_only=True):
    """Where a post goes: its group or none, for whom, how far, and what it answers."""

    visibility: Visibility
    reach: Reach
    group: Group | None = None
    parent: Post | None = None
    recipients: tuple[int, ...] = ()


async def find_place(session: AsyncSession, draft: Draft, checked: Checked, *, by: Staff) -> Place:
    """Find the group and reach. A reply stays where its parent is (R-72); naming a group of one's own posts into it.

    Raises:
        NotFound: a parent or group that `by` may not see. NotAMember. OutsiderMentioned. CannotLeaveHere. OpenedSince.
    """
    if draft.reply_to_id is not None:
        place = await _beside(session, draft, checked, by=by)
    else:
        group = await _group(session, draft, checked, by=by)
        place = await _at_top(session, draft, checked, group, by=by)
    if draft.at_most is not None and place.reach.narrowed(draft.at_most) is not place.reach:
        raise OpenedSince(group_id=place.group.id if place.group else None)
    await _refuse_outsiders(session, draft, checked, place)
    return place


async def _beside(session: AsyncSession, draft: Draft, checked: Checked, *, by: Staff) -> Place:
    parent = await session.scalar(
        policy.visible_posts(by).where(Post.id == draft.reply_to_id).options(selectinload(Post.author))
    )
    if parent is None:
        raise NotFound(post_id=draft.reply_to_id, field="reply_to")
    if parent.boost_of_id is not None:
        parent = await session.get_one(Post, parent.boost_of_id, options=[selectinload(Post.author)])
    if parent.group_id is not None:
        group = await session.get_one(Group, parent.group_id)
        await _must_post(session, by, group)
        if parent.removed_at is not None:
            raise NotFound(post_id=draft.reply_to_id, field="reply_to")
        if not await policy.may_answer_in(session, by.actor_id, parent):
            raise ThreadLocked(post_id=parent.id, field="text")
        return Place(visibility=Visibility.GROUP, reach=parent.reach.narrowed(group.reach), group=group, parent=parent)
    if parent.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS):
        people = tuple({by.actor_id, parent.author_id, *(actor.id for actor in checked.named)})
        return Place(visibility=Visibility.DIRECT, reach=Reach.PARTNERS, parent=parent, recipients=people)
    if parent.visibility is Visibility.COMPANY:
        return Place(visibility=Visibility.COMPANY, reach=Reach.INTERNAL, parent=parent)
    alone = await _at_top(session, draft, checked, None, by=by)
    return Place(visibility=alone.visibility, reach=alone.reach, parent=parent, recipients=alone.recipients)


async def _group(session: AsyncSession, draft: Draft, checked: Checked, *, by: Staff) -> Group | None:
    if draft.group_id is not None:
        group = await session.scalar(policy.visible_groups(by).where(Group.id == draft.group_id))
        if group is None:
            raise NotFound(group_id=draft.group_id, field="group")
        await _must_post(session, by, group)
        return group
    for actor in checked.named:
        if actor.type is ActorType.GROUP and draft.visibility is not Visibility.DIRECT:
            group = await session.get(Group, actor.id)
            if group is None:  # elsewhere, and nobody of ours ever asked to join it
                raise NotAMember(group_id=actor.id, field="group")
            await _must_post(session, by, group)
            return group
    return None


async def _must_post(session: AsyncSession, by: Staff, group: Group) -> None:
    if not await policy.may_post(session, by, group):
        raise NotAMember(group_id=group.id, field="group")


async def _at_top(session: AsyncSession, draft: Draft, checked: Checked, group: Group | None, *, by: Staff) -> Place:
    if group is not None:
        return Place(visibility=Visibility.GROUP, reach=group.reach, group=group)
    if draft.visibility is Visibility.DIRECT:
        people = tuple({by.actor_id, *(actor.id for actor in checked.named if actor.type is not ActorType.GROUP)})
        return Place(visibility=Visibility.DIRECT, reach=Reach.PARTNERS, recipients=people)
    if draft.visibility in (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS):
        if not instance_of(session).clients_public_leaves:
            raise CannotLeaveHere(field="visibility")
        return Place(visibility=draft.visibility, reach=Reach.PUBLIC)
    return Place(visibility=Visibility.COMPANY, reach=Reach.INTERNAL)


async def _refuse_outsiders(session: AsyncSession, draft: Draft, checked: Checked, place: Place) -> None:
    """L12: naming somebody who will not see the post is said before it is sent, once agreed to it is just a name."""
    outside = [actor for actor in checked.named if not actor.is_local and actor.type is not ActorType.GROUP]
    if not outside or draft.names_outsiders or place.visibility in (Visibility.DIRECT, Visibility.FOLLOWERS):
        return
    if place.visibility in (Visibility.PUBLIC, Visibility.UNLISTED) or _is_public(place):
        return
    readers: set[int] = set()
    if place.group is not None and place.reach is not Reach.INTERNAL:
        readers = set(
            await session.scalars(
                select(Membership.actor_id).where(
                    Membership.group_id == place.group.id,
                    Membership.state == MemberState.MEMBER,
                    Membership.actor_id.in_([actor.id for actor in outside]),
                )
            )
        )
        home = await session.get_one(Actor, place.group.id)
        readers |= {actor.id for actor in outside if actor.host == home.host}
    blind = [actor.handle for actor in outside if actor.id not in readers]
    if blind:
        raise OutsiderMentioned(field="text", people=blind)


def _is_public(place: Place) -> bool:
    return place.group is not None and place.reach is Reach.PUBLIC
