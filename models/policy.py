"""Every access rule of the house, as SQL, once.

`visible_…(viewer)` are the statements that every list and every look-up begins with: what they leave out does not
exist for that viewer. `may_…` answer whether somebody may do something to what they see. Caches may hold what is
the same for all; whether a viewer may have it is asked here each time.

What leaves is only a post's `published_revision` (null until the gate let one through), and reach narrows from both
sides: the post's own, fixed when it was written, and its group's of today.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import interactions
from models.base import now
from models.instance import Mode, instance_of
from models.interactions import Asker, Interaction, NotPermitted, Verdict
from models.tables import (
    EVERYBODY,
    Access,
    Activity,
    Actor,
    ActorType,
    Agreement,
    Attachment,
    Ban,
    Block,
    Copy,
    Delivery,
    Departure,
    Disclosure,
    Follow,
    Group,
    Introduction,
    Level,
    Like,
    Media,
    MemberRole,
    Membership,
    MemberState,
    Mention,
    Partner,
    PartnerState,
    Post,
    Reach,
    Recipient,
    Report,
    Visibility,
)
from models.viewers import ANONYMOUS, Anonymous, RemoteViewer, Staff, Viewer

_OPEN_TO_ALL = (Visibility.PUBLIC, Visibility.UNLISTED)
_REACHES = (Reach.INTERNAL, Reach.PARTNERS, Reach.PUBLIC)
_TAKE_BACK = ("Delete", "Reject", "Undo")
_LEVELS = {Level.READ: 0, Level.COMMENT: 1, Level.POST: 2}

# made once: an alias adapts each of its columns when first asked for it, and that is dearer than any query here
_BOOSTED = aliased(Post)
_FOLLOWER = aliased(Actor)
_RECIPIENT = aliased(Actor)
_HOME = aliased(Actor)
_PROFILE = aliased(Actor)
_NEWER = aliased(Activity)


# Posts


def visible_posts(viewer: Viewer) -> Select[Post]:
    """The posts that exist for `viewer`, boosts only with what they boost."""
    return select(Post).where(sees_post(viewer))


def sees_post(viewer: Viewer, post: Any = Post) -> ColumnElement[bool]:
    """The same as a condition on `post`, which may be an alias."""
    return and_(
        post.deleted_at.is_(None),
        _is_left_there(viewer, post),
        _reads_post(viewer, post),
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
    return or_(left, post.author_id == viewer.actor_id, post.group_id.in_(_groups_kept_by(viewer.actor_id)))


def _groups_kept_by(actor_id: int) -> Select[int]:
    return select(Membership.group_id).where(
        Membership.actor_id == actor_id,
        Membership.state == MemberState.MEMBER,
        Membership.role.in_((MemberRole.OWNER, MemberRole.MODERATOR)),
    )


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
                and_(post.visibility == Visibility.GROUP, post.group_id.in_(_groups_read_by(viewer))),
                and_(
                    post.visibility.in_((Visibility.DIRECT, Visibility.FOLLOWERS)),
                    exists().where(Recipient.post_id == post.id, Recipient.actor_id == viewer.actor_id),
                ),
            )
            return and_(reads, or_(~is_apart(viewer.actor_id, post.author_id), _answers_for(viewer, post)))
        case RemoteViewer():
            if not viewer.is_admitted:
                return false()
            return and_(_has_left(post), _is_not_blocked(viewer, post.author_id), or_(*_reads_from(viewer, post)))
        case Anonymous():
            return and_(_has_left(post), _is_public(post))


def is_apart(actor_id: Any, other_id: Any) -> ColumnElement[bool]:
    """R-79: whether one of two people blocks the other: neither reads the other's posts, neither is told of them."""
    return or_(
        other_id.in_(select(Block.target_id).where(Block.actor_id == actor_id)),
        other_id.in_(select(Block.actor_id).where(Block.target_id == actor_id)),
    )


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


def _is_not_blocked(viewer: RemoteViewer, author_id: Any) -> ColumnElement[bool]:
    """R-79: somebody elsewhere whom one of ours blocks gets nothing of theirs, as far as it is known who asks."""
    if viewer.actor_id is None:
        return true()
    free: ColumnElement[bool] = author_id.not_in(select(Block.actor_id).where(Block.target_id == viewer.actor_id))
    return free


def _is_public(post: Any) -> ColumnElement[bool]:
    return or_(
        post.visibility.in_(_OPEN_TO_ALL),
        and_(
            post.visibility == Visibility.GROUP,
            post.reach == Reach.PUBLIC,
            post.group_id.in_(_groups_of_reach(Reach.PUBLIC)),
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
                and_(post.reach == Reach.PUBLIC, post.group_id.in_(_groups_of_reach(Reach.PUBLIC))),
                post.group_id.in_(_groups_shared_with(viewer.host)),
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
    groups = _groups_shared_with(viewer.host).where(Agreement.sends_copies)
    return select(Copy).where(Copy.deleted_at.is_(None), Copy.post_id.in_(posts), Copy.group_id.in_(groups))


# Groups


def visible_groups(viewer: Viewer) -> Select[Group]:
    """The groups `viewer` may know of. Colleagues know of closed ones too; reading them is another question."""
    groups = select(Group).join(Actor, Actor.id == Group.id).where(Actor.deleted_at.is_(None))
    match viewer:
        case Staff():
            return groups
        case RemoteViewer():
            shared = Group.id.in_(_groups_listed_for(viewer.host))
            everyone = and_(Group.reach == Reach.PUBLIC, Actor.host == "")
            return groups.where(or_(everyone, shared) if viewer.is_admitted else false())
        case Anonymous():
            return groups.where(Group.reach == Reach.PUBLIC, Actor.host == "")


def readable_groups(viewer: Viewer) -> Select[Group]:
    """The groups whose posts `viewer` may read."""
    if isinstance(viewer, Staff):
        return visible_groups(viewer).where(Group.id.in_(_groups_read_by(viewer)))
    if isinstance(viewer, RemoteViewer):
        return visible_groups(viewer).where(
            or_(Group.reach == Reach.PUBLIC, Group.id.in_(_groups_shared_with(viewer.host)))
        )
    return visible_groups(viewer)


def _groups_read_by(staff: Staff) -> Select[int]:
    own = select(Membership.group_id).where(
        Membership.actor_id == staff.actor_id, Membership.state == MemberState.MEMBER
    )
    # who must judge what leaves a group reads it
    gates = Group.is_gated if staff.is_gatekeeper else false()
    return select(Group.id).where(or_(Group.access == Access.OPEN, Group.id.in_(own), gates))


def _groups_of_reach(reach: Reach) -> Select[int]:
    return select(Group.id).where(Group.reach == reach)


def _groups_listed_for(host: str) -> Select[int]:
    """Groups of ours that an agreement names for the company at `host`."""
    return (
        select(Agreement.group_id)
        .join(Partner, Partner.id == Agreement.partner_id)
        .join(Group, Group.id == Agreement.group_id)
        .where(Partner.host == host, Partner.state == PartnerState.ADMITTED, Group.reach != Reach.INTERNAL)
    )


def _groups_shared_with(host: str) -> Select[int]:
    """Those of them in which the company has a member already: before that there is nothing to read (SIG-33)."""
    member = exists().where(
        Membership.group_id == Agreement.group_id, Membership.host == host, Membership.state == MemberState.MEMBER
    )
    return _groups_listed_for(host).where(member)


# People, media


def visible_actors(viewer: Viewer) -> Select[Actor]:
    """The people and groups that exist for `viewer`. Staff are unknown outside until something of theirs left."""
    actors = select(Actor).where(Actor.deleted_at.is_(None))
    if isinstance(viewer, Staff):
        return actors.where(Actor.type != ActorType.APPLICATION, or_(~Actor.is_introduced, _is_met_in_group(viewer)))
    hosts = (EVERYBODY, viewer.host) if isinstance(viewer, RemoteViewer) else (EVERYBODY,)
    if isinstance(viewer, RemoteViewer) and not viewer.is_admitted:
        return actors.where(false())
    people: ColumnElement[bool] = exists().where(Disclosure.actor_id == Actor.id, Disclosure.host.in_(hosts))
    if isinstance(viewer, RemoteViewer):
        people = and_(people, _is_not_blocked(viewer, Actor.id))
    groups = Actor.id.in_(visible_groups(viewer).with_only_columns(Group.id))
    return actors.where(
        Actor.host == "", or_(and_(Actor.type == ActorType.GROUP, groups), and_(Actor.type != ActorType.GROUP, people))
    )


def _is_met_in_group(staff: Staff) -> ColumnElement[bool]:
    """B2B-4: whom a group alone introduced is known to those who read that group."""
    return exists().where(Introduction.actor_id == Actor.id, Introduction.group_id.in_(_groups_read_by(staff)))


def introducible_actors(viewer: RemoteViewer, group: Group) -> Select[Actor]:
    """The people elsewhere whom a group of ours introduces to `viewer`: who did something that it passed on (B2B-4)."""
    if not viewer.is_admitted:
        return select(Actor).where(false())
    readable = readable_groups(viewer).where(Group.id == group.id).with_only_columns(Group.id)
    wrote = exists().where(Post.author_id == Actor.id, Post.group_id.in_(readable), Post.deleted_at.is_(None))
    thanked = exists().where(
        Like.actor_id == Actor.id, Like.post_id == Post.id, Post.group_id.in_(readable), Post.deleted_at.is_(None)
    )
    others = and_(Actor.host.not_in(("", viewer.host)), Actor.type != ActorType.GROUP)
    return select(Actor).where(Actor.deleted_at.is_(None), others, or_(wrote, thanked))


def visible_media(viewer: Viewer) -> Select[Media]:
    """The files `viewer` may fetch: of posts they see (outside: of the revision that left), of profiles, their own."""
    revision = Post.revision if isinstance(viewer, Staff) else Post.published_revision
    in_posts = exists().where(
        Attachment.media_id == Media.id,
        Attachment.post_id == Post.id,
        Attachment.revision == revision if not isinstance(viewer, Staff) else true(),
        sees_post(viewer),
    )
    of_profiles = exists().where(
        or_(_PROFILE.avatar_id == Media.id, _PROFILE.header_id == Media.id),
        _PROFILE.id.in_(visible_actors(viewer).with_only_columns(Actor.id)),
    )
    own = Media.actor_id == viewer.actor_id if isinstance(viewer, Staff) else false()
    return select(Media).where(Media.deleted_at.is_(None), or_(in_posts, of_profiles, own))


def media_behind_a_link() -> Select[Media]:
    """The files a link of ours opens for whoever holds it: those of living posts and profiles, and fresh uploads.

    The link was given to somebody who may see the file and ends with the next day; a withdrawn post ends it at once.
    """
    alive = exists().where(
        Attachment.media_id == Media.id,
        Attachment.post_id == Post.id,
        Post.deleted_at.is_(None),
        Post.removed_at.is_(None),
    )
    shown = exists().where(or_(_PROFILE.avatar_id == Media.id, _PROFILE.header_id == Media.id))
    return select(Media).where(Media.deleted_at.is_(None), or_(alive, shown, Media.posted_at.is_(None)))


# Doing things


async def may_post(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Members post; nobody else does, and nobody into an archived group."""
    return group.archived_at is None and await is_member(session, staff.actor_id, group.id)


async def may_join(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Everybody joins an open group, a closed one of ours takes its guests; groups elsewhere decide themselves."""
    if await is_banned(session, staff.actor_id, group.id):
        return False
    found = select(Membership.state).where(Membership.group_id == group.id, Membership.actor_id == staff.actor_id)
    return may_join_as(await session.scalar(found), group)


def may_join_as(standing: MemberState | None, group: Group) -> bool:
    """The same where it is known already how somebody stands to `group`."""
    if group.archived_at is not None:
        return False
    return group.access is Access.OPEN or standing is MemberState.INVITED


async def may_invite(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Members of an open group, the owner of a closed one."""
    if group.access is Access.OPEN:
        return await is_member(session, staff.actor_id, group.id)
    return await may_manage(session, staff, group)


async def may_manage(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """The owner, and admins for groups they can read."""
    if group.owner_id == staff.actor_id:
        return True
    if not staff.is_admin:
        return False
    return await session.scalar(readable_groups(staff).where(Group.id == group.id)) is not None


async def may_moderate(session: AsyncSession, staff: Staff, group: Group) -> bool:
    """Keep a group of ours in order: who manages it, and its moderators."""
    return await session.scalar(moderated_groups(staff).where(Group.id == group.id)) is not None


def moderated_groups(staff: Staff) -> Select[int]:
    """The groups of ours that `staff` keeps in order."""
    kept = or_(Group.owner_id == staff.actor_id, Group.id.in_(_groups_kept_by(staff.actor_id)))
    if staff.is_admin:
        kept = or_(kept, Group.id.in_(readable_groups(staff).with_only_columns(Group.id)))
    return select(Group.id).join(Actor, Actor.id == Group.id).where(Actor.host == "", kept)


async def moderates(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    """Whether somebody, here or elsewhere, is owner or moderator of a group (GRP-13)."""
    kept = _groups_kept_by(actor_id).where(Membership.group_id == group_id)
    return await session.scalar(kept) is not None and not await is_banned(session, actor_id, group_id)


async def is_banned(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    """Whether somebody may not belong to a group now (GRP-12)."""
    found = select(Ban.id).where(
        Ban.group_id == group_id, Ban.actor_id == actor_id, Ban.ends_at.is_(None) | (Ban.ends_at > now())
    )
    return await session.scalar(found) is not None


async def may_answer_in(session: AsyncSession, actor_id: int, post: Post) -> bool:
    """Whether somebody may answer in the thread of `post`: in a locked one only who keeps its group in order."""
    root = await session.get(Post, post.thread_id) if post.thread_id not in (None, post.id) else post
    if (root is None or root.locked_at is None) and post.locked_at is None:
        return True
    return post.group_id is not None and await moderates(session, actor_id, post.group_id)


async def may_raise_reach(session: AsyncSession, staff: Staff, group: Group) -> bool:
    return await may_manage(session, staff, group)


def may_edit(staff: Staff, post: Post) -> bool:
    return post.author_id == staff.actor_id and post.boost_of_id is None and post.deleted_at is None


async def may_delete(session: AsyncSession, staff: Staff, post: Post) -> bool:
    """The author; for a group's post its owner too."""
    if post.author_id == staff.actor_id:
        return True
    if post.group_id is None:
        return False
    group = await session.get(Group, post.group_id)
    return group is not None and group.owner_id == staff.actor_id


def decides_for(staff: Staff) -> ColumnElement[bool]:
    """Condition on `Group`: whose gate `staff` keeps: named for the group, or gatekeeper of the company."""
    named = exists().where(
        Membership.group_id == Group.id,
        Membership.actor_id == staff.actor_id,
        Membership.state == MemberState.MEMBER,
        Membership.role == MemberRole.GATEKEEPER,
    )
    return or_(named, true() if staff.is_gatekeeper else false())


async def may_decide(session: AsyncSession, staff: Staff, post: Post) -> bool:
    """Keeps the gate of the post's group, and did not write the post."""
    if post.author_id == staff.actor_id or post.group_id is None:
        return False
    return await session.scalar(select(Group.id).where(Group.id == post.group_id, decides_for(staff))) is not None


def visible_reports(staff: Staff) -> Select[Report]:
    """The reports that `staff` deals with: all for admins, those to a group for who keeps it; none about oneself."""
    kept = true() if staff.is_admin else Report.group_id.in_(_groups_kept_by(staff.actor_id))
    return select(Report).where(kept, Report.about_id != staff.actor_id)


async def may_read_reports(session: AsyncSession, staff: Staff) -> bool:
    """Admins, and who keeps a group in order."""
    return staff.is_admin or await session.scalar(_groups_kept_by(staff.actor_id).limit(1)) is not None


def may_administer(staff: Staff) -> bool:
    """Partners, people and settings."""
    return staff.is_admin


def may_read_ledger(staff: Staff) -> bool:
    """Those who answer for what leaves."""
    return staff.is_admin or staff.is_gatekeeper


async def is_member(session: AsyncSession, actor_id: int, group_id: int) -> bool:
    found = select(Membership.id).where(
        Membership.group_id == group_id, Membership.actor_id == actor_id, Membership.state == MemberState.MEMBER
    )
    return await session.scalar(found) is not None


# Other companies


_STATE = select(Partner.state).where(Partner.host == bindparam("host"))  # asked for each request from outside


async def is_admitted(session: AsyncSession, host: str) -> bool:
    """Whether we talk with `host` at all: a partner by agreement, or anybody not suspended where the mode is open."""
    state = await session.scalar(_STATE, {"host": host})
    if state is None:
        return instance_of(session).mode is Mode.OPEN
    return state is PartnerState.ADMITTED


async def admission(session: AsyncSession) -> Callable[[str], bool]:
    """`is_admitted` as of now, for hosts that are not known yet: a request may be sent on to another one."""
    states = {row.host: row.state for row in await session.execute(select(Partner.host, Partner.state))}
    unnamed = PartnerState.ADMITTED if instance_of(session).mode is Mode.OPEN else PartnerState.SUSPENDED
    return lambda host: states.get(host, unnamed) is PartnerState.ADMITTED


async def remote_viewer(session: AsyncSession, host: str, actor_id: int | None = None) -> RemoteViewer:
    return RemoteViewer(host=host, is_admitted=await is_admitted(session, host), actor_id=actor_id)


async def may_follow_group(session: AsyncSession, host: str, group: Group) -> bool:
    """Whether people of `host` may join `group`, which is ours."""
    if not await is_admitted(session, host):
        return False
    return group.reach is Reach.PUBLIC or await agreed_level(session, host, group) is not None


async def may_contribute(session: AsyncSession, actor: Actor, group: Group, *, is_reply: bool) -> bool:
    """Whether somebody elsewhere may post (or comment) in `group`: a member, as far as the agreement with them goes.

    A public group takes replies from everybody it talks with, as any public page does.
    """
    if not await is_admitted(session, actor.host) or await is_banned(session, actor.id, group.id):
        return False
    level = await agreed_level(session, actor.host, group)
    if group.reach is Reach.PUBLIC:
        if is_reply:
            return level is not Level.READ
        return await is_member(session, actor.id, group.id) and level in (None, Level.POST)
    if level is None or not await is_member(session, actor.id, group.id):
        return False
    return _LEVELS[level] >= _LEVELS[Level.COMMENT if is_reply else Level.POST]


async def verdict(session: AsyncSession, actor: Actor, post: Post, interaction: Interaction) -> Verdict:
    """What the author of a post, which `actor` may see, says to their doing something with it (POL-2, POL-3).

    Where nothing is said about quoting a post of ours, colleagues may, within its audience (`may_quote_in`), and others
    may what the world may read.
    """
    rules = interactions.unpack(post.interaction)
    if interaction not in rules:
        if interaction is not Interaction.QUOTE:
            return Verdict.AUTOMATIC
        if post.is_local and post.author_id != actor.id and not actor.is_local:
            public = await session.scalar(visible_posts(ANONYMOUS).where(Post.id == post.id))
            return Verdict.AUTOMATIC if public is not None else Verdict.DENIED
        if post.is_local:
            return Verdict.AUTOMATIC
    asker = Asker(uri=actor.uri, is_author=post.author_id == actor.id)
    if interaction is Interaction.REPLY and not asker.is_author:
        asker = replace(asker, is_named=await _is_named(session, actor.id, post))
    if interactions.needs_relations(rules, interaction):
        follows = select(Follow.id).where(Follow.accepted_at.is_not(None))
        there = follows.where(Follow.follower_id == actor.id, Follow.followee_id == post.author_id)
        back = follows.where(Follow.follower_id == post.author_id, Follow.followee_id == actor.id)
        asker = replace(
            asker,
            follows=await session.scalar(there) is not None,
            is_followed=await session.scalar(back) is not None,
        )
    return interactions.verdict(rules, interaction, asker)


async def must_permit(session: AsyncSession, staff: Staff, post: Post, interaction: Interaction) -> Verdict:
    """The same for one of the staff, asked before it happens (POL-3). Raises NotPermitted."""
    if post.interaction is None and interaction is not Interaction.QUOTE:
        return Verdict.AUTOMATIC
    found = await verdict(session, await session.get_one(Actor, staff.actor_id), post, interaction)
    if found is Verdict.DENIED:
        raise NotPermitted(post_id=post.id, interaction=str(interaction))
    return found


async def _is_named(session: AsyncSession, actor_id: int, post: Post) -> bool:
    """Whether a post names somebody, or answers them."""
    named = select(Mention.post_id).where(Mention.post_id == post.id, Mention.actor_id == actor_id)
    if await session.scalar(named) is not None:
        return True
    parent = await session.get(Post, post.reply_to_id) if post.reply_to_id is not None else None
    return parent is not None and parent.author_id == actor_id


async def may_quote_in(
    session: AsyncSession, post: Post, *, visibility: Visibility, reach: Reach, group_id: int | None
) -> bool:
    """Whether who reads a post written so may read `post` anyway: a quote never widens (POL-5, L13)."""
    if post.deleted_at is not None or post.boost_of_id is not None:
        return False
    is_out = not post.is_local or post.published_revision is not None
    match post.visibility:
        case Visibility.PUBLIC | Visibility.UNLISTED:
            return is_out or reach is Reach.INTERNAL
        case Visibility.COMPANY:
            return reach is Reach.INTERNAL
        case Visibility.GROUP:
            group = await session.get_one(Group, post.group_id)
            own = min(post.reach, group.reach, key=_REACHES.index)
            if own is Reach.PUBLIC and is_out:
                return True
            if visibility is Visibility.GROUP and group_id == post.group_id:
                return _REACHES.index(reach) <= _REACHES.index(own)
            return group.access is Access.OPEN and reach is Reach.INTERNAL
        case _:
            return False


async def may_vote(session: AsyncSession, actor: Actor, post: Post) -> bool:
    """Whether somebody elsewhere may answer the poll of a post: who may see it, and in a closed place belongs there."""
    viewer = await remote_viewer(session, actor.host, actor.id)
    if await session.scalar(visible_posts(viewer).where(Post.id == post.id)) is None:
        return False
    match post.visibility:
        case Visibility.GROUP:
            group = await session.get(Group, post.group_id)
            is_public = group is not None and group.reach is Reach.PUBLIC and post.reach is Reach.PUBLIC
            return is_public or await is_member(session, actor.id, post.group_id or 0)
        case Visibility.DIRECT:
            named = select(Recipient.post_id).where(Recipient.post_id == post.id, Recipient.actor_id == actor.id)
            return await session.scalar(named) is not None
        case Visibility.FOLLOWERS:
            follows = select(Follow.id).where(
                Follow.follower_id == actor.id, Follow.followee_id == post.author_id, Follow.accepted_at.is_not(None)
            )
            return await session.scalar(follows) is not None
        case _:
            return True


async def agreed_level(session: AsyncSession, host: str, group: Group) -> Level | None:
    """What an agreement grants the company at `host` in `group`; None without one."""
    return await session.scalar(
        select(Agreement.level)
        .join(Partner, Partner.id == Agreement.partner_id)
        .where(Agreement.group_id == group.id, Partner.host == host, Partner.state == PartnerState.ADMITTED)
    )
