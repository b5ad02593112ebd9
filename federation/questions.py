"""What other servers ask for by address, as statements that are built once for each sort of asker (`models.prepared`).

Each begins at the policy; the parameters are named like the columns they are compared with.
"""

from sqlalchemy import BigInteger, Select, String, bindparam
from sqlalchemy.orm import joinedload

from models import policy
from models.tables import Activity, Actor, Post
from models.viewers import Anonymous, RemoteViewer, Viewer

Asker = RemoteViewer | Anonymous

_ID = bindparam("id", type_=BigInteger)
_URI = bindparam("uri", type_=String)
_URL = bindparam("url", type_=String)
_INBOX = bindparam("inbox", type_=String)
_THREAD = 500
"""So many posts of a thread are told."""


def actor_at(asker: Viewer) -> Select[Actor]:
    wanted = policy.visible_actors(asker).where(Actor.uri == _URI)
    return wanted.options(joinedload(Actor.avatar), joinedload(Actor.header))


def actor_behind(asker: Viewer) -> Select[Actor]:
    return policy.visible_actors(asker).where(Actor.host == "", Actor.url == _URL)


def actor_with(asker: Viewer) -> Select[Actor]:
    return policy.visible_actors(asker).where(Actor.id == _ID)


def owner_of(asker: Viewer) -> Select[int]:
    return policy.visible_actors(asker).where(Actor.inbox == _INBOX).with_only_columns(Actor.id)


def post_at(asker: Viewer) -> Select[Post]:
    return policy.visible_posts(asker).where(Post.uri == _URI)


def post_with(asker: Viewer) -> Select[Post]:
    return policy.visible_posts(asker).where(Post.id == _ID)


def own_post_at(asker: Viewer) -> Select[Post]:
    return post_at(asker).where(Post.is_local, Post.boost_of_id.is_(None))


def own_post_behind(asker: Viewer) -> Select[Post]:
    return policy.visible_posts(asker).where(Post.url == _URL, Post.is_local, Post.boost_of_id.is_(None))


def withdrawn_at(asker: Viewer) -> Select[Post]:
    return policy.withdrawn_posts(asker).where(Post.uri == _URI, Post.boost_of_id.is_(None))


def withdrawn_behind(asker: Viewer) -> Select[Post]:
    return policy.withdrawn_posts(asker).where(Post.url == _URL, Post.boost_of_id.is_(None))


def thread_at(asker: Asker) -> Select[Post]:
    posts = policy.nameable_posts(asker).where(Post.context_uri == _URI, Post.boost_of_id.is_(None))
    return posts.order_by(Post.id).limit(_THREAD)


def activity_at(asker: Asker) -> Select[Activity]:
    return policy.visible_activities(asker).where(Activity.uri == _URI)
