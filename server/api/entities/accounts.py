"""Mastodon's Account: people, and groups with `group: true`. The numbers are added when it is shown."""

import html
from typing import Any

from aiohttp import web

from models import emoji
from models.tables import Access, Actor, ActorType, Group, Role
from models.tallies import Tally
from models.text.addresses import shown_url
from server import media
from server.api.answers import encoded
from server.api.entities import emojis
from server.api.entities.times import day, instant
from server.context import CONFIG

NO_PICTURE = "/static/images/nobody.png"
NO_GROUP_PICTURE = "/static/images/nobody-group.png"
NO_HEADER = "/static/images/no-header.png"
QUOTE_POLICY = "public"
"""Who may quote a post whose author said nothing: everybody who sees it."""


def account(app: web.Application, actor: Actor, group: Group | None) -> dict[str, Any]:
    """Everything about `actor` that is the same for all who may see it; avatar and header must be loaded."""
    base = app[CONFIG].base_url
    is_group = actor.type is ActorType.GROUP
    nothing = NO_GROUP_PICTURE if is_group else NO_PICTURE
    avatar = media.avatar_of(app, actor) or base + nothing
    header = media.header_of(app, actor, actor.header) or base + NO_HEADER
    return {
        "id": str(actor.id),
        "username": actor.username,
        "acct": actor.handle,
        "display_name": actor.shown_name,
        "locked": _is_locked(actor, group),
        "bot": actor.is_bot or actor.type in (ActorType.SERVICE, ActorType.APPLICATION),
        "discoverable": actor.is_discoverable,
        "indexable": False,
        "group": is_group,
        "created_at": instant(actor.created_at),
        "note": actor.about_html,
        "url": actor.url,
        "uri": actor.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": "",
        "header": header,
        "header_static": header,
        "header_description": "",
        "hide_collections": False,
        "noindex": True,
        "emojis": emojis.used_in(app, actor, actor.display_name, actor.about_html, *emoji.in_fields(actor)),
        "roles": [],
        "fields": [field(entry, is_local=actor.is_local) for entry in actor.fields],
        "kontor": {"reach": str(group.reach), "access": str(group.access)} if group is not None else None,
    }


def _is_locked(actor: Actor, group: Group | None) -> bool:
    """Whether somebody decides who may follow; of a group of ours: whether colleagues need an invitation."""
    return group.access is Access.CLOSED if group is not None and actor.is_local else actor.is_locked


def field(entry: dict[str, Any], *, is_local: bool) -> dict[str, Any]:
    """A line of a profile. Ours are text, those from elsewhere were cleaned when they came in."""
    value = str(entry.get("value", ""))
    return {
        "name": str(entry.get("name", "")),
        "value": _linked(value) if is_local else value,
        "verified_at": entry.get("verified_at"),
    }


def _linked(text: str) -> str:
    url = shown_url(text.strip()) if text.strip().lower().startswith(("http://", "https://")) else None
    if url is None:
        return html.escape(text)
    return f'<a href="{html.escape(url)}" rel="me nofollow noopener noreferrer">{html.escape(text.strip())}</a>'


def opened(entity: dict[str, Any]) -> bytes:
    """`entity` as JSON without its last brace, so that more can follow."""
    return encoded(entity)[:-1]


def numbers(tally: Tally) -> bytes:
    """The numbers of an account, as the end of its JSON."""
    last = day(tally.last_post_at)
    return b',"followers_count":%d,"following_count":%d,"statuses_count":%d,"last_status_at":%s}' % (
        tally.followers,
        tally.following,
        tally.posts,
        b"null" if last is None else b'"%s"' % last.encode(),
    )


def source(actor: Actor, *, privacy: str, is_sensitive: bool, language: str | None, requests: int) -> dict[str, Any]:
    """What only the person themselves gets: their profile as they typed it, and how their posts begin."""
    return {
        "privacy": privacy,
        "sensitive": is_sensitive,
        "language": language,
        "note": actor.about_source,
        "fields": [
            {"name": str(entry.get("name", "")), "value": str(entry.get("value", "")), "verified_at": None}
            for entry in actor.fields
        ],
        "follow_requests_count": requests,
        "hide_collections": False,
        "discoverable": actor.is_discoverable,
        "indexable": False,
        "attribution_domains": [],
        "quote_policy": QUOTE_POLICY,
    }


ROLES = {Role.STAFF: "-99", Role.GATEKEEPER: "1", Role.ADMIN: "2"}
"""Numbers for the roles; the first is Mastodon's for everybody."""
# what this API lets admins do, in Mastodon's flags: the dashboard, reports, federation, users and their access
_OF_ADMINS = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 10) | (1 << 18)


def role(name: Role) -> dict[str, Any]:
    """A person's part in the company, in the shape of Mastodon's Role; by its permissions clients show what one may."""
    return {
        "id": ROLES[name],
        "name": "" if name is Role.STAFF else str(name),
        "color": "",
        "permissions": str(_OF_ADMINS if name is Role.ADMIN else 0),
        "highlighted": False,
    }


_SHOWN_IN_PROFILE = (
    "id",
    "display_name",
    "avatar",
    "avatar_static",
    "avatar_description",
    "header",
    "header_static",
    "header_description",
    "locked",
    "bot",
    "hide_collections",
    "discoverable",
    "indexable",
)


def profile(actor: Actor, shown: dict[str, Any]) -> dict[str, Any]:
    """Mastodon's Profile: `shown`, which is the Account, with text and lines as they were typed."""
    return {
        **{name: shown[name] for name in _SHOWN_IN_PROFILE},
        "note": actor.about_source,
        "fields": [
            {"name": str(entry.get("name", "")), "value": str(entry.get("value", "")), "verified_at": None}
            for entry in actor.fields
        ],
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "attribution_domains": [],
        "featured_tags": [],
    }
