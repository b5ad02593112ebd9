"""What the house says to everybody: its texts and emoji, which admins keep, and announcements."""

import asyncio
from datetime import datetime, tzinfo

from aiohttp import web
from aiohttp.web_request import FileField

from models import announcements, emoji, house_texts, media
from models.announcements import Words
from models.errors import DomainError, Invalid, NotFound
from models.paging import page_of
from models.tables import Announcement, HouseTextName
from server import copies, images
from server.context import IMAGES, acting, admin, config, database, staff
from server.web import views
from server.web.answers import local_path, page, see_other
from server.web.forms import Fields, asked_page, fields, is_on, kept, number, paging, refused, text
from server.web.presenters import house as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

EMOJI_BYTES = 51_200
_EMOJI = images.Limits(max_bytes=EMOJI_BYTES, max_pixels=1_000_000)
_EMOJI_TYPES = ("image/png", "image/gif")
_ANNOUNCED = ("text", "published_at", "starts_at", "ends_at", "is_all_day")
_ANNOUNCEMENT = r"/house/announcements/{announcement_id:\d+}"
_PUBLIC = {"privacy": HouseTextName.PRIVACY, "terms": HouseTextName.TERMS, "rules": HouseTextName.RULES}


class NoTime(Invalid):
    """This is no date with a time."""

    code = "no_time"


class NoEmojiPicture(Invalid):
    """An emoji is a PNG or GIF of at most 50 KB."""

    code = "no_emoji_picture"


@routes.get("/house", name="house")
async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(
    request: web.Request,
    *,
    texts: views.Form | None = None,
    announcement: views.Form | None = None,
    sign: views.Form | None = None,
    status: int = 200,
) -> web.Response:
    by, looks = admin(request), sight(request)
    asked = asked_page(request)
    async with database(request).reading() as session:
        found = await page_of(session, announcements.all_of_house(by), Announcement.id, asked)
        part, links = paging(request, asked, [row.id for row in found])
        written = await house_texts.current(session)
        view = views.HouseView(
            texts=texts or views.Form(values={str(name): row.source for name, row in written.items()}),
            announcement=announcement or views.Form(),
            sign=sign or views.Form(),
            announcements=tuple(presenting.row(looks, row) for row in found[part]),
            emojis=tuple(presenting.emoji_row(looks, row) for row in await emoji.all_own(session)),
            paging=links,
        )
        return await page(request, session, looks, "web/house.html", view, status=status)


@routes.post("/house/texts", name="house-texts")
async def save_texts(request: web.Request) -> web.Response:
    by, form = admin(request), await fields(request)
    names = tuple(str(name) for name in HouseTextName)
    try:
        async with acting(request) as session:
            await house_texts.write(session, {name: text(form, str(name)) for name in HouseTextName}, by=by)
    except DomainError as error:
        typed = refused(error, "about", kept(form, names), fields=names)
        return await _show(request, texts=typed, status=error.status)
    return see_other(request, "/house", "saved")


# Announcements


@routes.post("/house/announcements", name="announcements")
async def announce(request: web.Request) -> web.Response:
    by, form = admin(request), await fields(request)
    try:
        words = _words(form, config(request).time_zone)
        async with acting(request) as session:
            await announcements.announce(session, words, by=by)
    except DomainError as error:
        typed = refused(error, "text", kept(form, _ANNOUNCED), fields=_ANNOUNCED)
        return await _show(request, announcement=typed, status=error.status)
    return see_other(request, "/house", "announced")


def _words(form: Fields, zone: tzinfo) -> Words:
    return Words(
        text=text(form, "text"),
        published_at=_time(form, "published_at", zone),
        starts_at=_time(form, "starts_at", zone),
        ends_at=_time(form, "ends_at", zone),
        is_all_day=is_on(form, "is_all_day"),
    )


@routes.get(_ANNOUNCEMENT, name="announcement")
async def edit(request: web.Request) -> web.Response:
    """The form that changes one."""
    return await _edit(request)


async def _edit(request: web.Request, form: views.Form | None = None, *, status: int = 200) -> web.Response:
    by, looks = admin(request), sight(request)
    wanted = announcements.all_of_house(by).where(Announcement.id == number(request, "announcement_id"))
    async with database(request).reading() as session:
        row = await session.scalar(wanted)
        if row is None:
            raise NotFound
        view = presenting.edited(looks, row, form)
        return await page(request, session, looks, "web/announcement.html", view, status=status)


@routes.post(_ANNOUNCEMENT)
async def change(request: web.Request) -> web.Response:
    """Change one; who put it away sees it again."""
    by, form = admin(request), await fields(request)
    try:
        words = _words(form, config(request).time_zone)
        async with acting(request) as session:
            await announcements.change(session, number(request, "announcement_id"), words, by=by)
    except NotFound:
        raise
    except DomainError as error:
        typed = refused(error, "text", kept(form, _ANNOUNCED), fields=_ANNOUNCED)
        return await _edit(request, typed, status=error.status)
    return see_other(request, "/house", "saved")


def _time(form: Fields, name: str, zone: tzinfo) -> datetime | None:
    """What a browser sends for a date with a time, in the time zone of the house."""
    typed = text(form, name).strip()
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise NoTime(field=name) from None


@routes.post(r"/house/announcements/{announcement_id:\d+}/end", name="announcement-end")
async def take_back(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await announcements.take_back(session, number(request, "announcement_id"), by=admin(request))
    return see_other(request, "/house", "announcement_deleted")


@routes.post(r"/announcements/{announcement_id:\d+}/dismissal", name="announcement-dismissal")
async def dismiss(request: web.Request) -> web.Response:
    """Put one away, for oneself."""
    form = await fields(request)
    async with acting(request) as session:
        await announcements.dismiss(session, number(request, "announcement_id"), by=staff(request))
    return see_other(request, local_path(text(form, "next")))


# Emoji


@routes.post("/house/emoji", name="house-emoji")
async def add_emoji(request: web.Request) -> web.Response:
    by, form = admin(request), await fields(request)
    typed = kept(form, ("shortcode", "category"))
    upload = form.get("picture")
    try:
        data = upload.file.read() if isinstance(upload, FileField) else b""
        if not data or len(data) > EMOJI_BYTES:
            raise NoEmojiPicture(field="picture")
        done = await images.process(data, pool=request.app[IMAGES], limits=_EMOJI)
        if done.media_type not in _EMOJI_TYPES:
            raise NoEmojiPicture(field="picture")
        file = media.random_name(copies.EXTENSIONS[done.media_type])
        await asyncio.to_thread(copies.write, config(request).media_directory, {file: done.data})
        async with acting(request) as session:
            await emoji.add_own(
                session,
                text(form, "shortcode").strip().strip(":"),
                file=file,
                media_type=done.media_type,
                by=by,
                category=text(form, "category"),
            )
    except DomainError as error:
        sign = refused(error, "picture", typed, fields=("shortcode", "category", "picture"))
        return await _show(request, sign=sign, status=error.status)
    return see_other(request, "/house", "emoji_added")


@routes.post(r"/house/emoji/{emoji_id:\d+}/end", name="house-emoji-end")
async def remove_emoji(request: web.Request) -> web.Response:
    async with acting(request) as session:
        file = await emoji.remove_own(session, number(request, "emoji_id"), by=admin(request))
    await asyncio.to_thread((config(request).media_directory / file).unlink, missing_ok=True)
    return see_other(request, "/house", "emoji_removed")


# For everybody


@routes.get("/about/{name:privacy|terms|rules}", name="house-text")
async def read(request: web.Request) -> web.Response:
    """One of the texts, also for visitors."""
    looks, name = sight(request), _PUBLIC[request.match_info["name"]]
    async with database(request).reading() as session:
        row = (await house_texts.current(session)).get(name)
        if row is None:
            raise NotFound(name=str(name))
        view = presenting.text_of(looks, row)
        return await page(request, session, looks, "web/house_text.html", view)
