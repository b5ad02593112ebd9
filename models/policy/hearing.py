"""Whom somebody wants to hear: what they muted, and which servers they want nothing from, leave their timelines.

That is a wish and no right: what is muted can still be looked up. Whoever is muted does not learn of it.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select, true, union_all
from sqlalchemy.orm import aliased

from models.base import UtcDateTime, now
from models.tables import Actor, Follow, HostBlock, Mute, Post
from models.viewers import Staff, Viewer

_BOOSTED = aliased(Post)


def is_heard(viewer: Viewer, *, in_groups: bool = True) -> ColumnElement[bool]:
    """Condition on a post: neither who wrote it nor who wrote what it boosts is muted, or of an unwanted server.

    Nor is its group muted, unless `in_groups` says that the list is the group's own.
    """
    if not isinstance(viewer, Staff):
        return true()
    boosts_unheard = exists().where(_BOOSTED.id == Post.boost_of_id, _BOOSTED.author_id.in_(unheard(viewer)))
    hears = [Post.author_id.not_in(unheard(viewer)), or_(Post.boost_of_id.is_(None), ~boosts_unheard)]
    if in_groups:
        hears.append(or_(Post.group_id.is_(None), Post.group_id.not_in(unheard(viewer))))
    return or_(hears_all(viewer), and_(*hears))


def hears_all(viewer: Staff) -> ColumnElement[bool]:
    """Whether somebody muted nobody and wants every server: it is answered once, and for most people it is all."""
    mutes = exists().where(Mute.account_id == viewer.account_id)
    return ~or_(mutes, exists().where(HostBlock.account_id == viewer.account_id))


def is_followed(viewer: Staff) -> ColumnElement[bool]:
    """Condition on a post: `viewer` follows who wrote it, in its language, and with boosts when it is one."""
    return exists().where(
        Follow.follower_id == viewer.actor_id,
        Follow.followee_id == Post.author_id,
        Follow.accepted_at.is_not(None),
        or_(Post.boost_of_id.is_(None), Follow.shows_boosts),
        or_(Follow.languages.is_(None), Post.language.is_(None), is_read_in(Post.language)),
    )


def is_read_in(language: Any) -> ColumnElement[bool]:
    """Condition on a follow that names languages: `language` is one of them."""
    return Follow.languages.contains("," + language + ",")


def unheard(viewer: Staff, *, notifications: bool = False) -> Any:
    """The ids of those whom `viewer` does not hear now; with `notifications`, of whom they are not told anything."""
    muted: Select[Any] = select(Mute.target_id).where(Mute.account_id == viewer.account_id, is_in_force())
    if notifications:
        muted = muted.where(Mute.hides_notifications)
    return union_all(muted, _of_unwanted_servers(viewer.account_id))


def is_untold(account_id: Any, actor_id: Any) -> ColumnElement[bool]:
    """Whether an account is not told what one actor does: muted with notifications, or of a server it does not want."""
    muted = exists().where(
        Mute.account_id == account_id, Mute.target_id == actor_id, Mute.hides_notifications, is_in_force()
    )
    host = select(Actor.host).where(Actor.id == actor_id).scalar_subquery()
    return or_(muted, exists().where(HostBlock.account_id == account_id, HostBlock.host == host))


def is_in_force() -> ColumnElement[bool]:
    """Whether a mute has not ended, at the moment it is asked about."""
    return or_(Mute.ends_at.is_(None), Mute.ends_at > bindparam(None, callable_=now, type_=UtcDateTime))


def _of_unwanted_servers(account_id: Any) -> Select[Any]:
    hosts = select(HostBlock.host).where(HostBlock.account_id == account_id)
    return select(Actor.id).where(Actor.host.in_(hosts))
