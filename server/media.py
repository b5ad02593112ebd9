"""Files over HTTP: who may fetch them, links that expire, and copies of files that live elsewhere.

A reader never asks another company's server for a picture or video: we fetch it, decode and re-encode it, and serve
the copy (R-56). What is not public needs a sign-in, a signature of an admitted server, or a link that we signed and
that ends with the next day; such a link is the same all day, so that it can be part of what is cached.
"""

from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from federation import trust
from federation.vocabulary import accepts_activity
from federation.wire import WIRE
from models import emoji, policy
from models import media as files
from models.errors import NotFound
from models.tables import Actor, LinkCard, Media, MediaKind
from models.viewers import ANONYMOUS, RemoteViewer, Staff, Viewer
from server import copies, recordings, uploads
from server.context import CONFIG, DATABASE, LINKS, REMOTE_FILES, VIEWER

_CARD_BYTES = 4_194_304
_TYPES = {extension: media_type for media_type, extension in copies.EXTENSIONS.items()}
_INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def url_of(app: web.Application, media: Media, *, owner: int | None = None) -> str:
    """Where a browser or client fetches a file: ours, or our copy of one elsewhere."""
    if media.file is None:
        return app[LINKS].sign(f"/media/remote/{media.id}")
    return app[LINKS].sign(f"/media/{media.file}", owner=owner)


def preview_of(app: web.Application, media: Media, *, owner: int | None = None) -> str | None:
    """The picture that stands for a file; None for sounds, and for videos elsewhere that came without one."""
    if media.file is not None and media.preview_file is not None:
        return app[LINKS].sign(f"/media/{media.preview_file}", owner=owner)
    if media.kind is MediaKind.IMAGE:
        return url_of(app, media, owner=owner)
    if media.remote_preview_url is not None:
        return app[LINKS].sign(f"/media/remote/{media.id}/preview")
    return None


def is_shown(media: Media) -> bool:
    """Whether a file can be shown here: without PyAV no video of another server is."""
    if media.kind is MediaKind.IMAGE or media.file is not None:
        return True
    return media.kind.plays and recordings.is_available()


def unfit(app: web.Application, urls: Iterable[str]) -> frozenset[str]:
    """Which files elsewhere were found to be nothing we can show, when a copy was last asked for: too large, or no
    picture or recording. Who could not be reached may be there again."""
    copies = app.get(REMOTE_FILES)
    if copies is None:
        return frozenset()
    return frozenset(url for url in urls if copies.failure(url) in ("too_large", "unreadable"))


def avatar_of(app: web.Application, actor: Actor) -> str | None:
    """An actor's picture; None without one. `actor.avatar` must be loaded for ours."""
    if actor.is_local:
        return url_of(app, actor.avatar) if actor.avatar_id is not None and actor.avatar is not None else None
    return app[LINKS].sign(f"/media/actor/{actor.id}/avatar/{actor.version}") if actor.avatar_url else None


def header_of(app: web.Application, actor: Actor, header: Media | None = None) -> str | None:
    if actor.is_local:
        return url_of(app, header) if header is not None else None
    return app[LINKS].sign(f"/media/actor/{actor.id}/header/{actor.version}") if actor.header_url else None


def emoji_of(app: web.Application, host: str, shortcode: str) -> str:
    """The picture that a shortcode stands for on another server."""
    return app[LINKS].sign(f"/media/emoji/{host}/{shortcode}")


def card_image_of(app: web.Application, card: LinkCard) -> str:
    """The picture of a page that somebody linked to."""
    return app[LINKS].sign(f"/media/card/{card.id}")


# Serving


async def _asker(request: web.Request) -> Viewer:
    """A colleague's browser, an admitted server by its signature, or anybody."""
    found = request.get(VIEWER, ANONYMOUS)
    if isinstance(found, Staff) or "Signature" not in request.headers:
        return found if isinstance(found, Staff) else ANONYMOUS
    asked = await trust.viewer(request, request.app[WIRE])
    return asked if isinstance(asked, RemoteViewer) else ANONYMOUS


def _refuse_to_be_read_as_document(request: web.Request) -> None:
    """A file is never an answer for who asks for ActivityPub, whatever is in it (R-12)."""
    if accepts_activity(request.headers.get("Accept")):
        raise web.HTTPNotAcceptable


async def show(request: web.Request) -> web.StreamResponse:
    """A file of ours, or its preview."""
    _refuse_to_be_read_as_document(request)
    name = request.match_info["file"]
    by_link = request.app[LINKS].holds(request.path, request.query)
    asker = ANONYMOUS if by_link else await _asker(request)
    async with request.app[DATABASE].reading() as session:
        of_name = (Media.file == name) | (Media.preview_file == name)
        owner = int(request.query["owner"]) if by_link and "owner" in request.query else None
        media = await session.scalar(policy.media_behind_a_link(owner).where(of_name)) if by_link else None
        if media is None:
            media = await files.visible(session, asker, file=name)
        is_public = await session.scalar(policy.visible_media(ANONYMOUS).where(Media.id == media.id)) is not None
    cache = "public, max-age=86400" if is_public else "private, max-age=3600"
    return _file(request.app[CONFIG].media_directory / name, cache)


async def show_remote(request: web.Request) -> web.StreamResponse:
    """Our copy of a file of a post from elsewhere."""
    _refuse_to_be_read_as_document(request)
    media_id = int(request.match_info["media_id"])
    async with request.app[DATABASE].reading() as session:
        if request.app[LINKS].holds(request.path, request.query):
            media = await session.scalar(policy.media_behind_a_link().where(Media.id == media_id))
        else:
            media = await files.visible(session, await _asker(request), media_id=media_id)
    if media is None or media.remote_url is None or not is_shown(media):
        raise NotFound(media_id=media_id)
    if "preview" not in request.match_info:
        return await _copy(request, media.remote_url, plays=media.kind.plays)
    if media.remote_preview_url is None:
        raise NotFound(media_id=media_id)
    return await _copy(request, media.remote_preview_url)


async def show_actor(request: web.Request) -> web.StreamResponse:
    """Our copy of the picture or header of an actor elsewhere."""
    _refuse_to_be_read_as_document(request)
    actor_id = int(request.match_info["actor_id"])
    async with request.app[DATABASE].reading() as session:
        if request.app[LINKS].holds(request.path, request.query):
            actor = await session.get(Actor, actor_id)
        else:
            actor = await session.scalar(policy.visible_actors(await _asker(request)).where(Actor.id == actor_id))
    url = None
    if actor is not None and actor.deleted_at is None:
        url = actor.avatar_url if request.match_info["which"] == "avatar" else actor.header_url
    if url is None:
        raise NotFound(actor_id=actor_id)
    return await _copy(request, url)


async def show_emoji(request: web.Request) -> web.StreamResponse:
    """Our copy of a custom emoji of another server."""
    _refuse_to_be_read_as_document(request)
    host, shortcode = request.match_info["host"], request.match_info["shortcode"]
    if not request.app[LINKS].holds(request.path, request.query) and not isinstance(await _asker(request), Staff):
        raise NotFound(host=host)
    async with request.app[DATABASE].reading() as session:
        found = await emoji.find(session, host, shortcode)
    if found is None:
        raise NotFound(host=host, shortcode=shortcode)
    if found.file is not None:  # ours
        return _file(request.app[CONFIG].media_directory / found.file, "private, max-age=86400")
    return await _copy(request, found.url, max_bytes=emoji.LARGEST)


async def show_own_emoji(request: web.Request) -> web.StreamResponse:
    """An emoji of the house, for everybody who has its address: it goes where posts go."""
    _refuse_to_be_read_as_document(request)
    name = request.match_info["file"]
    async with request.app[DATABASE].reading() as session:
        found = await emoji.own_file(session, name)
    if found is None:
        raise NotFound(file=name)
    return _file(request.app[CONFIG].media_directory / name, "public, max-age=86400")


async def show_card(request: web.Request) -> web.StreamResponse:
    """Our copy of the picture of a page that somebody linked to."""
    _refuse_to_be_read_as_document(request)
    card_id = int(request.match_info["card_id"])
    if not request.app[LINKS].holds(request.path, request.query) and not isinstance(await _asker(request), Staff):
        raise NotFound(card_id=card_id)
    async with request.app[DATABASE].reading() as session:
        card = await session.get(LinkCard, card_id)
    if card is None or card.image_url is None:
        raise NotFound(card_id=card_id)
    return await _copy(request, card.image_url, max_bytes=_CARD_BYTES, anywhere=True)


async def _copy(
    request: web.Request, url: str, *, max_bytes: int | None = None, anywhere: bool = False, plays: bool = False
) -> web.StreamResponse:
    copies = request.app[REMOTE_FILES]
    place = await (copies.get_recording(url) if plays else copies.get(url, max_bytes=max_bytes, anywhere=anywhere))
    if place is None:
        raise NotFound(url=url)
    return _file(place, "private, max-age=86400")


def _file(place: Path, cache: str) -> web.FileResponse:
    """The file, or the part of it that was asked for. Only pictures are opened where they are (R-92)."""
    if not place.is_file():
        raise NotFound(file=place.name)
    media_type = _TYPES[place.suffix[1:]]
    headers = {**_INERT, "Content-Type": media_type, "Cache-Control": cache}
    if not media_type.startswith("image/"):
        headers["Content-Disposition"] = "attachment"
    return web.FileResponse(place, headers=headers)


def setup(app: web.Application) -> None:
    uploads.setup(app)
    app.router.add_get(r"/media/remote/{media_id:\d+}", show_remote, name="media-remote")
    app.router.add_get(r"/media/remote/{media_id:\d+}/{preview:preview}", show_remote, name="media-remote-preview")
    app.router.add_get(
        r"/media/actor/{actor_id:\d+}/{which:avatar|header}/{version:\d+}", show_actor, name="media-actor"
    )
    app.router.add_get(r"/media/own-emoji/{file:[0-9a-f]{2}/[0-9a-f]{40}\.(?:png|gif)}", show_own_emoji)
    app.router.add_get(r"/media/card/{card_id:\d+}", show_card, name="media-card")
    app.router.add_get(
        r"/media/emoji/{host:[a-z0-9._:-]+}/{shortcode:[A-Za-z0-9_]{1,64}}", show_emoji, name="media-emoji"
    )
    app.router.add_get(rf"/media/{{file:[0-9a-f]{{2}}/[0-9a-f]{{40}}\.(?:{'|'.join(_TYPES)})}}", show, name="media")
