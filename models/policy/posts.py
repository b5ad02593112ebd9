"""Which posts somebody may read, and what else hangs on that: activities, copies, what was withdrawn, reports."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, false, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.base import sifts
from models.policy.groups import groups_kept_by, groups_of_reach, groups_read_by, groups_shared_with
from models.policy.people import is_apart, is_not_blocked, visible_actors
from models.prepared import find
from models.tables import (
    Activity,
    Actor,
    Agreement,
    Copy,
    Delivery,
    Departure,
    Follow,
    Like,
    MemberRole,
    Membership,
    MemberState,
    Post,
    Reach,
    Recipient,
    Report,
    Visibility,
)
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer, Staff, Viewer

_OPEN_TO_ALL = (Visibility.PUBLIC, Visibility.UNLISTED)
_TAKE_BACK = ("Delete", "Reject", "Undo")
# made once: an alias adapts each of its columns when first asked for it, and that is dearer than any query here
_BOOSTED = aliased(Post)
_FOLLOWER = aliased(Actor)
_RECIPIENT = aliased(Actor)
_HOME = aliased(Actor)
_NEWER = aliased(Activity)


def visible_posts(viewer: Viewer) -> Select[Post]:
    """The posts that exist for `viewer`, boosts only with what they boost."""
    return select(Post).where(sees_post(viewer))


async def visible_post(session: AsyncSession, viewer: Viewer, post_id: int) -> Post | None:
    """The post with that id, if it exists for `viewer`."""
    return await find(session, viewer, _visible_post, post_id=post_id)


def _visible_post(viewer: Viewer) -> Select[Post]:
    return visible_posts(viewer).where(Post.id == bindparam("post_id", type_=BigInteger))


async def may_see(session: AsyncSession, viewer: Viewer, post_id: int) -> bool:
    """Whether the post with that id exists for `viewer`."""
    return await find(session, viewer, _visible_id, post_id=post_id) is not None


def _visible_id(viewer: Viewer) -> Select[int]:
    return _visible_post(viewer).with_only_columns(Post.id)


def sees_like(viewer: Viewer) -> ColumnElement[bool]:
    """Whether `viewer` is told of a `Like`, if only by a number: outside, of colleagues' none, for how many read in the
    house concerns nobody there."""
    if isinstance(viewer, Staff):
        return true()
    return Like.actor_id.in_(select(Actor.id).where(Actor.host != ""))


def sees_post(viewer: Viewer, post: Any = Post) -> ColumnElement[bool]:
    """The same as a condition on `post`, which may be an alias."""
    return and_(
        post.deleted_at.is_(None),
        _is_left_there(viewer, post),
        sifts(_reads_post(viewer, post)),
        or_(
            post.boost_of_id.is_(None),
            exists().where(
                _BOOSTED.id == post.boost_of_id,
                _BOOSTED.deleted_at.is_(None),
                _is_left_there(viewer, _BOOSTED),
                _reads_post(viewer, _BOOSTED),
            ),
        ),
    )


def _is_left_there(viewer: Viewer, post: Any) -> ColumnElement[bool]:
    """GRP-11: what was removed from a group is for its author and for those who keep the group in order."""
    left: ColumnElement[bool] = post.removed_at.is_(None)
    if not isinstance(viewer, Staff):
        return left
    if viewer.is_admin:
        return true()
    return or_(left, post.author_id == viewer.actor_id, post.group_id.in_(groups_kept_by(viewer.actor_id)))


def knew_posts(staff: Staff) -> Select[Post]:
    """Posts that `staff` could read while they lived or were left in their group: their clients are to drop them."""
    is_gone = or_(Post.deleted_at.is_not(None), not_(_is_left_there(staff, Post)))
    return select(Post).where(is_gone, _reads_post(staff, Post))


def _reads_post(viewer: Viewer, post: Any) -> ColumnElement[bool]:
    match viewer:
        case Staff():
            reads = or_(
                post.author_id == viewer.actor_id,
                post.visibility == Visibility.COMPANY,
                post.visibility.in_(_OPEN_TO_ALL),
                and_(post.visibility == Visibility.GROUP, post.group_id.in_(groups_read_by(viewer))),
                and_(
                    post.visibility.in_((Visibility.DIRECT, Visibility.FOLLOWERS)),
                    exists().where(Recipient.post_id == post.id, Recipient.actor_id == viewer.actor_id),
                ),
            )
            return and_(reads, or_(~is_apart(viewer.actor_id, post.author_id), _answers_for(viewer, post)))
        case RemoteViewer():
            if not viewer.is_admitted:
                return false()
            return and_(_has_left(post), is_not_blocked(viewer, post.author_id), or_(*_reads_from(viewer, post)))
        case Anonymous():
            return and_(_has_left(post), _is_public(post))


def _answers_for(staff: Staff, post: Any) -> ColumnElement[bool]:
    """Whether `staff` judges what is posted there, which no block may keep from them."""
    if staff.is_admin or staff.is_gatekeeper:
        there: ColumnElement[bool] = post.group_id.is_not(None)
        return there
    judged = select(Membership.group_id).where(
        Membership.actor_id == staff.actor_id,
        Membership.state == MemberState.MEMBER,
        Membership.role != MemberRole.MEMBER,
    )
    return and_(post.group_id.is_not(None), post.group_id.in_(judged))


def _is_public(post: Any) -> ColumnElement[bool]:
    return or_(
        post.visibility.in_(_OPEN_TO_ALL),
        and_(
            post.visibility == Visibility.GROUP,
            post.reach == Reach.PUBLIC,
            post.group_id.in_(groups_of_reach(Reach.PUBLIC)),
        ),
    )


def _has_left(post: Any) -> ColumnElement[bool]:
    return and_(post.is_local, post.published_revision.is_not(None), post.reach != Reach.INTERNAL)


def _reads_from(viewer: RemoteViewer, post: Any) -> list[ColumnElement[bool]]:
    return [
        post.visibility.in_(_OPEN_TO_ALL),
        and_(
            post.visibility == Visibility.GROUP,
            or_(
                and_(post.reach == Reach.PUBLIC, post.group_id.in_(groups_of_reach(Reach.PUBLIC))),
                post.group_id.in_(groups_shared_with(viewer.host)),
                exists().where(_HOME.id == post.group_id, _HOME.host == viewer.host),
            ),
        ),
        and_(
            post.visibility == Visibility.FOLLOWERS,
            exists().where(
                Follow.followee_id == post.author_id,
                Follow.accepted_at.is_not(None),
                Follow.follower_id == _FOLLOWER.id,
                _FOLLOWER.host == viewer.host,
            ),
        ),
        and_(
            post.visibility == Visibility.DIRECT,
            exists().where(
                Recipient.post_id == post.id, Recipient.actor_id == _RECIPIENT.id, _RECIPIENT.host == viewer.host
            ),
        ),
    ]


def nameable_posts(viewer: RemoteViewer | Anonymous) -> Select[Post]:
    """The posts whose ids our collections tell `viewer`: what it sees, and what others sent to where it may read."""
    came_in = and_(
        Post.is_local.is_(False),
        Post.boost_of_id.is_(None),
        Post.deleted_at.is_(None),
        Post.removed_at.is_(None),
        Post.visibility.in_((*_OPEN_TO_ALL, Visibility.GROUP)),
    )
    if isinstance(viewer, Anonymous):
        return select(Post).where(or_(sees_post(viewer), and_(came_in, _is_public(Post))))
    if not viewer.is_admitted:
        return select(Post).where(false())
    return select(Post).where(or_(sees_post(viewer), and_(came_in, or_(*_reads_from(viewer, Post)))))


async def is_for_everybody(session: AsyncSession, post_id: int) -> bool:
    """Whether everybody outside may know a post of ours or of others, be it one person's or a public group's."""
    return await find(session, ANONYMOUS, _nameable_id, post_id=post_id) is not None


def _nameable_id(viewer: RemoteViewer | Anonymous) -> Select[int]:
    return nameable_posts(viewer).where(Post.id == bindparam("post_id", type_=BigInteger)).with_only_columns(Post.id)


def visible_activities(viewer: RemoteViewer | Anonymous) -> Select[Activity]:
    """The activities of ours that `viewer` may look up by their id (GEN-1).

    What an activity says of a post is shown as long as the post is, and an older version only to those who were sent
    it; what is about no post, to those who were sent it, as long as they may know its actor. That something was taken
    back is for all who had it.
    """
    got: ColumnElement[bool] = false()
    if isinstance(viewer, RemoteViewer):
        if not viewer.is_admitted:
            return select(Activity).where(false())
        got = exists().where(Delivery.activity_id == Activity.id, Delivery.host == viewer.host)
    is_old = exists().where(_NEWER.post_id == Activity.post_id, _NEWER.type == "Update", _NEWER.id > Activity.id)
    nameable = nameable_posts(viewer).with_only_columns(Post.id)
    withdrawn = withdrawn_posts(viewer).with_only_columns(Post.id)
    known = visible_actors(viewer).with_only_columns(Actor.id)
    return select(Activity).where(
        or_(
            and_(Activity.post_id.is_(None), got, or_(Activity.actor_id.in_(known), Activity.type.in_(_TAKE_BACK))),
            and_(Activity.post_id.in_(nameable), or_(got, ~is_old)),
            and_(Activity.post_id.in_(withdrawn), Activity.type.in_(_TAKE_BACK)),
        )
    )


def withdrawn_posts(viewer: Viewer) -> Select[Post]:
    """Deleted posts whose absence `viewer` may know, because they had been there: answered with a tombstone."""
    gone = select(Post).where(Post.deleted_at.is_not(None), Post.is_local, Post.reach != Reach.INTERNAL)
    if isinstance(viewer, RemoteViewer):
        return gone.where(exists().where(Departure.post_id == Post.id, Departure.host == viewer.host))
    if isinstance(viewer, Anonymous):
        was_public = and_(Post.published_revision.is_not(None), Post.reach == Reach.PUBLIC)
        return gone.where(was_public)
    return gone.where(false())


def visible_copies(viewer: RemoteViewer) -> Select[Copy]:
    """The copies that a group of ours speaks to `viewer` (GRP-16), as long as it may read the post behind each."""
    posts = nameable_posts(viewer).with_only_columns(Post.id)
    groups = groups_shared_with(viewer.host).where(Agreement.sends_copies)
    return select(Copy).where(Copy.deleted_at.is_(None), Copy.post_id.in_(posts), Copy.group_id.in_(groups))


def visible_reports(staff: Staff) -> Select[Report]:
    """The reports that `staff` deals with: all for admins, those to a group for who keeps it; none about oneself."""
    kept = true() if staff.is_admin else Report.group_id.in_(groups_kept_by(staff.actor_id))
    return select(Report).where(kept, Report.about_id != staff.actor_id)
