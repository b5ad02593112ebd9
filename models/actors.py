"""Actors: finding them by handle or id, making ours, keeping what we were told of others."""

import functools
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from msgspec import Struct, field
from sqlalchemy import ColumnElement, Insert, Select, Table, and_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models import emoji, introductions, journal, policy
from models.base import insert_for, new_id, now
from models.errors import Invalid, NotAllowed, NotFound
from models.instance import Instance, instance_of
from models.prepared import padded
from models.tables import Actor, ActorType, Disclosure, Group, Key, KeyKind, Media, Membership, Reach
from models.text.clean import clean_line, clean_text, fold_username, shorten_text, username_problem
from models.text.markdown import render
from models.viewers import Staff, Viewer

NAME_LIMIT = 100
ABOUT_LIMIT = 5000
FIELDS = 8


class NameTaken(Invalid):
    """This name is taken already: people and groups share one list of names."""

    code = "name_taken"
    status = 409


class BadName(Invalid):
    """A name has 1 to 30 of the characters a-z, 0-9, _, . and -, and begins with a letter, a digit or _."""

    code = "bad_name"


class NotYours(NotAllowed):
    """This actor lives on another server."""

    code = "not_yours"


async def create_local(session: AsyncSession, *, type: ActorType, username: str, display_name: str) -> Actor:
    """A new actor of this company, with its wire id.

    Raises:
        BadName: the name has characters that handles cannot have.
        NameTaken: a person or group of that name is there, or was (names are never given twice).
    """
    username = username.strip().lower()
    if username_problem(username) is not None:
        raise BadName(field="username", username=username)
    instance = instance_of(session)
    if await by_username(session, username) is not None:
        raise NameTaken(field="username", username=username)
    actor = _blank(instance, type, username)
    actor.display_name = clean_line(display_name, limit=NAME_LIMIT) or username
    session.add(actor)
    await session.flush()
    await note_emoji(session, actor)
    return actor


async def instance_actor(session: AsyncSession) -> Actor:
    """The server's own actor (DISC-15); made on first use, found at a fixed address that needs no look-up."""
    instance = instance_of(session)
    uri = instance.url("/ap/instance")
    actor = await by_uri(session, uri)
    if actor is None:
        actor = _blank(instance, ActorType.APPLICATION, instance.host, uri=uri)
        actor.url = instance.url("/about")
        actor.is_locked = True
        actor.display_name = instance.name
        session.add(actor)
        session.add(Disclosure(actor_id=actor.id, host="*"))
        await session.flush()
    return actor


def _blank(instance: Instance, type: ActorType, username: str, *, uri: str | None = None) -> Actor:
    is_group = type is ActorType.GROUP
    uri = uri or instance.mint("g" if is_group else "u")
    return Actor(
        id=new_id(),
        type=type,
        host="",
        username=username,
        username_key=fold_username(username),
        uri=uri,
        url=instance.url(f"/groups/{username}" if is_group else f"/people/{username}"),
        inbox=f"{uri}/inbox",
        shared_inbox=instance.url("/inbox"),
        outbox=f"{uri}/outbox",
        followers_uri=f"{uri}/followers",
        following_uri=f"{uri}/following",
        featured_uri=f"{uri}/featured",
        moderators_uri=f"{uri}/moderators" if is_group else None,
    )


class RemoteActor(Struct, frozen=True, kw_only=True):
    """What another server says of one of its actors, checked and cleaned by the wire."""

    uri: str
    type: ActorType
    host: str
    username: str
    url: str
    inbox: str
    shared_inbox: str | None = None
    outbox: str | None = None
    followers_uri: str | None = None
    following_uri: str | None = None
    featured_uri: str | None = None
    moderators_uri: str | None = None
    display_name: str = ""
    about_html: str = ""
    fields: list[dict[str, Any]] = field(default_factory=list)
    avatar_url: str | None = None
    header_url: str | None = None
    emoji: dict[str, str] = field(default_factory=dict)
    is_locked: bool = False
    is_discoverable: bool = False
    also_known_as: list[str] = field(default_factory=list)
    moved_to: str | None = None


async def keep(session: AsyncSession, told: RemoteActor) -> Actor:
    """Store or replace our copy of an actor elsewhere, whole (ACT-4).

    A handle that somebody is known by stays with them until `name` moves it. Nobody who was a person becomes a group,
    or the other way round: who follows one, or belongs to the other, asked for that and nothing else.
    """
    actor = await by_uri(session, told.uri)
    if actor is not None and actor.is_local:
        raise NotYours(uri=told.uri)
    shortcodes = await emoji.keep(session, told.host, told.emoji)
    key = fold_username(told.username)
    holder = await session.scalar(
        select(Actor).where(Actor.host == told.host, Actor.username_key == key, Actor.uri != told.uri)
    )
    actor_id = actor.id if actor is not None else new_id()
    if holder is not None and (holder.deleted_at is not None or holder.is_introduced):
        holder.username_key = f"{key}#{holder.id}"
        await session.flush()
    elif holder is not None:
        key = f"{key}#{actor_id}"
    if actor is None:
        actor = Actor(id=actor_id, uri=told.uri, host=told.host)
        session.add(actor)
    is_group = (actor.type or told.type) is ActorType.GROUP
    for column, value in said_by(told).items():
        if column != "type" or (value is ActorType.GROUP) is is_group:
            setattr(actor, column, value)
    actor.username_key = key
    actor.emoji = shortcodes
    actor.version = (actor.version or 0) + 1
    actor.deleted_at = None
    await introductions.met_in_person(session, actor)
    await session.flush()
    return actor


def said_by(told: RemoteActor) -> dict[str, Any]:
    """What a document says of an actor as columns of `Actor`; its id, key of the name and emoji come from elsewhere."""
    moment = now()
    return {
        "type": told.type,
        "host": told.host,
        "username": shorten_text(told.username, limit=128),
        "url": told.url,
        "inbox": told.inbox,
        "shared_inbox": told.shared_inbox,
        "outbox": told.outbox,
        "followers_uri": told.followers_uri,
        "following_uri": told.following_uri,
        "featured_uri": told.featured_uri,
        "moderators_uri": told.moderators_uri,
        "display_name": shorten_text(told.display_name, limit=NAME_LIMIT),
        "about_html": told.about_html,
        "fields": told.fields[:FIELDS],
        "avatar_url": told.avatar_url,
        "header_url": told.header_url,
        "is_locked": told.is_locked,
        "is_discoverable": told.is_discoverable,
        "also_known_as": told.also_known_as,
        "moved_to": told.moved_to,
        "fetched_at": moment,
        "updated_at": moment,
    }


async def name(session: AsyncSession, actor: Actor) -> None:
    """Give an actor elsewhere its handle: its server says that it is theirs, whoever had it before (R-19)."""
    key = fold_username(actor.username)
    holder = await session.scalar(
        select(Actor).where(Actor.host == actor.host, Actor.username_key == key, Actor.id != actor.id)
    )
    if holder is not None:
        holder.username_key = f"{key}#{holder.id}"
        await session.flush()
    actor.username_key = key
    await session.flush()


class RemoteKey(Struct, frozen=True, kw_only=True):
    """A public key that an actor elsewhere lists as its own, readable."""

    uri: str
    kind: KeyKind
    public: str


def is_own_key(key_uri: str, actor_uri: str, confirmed: Collection[str]) -> bool:
    """Whether a key that an actor lists is its own: by its address, or because the key led to the actor (SIG-26)."""
    return key_uri in confirmed or key_uri.partition("#")[0] == actor_uri


async def keep_keys(
    session: AsyncSession, actor: Actor, listed: Sequence[RemoteKey], *, confirmed: Collection[str] = ()
) -> set[str]:
    """Make `listed` the keys of an actor elsewhere; the keyIds of all it had or has.

    A keyId belongs to whom its address leads to: it extends the actor's id, or is among `confirmed`, by which the
    actor was found. Without that a neighbour on the same server could take another's (R-05). What is listed no longer
    is retired and verifies nothing any more (R-07).
    """
    named = or_(Key.actor_id == actor.id, Key.uri.in_([key.uri for key in listed]))
    rows = {row.uri: row for row in await session.scalars(select(Key).where(named))}
    own = {uri: row for uri, row in rows.items() if row.actor_id == actor.id}
    for key in listed:
        if key.uri not in own and not is_own_key(key.uri, actor.uri, confirmed):
            continue
        row = rows.get(key.uri)
        if row is None:
            row = Key(uri=key.uri)
            session.add(row)
        elif row.private is not None:
            raise NotYours(uri=key.uri)
        row.actor_id = actor.id
        row.kind = key.kind
        row.public = key.public
        row.fetched_at = now()
        row.retired_at = None
    remaining = {key.uri for key in listed}
    for uri, row in own.items():
        if uri not in remaining and row.retired_at is None:
            row.retired_at = now()
    await session.flush()
    return remaining | set(own)


async def one(session: AsyncSession, viewer: Viewer, actor_id: int) -> Actor:
    """The person or group with that id. Raises NotFound, also for what `viewer` may not know of."""
    actor = await session.scalar(policy.visible_actors(viewer).where(Actor.id == actor_id))
    if actor is None:
        raise NotFound(actor_id=actor_id)
    return actor


async def several(session: AsyncSession, viewer: Viewer, actor_ids: Iterable[int]) -> dict[int, Actor]:
    """Those among `actor_ids` that exist for `viewer`, by id."""
    found = await session.scalars(policy.visible_actors(viewer).where(Actor.id.in_(list(actor_ids))))
    return {actor.id: actor for actor in found}


async def by_address(session: AsyncSession, viewer: Viewer, address: str) -> Sequence[Actor]:
    """Whose id or page `address` is, when `viewer` may know of them: nobody, or one."""
    found = policy.visible_actors(viewer).where(or_(Actor.uri == address, Actor.url == address))
    return (await session.scalars(found.limit(1))).all()


async def by_handle(session: AsyncSession, viewer: Viewer, handle: str) -> Actor:
    """The person or group that `user`, `user@our-host` or `user@host` means. Raises NotFound."""
    actor = await session.scalar(policy.visible_actors(viewer).where(has_handle(instance_of(session), handle)))
    if actor is None:
        raise NotFound(handle=handle)
    return actor


_BY_URI = select(Actor).where(Actor.uri == bindparam("uri"))
_BY_URIS = select(Actor).where(Actor.uri.in_(bindparam("uris", expanding=True)))
_BY_USERNAME = select(Actor).where(Actor.host == "", Actor.username_key == bindparam("key"))


async def by_uri(session: AsyncSession, uri: str) -> Actor | None:
    return await session.scalar(_BY_URI, {"uri": uri})


async def by_uris(session: AsyncSession, uris: Collection[str]) -> dict[str, Actor]:
    """Those with these ids, by their ids."""
    return {actor.uri: actor for actor in await session.scalars(_BY_URIS, {"uris": padded(uris)})}


async def by_username(session: AsyncSession, username: str) -> Actor | None:
    """One of ours by its bare name, in any case."""
    return await session.scalar(_BY_USERNAME, {"key": fold_username(username)})


def has_handle(instance: Instance, handle: str) -> ColumnElement[bool]:
    """Condition on `Actor` for `user`, `user@our-host` or `user@host`, with or without a leading @ or !."""
    name, _, host = handle.strip().lstrip("@!").partition("@")
    host = "" if host.lower() == instance.host else host.lower()
    return and_(Actor.username_key == fold_username(name), Actor.host == host)


async def by_handles(session: AsyncSession, handles: Iterable[str]) -> dict[str, Actor]:
    """The actors we know among `handles` as typed; in one statement."""
    wanted = list(dict.fromkeys(handles))
    if not wanted:
        return {}
    instance = instance_of(session)
    found = await session.scalars(
        select(Actor).where(
            or_(*(has_handle(instance, handle) for handle in wanted)),
            Actor.deleted_at.is_(None),
            ~Actor.is_introduced,  # nobody outside their group can reach them (B2B-4)
        )
    )
    known = {(actor.username_key, actor.host): actor for actor in found}
    answer = {}
    for handle in wanted:
        name, _, host = handle.lstrip("@!").partition("@")
        key = (fold_username(name), "" if host.lower() == instance.host else host.lower())
        if key in known:
            answer[handle] = known[key]
    return answer


async def disclose(session: AsyncSession, actor_id: int, hosts: Iterable[str]) -> None:
    """Remember that `hosts` have been told of an actor of ours, so that they may look at it."""
    rows = [{"actor_id": actor_id, "host": host, "since": now()} for host in sorted(set(hosts))]
    if rows:
        await session.execute(_disclosing(session.get_bind().dialect.name), rows)


@functools.cache
def _disclosing(dialect: str) -> Insert:
    return insert_for(dialect, cast(Table, Disclosure.__table__)).on_conflict_do_nothing()


async def known_at(session: AsyncSession, actor_id: int) -> set[str]:
    """The servers that were told of an actor of ours; EVERYBODY among them when all the world was."""
    return set(await session.scalars(select(Disclosure.host).where(Disclosure.actor_id == actor_id)))


async def told_of(session: AsyncSession, actor_id: int) -> list[tuple[str, str]]:
    """The shared inboxes of the servers that know of an actor of ours, as (inbox, host), where we know one."""
    rows = await session.execute(
        select(func.min(Actor.shared_inbox), Actor.host)
        .join(Disclosure, Disclosure.host == Actor.host)
        .where(Disclosure.actor_id == actor_id, Actor.shared_inbox.is_not(None), Actor.deleted_at.is_(None))
        .group_by(Actor.host)
    )
    return [(inbox, host) for inbox, host in rows if inbox is not None]


async def change_profile(
    session: AsyncSession,
    *,
    by: Staff,
    display_name: str | None = None,
    about: str | None = None,
    fields: list[dict[str, Any]] | None = None,
    is_locked: bool | None = None,
    is_bot: bool | None = None,
    is_discoverable: bool | None = None,
    avatar_id: int | None = None,
    header_id: int | None = None,
) -> Actor:
    """Change one's own profile; what is None stays."""
    actor = await session.get_one(Actor, by.actor_id)
    if display_name is not None:
        actor.display_name = clean_line(display_name, limit=NAME_LIMIT) or actor.username
    if about is not None:
        describe(actor, clean_text(about, limit=ABOUT_LIMIT), instance_of(session))
    if fields is not None:
        actor.fields = [
            {
                "name": clean_line(str(f.get("name", "")), limit=200),
                "value": clean_line(str(f.get("value", "")), limit=500),
            }
            for f in fields[:FIELDS]
        ]
    if is_locked is not None:
        actor.is_locked = is_locked
    if is_bot is not None:
        actor.is_bot = is_bot
    if is_discoverable is not None:
        actor.is_discoverable = is_discoverable
    for media_id, column in ((avatar_id, "avatar_id"), (header_id, "header_id")):
        if media_id is not None:
            await _own_image(session, by, media_id)
            setattr(actor, column, media_id)
    await note_emoji(session, actor)
    touch(session, actor)
    return actor


async def note_emoji(session: AsyncSession, actor: Actor) -> None:
    """Remember which emoji of the house stand in what one of ours says of itself."""
    actor.emoji = [row.shortcode for row in await emoji.rows_of(session, actor)]


async def remove_picture(session: AsyncSession, *, by: Staff, avatar: bool) -> Actor:
    """Take one's picture away, or with `avatar` False the header."""
    actor = await session.get_one(Actor, by.actor_id)
    if avatar:
        actor.avatar_id = None
    else:
        actor.header_id = None
    touch(session, actor)
    return actor


def describe(actor: Actor, about: str, instance: Instance) -> None:
    """Set the text about an actor of ours from its Markdown."""

    actor.about_source = about
    actor.about_html = render(about, mentions={}, tag_url=lambda tag: instance.url(f"/tags/{tag}")).html


def touch(session: AsyncSession, actor: Actor) -> None:
    """Note a change of one of ours: caches see the new version, other servers are told."""
    actor.updated_at = now()
    actor.version += 1
    journal.record(session, journal.ActorChanged(actor.id))


async def _own_image(session: AsyncSession, by: Staff, media_id: int) -> None:
    media = await session.get(Media, media_id)
    if media is None or media.actor_id != by.actor_id or media.deleted_at is not None:
        raise NotFound(media_id=media_id)


def speakers_without_keys(*, limit: int) -> Select[int]:
    """Ids of actors of ours that will soon be heard outside and could not sign yet: open groups and their members."""
    home = aliased(Actor)
    open_groups = (
        select(Group.id)
        .join(home, home.id == Group.id)
        .where(or_(Group.reach != Reach.INTERNAL, home.host != ""), home.deleted_at.is_(None))
    )
    members = select(Membership.actor_id).where(Membership.group_id.in_(open_groups), Membership.host == "")
    return (
        select(Actor.id)
        .where(
            Actor.host == "",
            Actor.deleted_at.is_(None),
            or_(Actor.id.in_(open_groups), Actor.id.in_(members)),
            ~exists().where(Key.actor_id == Actor.id),
        )
        .order_by(Actor.id)
        .limit(limit)
    )
