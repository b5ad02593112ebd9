"""What browsers send: texts, choices, pages of lists, uploaded pictures."""

from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web
from aiohttp.web_request import FileField
from msgspec import Struct
from multidict import MultiDictProxy

from models.errors import DomainError, NotFound
from models.media import TooManyWaiting, own
from models.paging import Page
from models.posts.drafts import TooManyFiles
from models.tables import Media
from server.context import database, staff
from server.images import ImageRefused
from server.recordings import RecordingRefused
from server.uploads import PROCESSING, refusal_of, store
from server.web import views
from server.web.answers import sentence

Fields = MultiDictProxy[str | bytes | bytearray | FileField]

PAGE_SIZE = 20
_LONGEST_WORD = 200
_READY_WITHIN = 30.0


async def fields(request: web.Request) -> Fields:
    return await request.post()


def text(form: Fields, name: str, default: str = "") -> str:
    """A text field; line ends as browsers send them are made one character."""
    value = form.get(name, default)
    return value.replace("\r\n", "\n") if isinstance(value, str) else default


def texts(form: Fields, name: str) -> list[str]:
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def is_on(form: Fields, name: str) -> bool:
    return text(form, name) in ("on", "yes", "1")


def kept(form: Fields, names: Iterable[str]) -> dict[str, str]:
    """The texts in `names`, to show them again."""
    return {name: text(form, name) for name in names if name in form}


def whole(value: str) -> int | None:
    """A positive whole number that fits into an id; None for anything else."""
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 19 else None


def refused(error: DomainError, fallback: str, values: Mapping[str, str], *, fields: Sequence[str] = ()) -> views.Form:
    """A form shown again: everything typed is in it, the sentence stands at the field it is about."""
    name = str(error.facts.get("field") or fallback)
    if fields and name not in fields:
        name = fallback
    return views.Form(values=values, errors={name: sentence(error)})


def number(request: web.Request, name: str) -> int:
    """A number in the path; one that no id can be is as unknown as any other."""
    found = whole(request.match_info[name])
    if found is None:
        raise NotFound
    return found


def words(request: web.Request, name: str = "q") -> str:
    """What somebody searches for."""
    return " ".join(request.query.get(name, "")[:_LONGEST_WORD].split())


def asked_page(request: web.Request, limit: int = PAGE_SIZE) -> Page:
    """The page of a list: `?before=ID` goes to older, `?after=ID` to newer entries. One more is read than is shown."""
    return Page(
        limit=limit + 1, max_id=whole(request.query.get("before", "")), min_id=whole(request.query.get("after", ""))
    )


class Turned(Struct, frozen=True):
    """What of the rows read is on the page, and whether there is more on either side."""

    first: int
    last: int
    newer: bool
    older: bool


def turned(page: Page, ids: Sequence[int]) -> Turned:
    """Where a page begins and ends among `ids`, newest first, which hold one more than fits when there is more."""
    limit = page.limit - 1
    more = len(ids) > limit
    if page.min_id is not None:
        return Turned(1 if more else 0, len(ids), newer=more, older=bool(ids))
    return Turned(0, min(len(ids), limit), newer=page.max_id is not None and bool(ids), older=more)


def paging(request: web.Request, page: Page, ids: Sequence[int]) -> tuple[slice, views.Paging]:
    """The part of the rows to show, and the links to newer and older ones; what else is in the query stays."""
    found = turned(page, ids)
    shown = ids[found.first : found.last]
    newer = _with(request, after=shown[0]) if found.newer and shown else None
    older = _with(request, before=shown[-1]) if found.older and shown else None
    return slice(found.first, found.last), views.Paging(newer_url=newer, older_url=older)


def _with(request: web.Request, **change: int) -> str:
    query = [(key, value) for key, value in request.query.items() if key not in ("before", "after")]
    return str(request.rel_url.with_query([*query, *((key, str(value)) for key, value in change.items())]))


class Uploads(Struct, frozen=True):
    """Files that came with a form: the ids of those kept, in order, and what was wrong with the first other."""

    media_ids: tuple[int, ...]
    describes: dict[int, str]
    fault: str = ""


async def uploads(request: web.Request, form: Fields, *, most: int) -> Uploads:
    """Keep the files of a form: earlier ones are in `media` and `media-alt-<id>`, new ones in `image` and `alt`.

    Each is decoded and stored before the post is written, so that a refused form does not lose them.
    """
    dropped = {whole(value) for value in texts(form, "drop")}
    ids = [found for value in texts(form, "media") if (found := whole(value)) is not None and found not in dropped]
    describes = {media_id: text(form, f"media-alt-{media_id}") for media_id in ids}
    fault = ""
    alts = texts(form, "alt")
    for position, file in enumerate(form.getall("image", [])):
        if not isinstance(file, FileField) or not file.filename:
            continue
        if len(ids) >= most:
            fault = fault or sentence(TooManyFiles(field="image", limit=most))
            break
        try:
            media = await _stored(request, file.file.read())
        except (ImageRefused, RecordingRefused, TooManyWaiting) as error:
            fault = fault or sentence(error)
            continue
        ids.append(media.id)
        describes[media.id] = alts[position] if position < len(alts) else ""
    return Uploads(tuple(dict.fromkeys(ids)), describes, fault)


async def _stored(request: web.Request, data: bytes) -> Media:
    """An upload that is ready, or a video that takes longer than anybody wants to look at a page that loads."""
    by = staff(request)
    media = await store(request.app, data, by=by)
    if not await request.app[PROCESSING].finished(media.id, within=_READY_WITHIN):
        return media
    async with database(request).reading() as session:
        media = await own(session, media.id, by=by)
    refusal = refusal_of(media)
    if refusal is not None:
        raise refusal
    return media
