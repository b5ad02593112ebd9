"""Who looks at a page, in which language, from which address and when: what every view of one answer needs."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from html import escape

from aiohttp import web
from markupsafe import Markup
from msgspec import Struct, field
from msgspec.structs import replace

from models import emoji
from models.base import now
from models.journal import Position
from models.tables import Actor, ActorType, Media, MediaKind, Post
from models.text.sanitise import clean_stored
from models.viewers import Staff, Viewer
from server.context import config, locale, viewer
from server.tail import TAIL
from server.web import views


class Sight(Struct, frozen=True, kw_only=True):
    """`companies` maps hosts to the names of the companies behind them; hosts it lacks are shown as they are."""

    app: web.Application
    viewer: Viewer
    locale: str
    zone: tzinfo
    now: datetime
    company: str
    host: str
    base_url: str
    max_characters: int
    place: Position
    """How far the journal had come when looking began: what happened later is news."""
    companies: Mapping[str, str] = field(default_factory=dict)

    @property
    def staff(self) -> Staff | None:
        return self.viewer if isinstance(self.viewer, Staff) else None

    def naming(self, companies: Mapping[str, str]) -> "Sight":
        """The same with more names of companies."""
        return replace(self, companies={**self.companies, **companies})

    def moment(self, at: datetime) -> views.Moment:
        return views.Moment.of(at, now=self.now, locale=self.locale, zone=self.zone)

    def url(self, name: str, **parts: str | int) -> str:
        """The path of a page by its route's name."""
        return str(self.app.router[name].url_for(**{key: str(value) for key, value in parts.items()}))

    def company_of(self, host: str) -> str:
        return self.companies.get(host, host) if host else self.company

    def actor_url(self, actor: Actor) -> str:
        """The page here about a person or group, also about those elsewhere."""
        if actor.type is ActorType.GROUP:
            return self.url("group", handle=actor.handle)
        return self.url("person", handle=actor.handle)

    def person(self, actor: Actor) -> views.PersonRef:
        """How a person is named here; those elsewhere with their company."""
        return views.PersonRef(
            name=actor.shown_name,
            handle=actor.handle,
            url=self.actor_url(actor),
            shown_name=with_emoji(actor, actor.shown_name) if actor.emoji else Markup(),
            avatar_url=self.avatar_url(actor),
            company=None if actor.is_local else self.company_of(actor.host),
        )

    def address(self, actor: Actor) -> str:
        """What one types on another server to find an actor."""
        return f"@{actor.username}@{actor.host or self.host}"

    def avatar_url(self, actor: Actor) -> str | None:
        """None where there is no picture, or it was not loaded."""
        if not actor.is_local:
            return f"/media/actor/{actor.id}/avatar/{actor.version}" if actor.avatar_url else None
        loaded = actor.__dict__.get("avatar")
        return self.file_url(loaded) if isinstance(loaded, Media) else None

    def file_url(self, media: Media) -> str:
        """A path without a key in it: whoever opens it is asked who they are (R-75), so it can be passed on safely."""
        return f"/media/remote/{media.id}" if media.file is None else f"/media/{media.file}"

    def preview_url(self, media: Media) -> str:
        """The picture that stands for a file; empty where there is none."""
        if media.preview_file is not None:
            return f"/media/{media.preview_file}"
        if media.kind is MediaKind.IMAGE:
            return self.file_url(media)
        return f"/media/remote/{media.id}/preview" if media.remote_preview_url is not None else ""


def with_emoji(actor: Actor, text: str) -> Markup:
    """Plain text of an actor as markup, its custom emoji as pictures."""
    return Markup(clean_stored(escape(text), emoji=pictures_of(actor, text)))


def pictures_of(told: Actor | Post, *texts: str) -> dict[str, str]:
    """Where the pictures of the shortcodes in `texts` are, for whoever is signed in here."""
    host = emoji.home_of(told)
    return {shortcode: f"/media/emoji/{host}/{shortcode}" for shortcode in emoji.used(told.emoji, *texts)}


def sight(request: web.Request, companies: Mapping[str, str] | None = None) -> Sight:
    settings = config(request)
    return Sight(
        app=request.app,
        viewer=viewer(request),
        locale=locale(request),
        zone=settings.time_zone,
        now=now(),
        company=settings.instance.name,
        host=settings.host,
        base_url=settings.base_url,
        max_characters=settings.posts.max_characters,
        place=request.app[TAIL].position,
        companies=companies or {},
    )
