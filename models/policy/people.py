"""Which people and groups exist for whom, and who is kept apart."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from models.instance import Mode
from models.policy.groups import belongs_to, groups_read_by, readable_groups, visible_groups
from models.tables import (
    EVERYBODY,
    Account,
    Actor,
    ActorType,
    Agreement,
    Block,
    Disclosure,
    Follow,
    Group,
    Introduction,
    Like,
    Partner,
    PartnerState,
    Post,
    Reach,
)
from models.viewers import RemoteViewer, Staff, Viewer


def is_apart(actor_id: Any, other_id: Any) -> ColumnElement[bool]:
    """R-79: whether one of two people blocks the other: neither reads the other's posts, neither is told of them."""
    return or_(
        other_id.in_(select(Block.target_id).where(Block.actor_id == actor_id)),
        other_id.in_(select(Block.actor_id).where(Block.target_id == actor_id)),
    )


def is_not_blocked(viewer: RemoteViewer, author_id: Any) -> ColumnElement[bool]:
    """R-79: somebody elsewhere whom one of ours blocks gets nothing of theirs, as far as it is known who asks."""
    if viewer.actor_id is None:
        return true()
    free: ColumnElement[bool] = author_id.not_in(select(Block.actor_id).where(Block.target_id == viewer.actor_id))
    return free


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
        people = and_(people, is_not_blocked(viewer, Actor.id))
    groups = Actor.id.in_(visible_groups(viewer).with_only_columns(Group.id))
    return actors.where(
        Actor.host == "", or_(and_(Actor.type == ActorType.GROUP, groups), and_(Actor.type != ActorType.GROUP, people))
    )


def findable_actors(viewer: Viewer, mode: Mode) -> Select[Actor]:
    """Whose names `viewer` may look up: who exists for it, and who deals with servers that ask without a signature.

    Many microblogs do, and take nothing from an actor whose name they cannot look up. Which they are nobody can tell:
    so it counts for partners to whom a group of ours speaks itself (GRP-16), and where we talk with everybody for all
    who are no partners. The name alone is told; the actor stays hidden (DISC-7).
    """
    spoken = (
        select(Agreement.group_id, Partner.host)
        .join(Partner, Partner.id == Agreement.partner_id)
        .join(Group, Group.id == Agreement.group_id)
        .where(Agreement.sends_copies, Partner.state == PartnerState.ADMITTED, Group.reach != Reach.INTERNAL)
    )
    microblog: ColumnElement[bool] = Disclosure.host.in_(spoken.with_only_columns(Partner.host))
    if mode is Mode.OPEN:
        microblog = or_(microblog, Disclosure.host.not_in(select(Partner.host)))
    return select(Actor).where(
        or_(
            Actor.id.in_(visible_actors(viewer).with_only_columns(Actor.id)),
            Actor.id.in_(spoken.with_only_columns(Agreement.group_id)),
            and_(Actor.type != ActorType.GROUP, Actor.id.in_(select(Disclosure.actor_id).where(microblog))),
        ),
        Actor.deleted_at.is_(None),
    )


def listable_actors(staff: Staff) -> Select[Actor]:
    """Whom `staff` can put into a list: who is in their home timeline. Those are colleagues, oneself among them, people
    elsewhere whom they follow, and groups they belong to."""
    colleague = exists().where(Account.actor_id == Actor.id, Account.disabled_at.is_(None))
    followed = exists().where(
        Follow.follower_id == staff.actor_id, Follow.followee_id == Actor.id, Follow.accepted_at.is_not(None)
    )
    return visible_actors(staff).where(
        or_(colleague, followed, belongs_to(staff, Actor.id)), ~is_apart(staff.actor_id, Actor.id)
    )


def _is_met_in_group(staff: Staff) -> ColumnElement[bool]:
    """B2B-4: whom a group alone introduced is known to those who read that group."""
    return exists().where(Introduction.actor_id == Actor.id, Introduction.group_id.in_(groups_read_by(staff)))


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
