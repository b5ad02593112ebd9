"""What somebody does not want to read: their filters, which count on these pages and in their applications."""

from datetime import timedelta

from aiohttp import web

from models import filters
from models.errors import DomainError, NotFound
from models.filters import CONTEXTS, KeywordWish, Wish
from models.tables import Filter
from models.viewers import Staff
from server.context import acting, database, staff
from server.web import views
from server.web.answers import page, see_other
from server.web.forms import Fields, fields, is_on, number, refused, text, whole
from server.web.presenters import filters as presenting
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_AT = "/settings/filters"
_ONE = _AT + r"/{filter_id:\d+}"
_LONGEST = 10 * 366 * 86_400


@routes.get(_AT, name="filters")
async def listed(request: web.Request) -> web.Response:
    looks, by = sight(request), staff(request)
    async with database(request).reading() as session:
        found = await session.scalars(filters.listed(by))
        view = views.FiltersView(filters=tuple(presenting.row(looks, each) for each in found))
        return await page(request, session, looks, "web/filters.html", view)


@routes.get(_AT + "/new", name="filter-new")
async def new(request: web.Request) -> web.Response:
    staff(request)
    return await _form(request, None)


async def _form(
    request: web.Request, found: Filter | None, form: views.Form | None = None, *, status: int = 200
) -> web.Response:
    looks = sight(request)
    async with database(request).reading() as session:
        view = presenting.form(looks, found, form)
        return await page(request, session, looks, "web/filter.html", view, status=status)


@routes.post(_AT, name="filters-new")
async def create(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    try:
        async with acting(request) as session:
            await filters.create(session, _wish(form, None), by=by)
    except DomainError as error:
        return await _form(request, None, _refused(error, form), status=error.status)
    return see_other(request, _AT, "saved")


@routes.get(_ONE, name="filter")
async def show(request: web.Request) -> web.Response:
    return await _form(request, await _one(request, staff(request)))


async def _one(request: web.Request, by: Staff) -> Filter:
    async with database(request).reading() as session:
        return await filters.one(session, number(request, "filter_id"), by=by)


@routes.post(_ONE)
async def change(request: web.Request) -> web.Response:
    by, form = staff(request), await fields(request)
    found = await _one(request, by)
    try:
        async with acting(request) as session:
            await filters.change(session, found.id, _wish(form, found), by=by)
    except NotFound:
        raise
    except DomainError as error:
        return await _form(request, found, _refused(error, form), status=error.status)
    return see_other(request, _AT, "saved")


@routes.post(_ONE + "/end", name="filter-end")
async def end(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await filters.delete(session, number(request, "filter_id"), by=staff(request))
    return see_other(request, _AT, "filter_deleted")


def _wish(form: Fields, found: Filter | None) -> Wish:
    """What a form asks of a filter: a word that is there and was emptied goes, what a form does not have stays."""
    words = [
        KeywordWish(
            id=row.id,
            keyword=text(form, f"word-{row.id}"),
            whole_word=is_on(form, f"whole-{row.id}"),
            is_gone=not text(form, f"word-{row.id}").strip(),
        )
        for row in (found.keywords if found is not None else ())
        if f"word-{row.id}" in form
    ]
    words += [
        KeywordWish(keyword=typed, whole_word=is_on(form, f"whole-{name}"))
        for name in presenting.NEW
        if (typed := text(form, f"word-{name}").strip())
    ]
    lasts = whole(text(form, "lasts"))
    return Wish(
        title=text(form, "title"),
        contexts=[name for name in CONTEXTS if is_on(form, f"in-{name}")],
        action=text(form, "action") or None,
        ends=lasts is not None,
        lasts=timedelta(seconds=min(lasts, _LONGEST)) if lasts else None,
        keywords=words,
    )


_FIELDS = ("title", "contexts", "action", "words")
_NAMES = {"context": "contexts", "filter_action": "action", "keyword": "words"}


def _refused(error: DomainError, form: Fields) -> views.Form:
    """The form again, with everything that was typed."""
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    field = _NAMES.get(str(error.facts.get("field")), str(error.facts.get("field") or "words"))
    again = refused(error, "words", values)
    return views.Form(values=values, errors={field if field in _FIELDS else "words": next(iter(again.errors.values()))})
