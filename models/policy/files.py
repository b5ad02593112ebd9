"""Which files somebody may fetch: those of posts they see and of profiles they know."""

from sqlalchemy import Select, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from models.policy.people import visible_actors
from models.policy.posts import sees_post
from models.tables import Actor, Attachment, Media, Post
from models.viewers import Staff, Viewer

_PROFILE = aliased(Actor)


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


def media_behind_a_link(owner_id: int | None = None) -> Select[Media]:
    """The files a link of ours opens for whoever holds it: those of living posts and profiles, and fresh uploads.

    The link was given to somebody who may see the file and ends with the next day; a withdrawn post ends it at once,
    but not the one that the owner of the file was given for themselves, to write the post anew.
    """
    if owner_id is not None:
        return select(Media).where(Media.deleted_at.is_(None), Media.actor_id == owner_id)
    alive = exists().where(
        Attachment.media_id == Media.id,
        Attachment.post_id == Post.id,
        Post.deleted_at.is_(None),
        Post.removed_at.is_(None),
    )
    shown = exists().where(or_(_PROFILE.avatar_id == Media.id, _PROFILE.header_id == Media.id))
    return select(Media).where(Media.deleted_at.is_(None), or_(alive, shown, Media.posted_at.is_(None)))
