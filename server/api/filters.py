"""Filters: words and posts that somebody does not want to be shown, or not without a warning."""

from datetime import timedelta

from aiohttp import web
from msgspec.structs import replace

from models import filters
from models.errors import Invalid
from models.filters import KeywordWish, Wish
from server.api import answers
from server.api.entities import filters as entities
from server.api.params import BadValue, Params
from server.api.routing import Call, Routes

routes = Routes()

_LONGEST = 3650 * 86_400


class PhraseMissing(Invalid):
    """Validation failed: Phrase can't be blank"""

    code = "phrase_missing"


def lasts(sent: Params) -> timedelta | None:
    """How long a filter is to last; None where it is to last for ever."""
    if not sent.text("expires_in").strip():
        return None
    return timedelta(seconds=sent.number("expires_in", 0, least=0, most=_LONGEST))


def contexts(sent: Params) -> list[str] | None:
    return sent.texts("context") if sent.has("context") else None


def _wish(sent: Params) -> Wish:
    return Wish(
        title=sent.maybe_text("title"),
        contexts=contexts(sent),
        action=sent.text("filter_action").strip() or None,
        ends=sent.has("expires_in"),
        lasts=lasts(sent),
        keywords=[
            replace(_keyword(row), id=row.id("id"), is_gone=row.flag("_destroy"))
            for row in sent.tables("keywords_attributes") or ()
        ],
    )


def _keyword(sent: Params) -> KeywordWish:
    return KeywordWish(keyword=sent.maybe_text("keyword"), whole_word=sent.maybe_flag("whole_word"))


@routes.get("/api/v2/filters", "read:filters")
async def listed(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await session.scalars(filters.listed(call.staff))
        return answers.answer([entities.filter_of(row) for row in found])


@routes.post("/api/v2/filters", "write:filters")
async def create(call: Call) -> web.Response:
    async with call.writing() as session:
        made = await filters.create(session, _wish(call.params), by=call.staff)
        return answers.answer(entities.filter_of(made))


@routes.get(r"/api/v2/filters/{id:\d+}", "read:filters")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer(entities.filter_of(await filters.one(session, call.id(), by=call.staff)))


@routes.put(r"/api/v2/filters/{id:\d+}", "write:filters")
async def update(call: Call) -> web.Response:
    """Change what is sent; keywords come with their id, without one they are new, and go with `_destroy`."""
    async with call.writing() as session:
        changed = await filters.change(session, call.id(), _wish(call.params), by=call.staff)
        return answers.answer(entities.filter_of(changed))


@routes.delete(r"/api/v2/filters/{id:\d+}", "write:filters")
async def delete(call: Call) -> web.Response:
    async with call.writing() as session:
        await filters.delete(session, call.id(), by=call.staff)
    return answers.answer({})


# Keywords


@routes.get(r"/api/v2/filters/{id:\d+}/keywords", "read:filters")
async def keywords(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await filters.one(session, call.id(), by=call.staff)
        return answers.answer([entities.keyword(row) for row in found.keywords])


@routes.post(r"/api/v2/filters/{id:\d+}/keywords", "write:filters")
async def add_keyword(call: Call) -> web.Response:
    async with call.writing() as session:
        made = await filters.add_keyword(session, call.id(), _keyword(call.params), by=call.staff)
        return answers.answer(entities.keyword(made))


@routes.get(r"/api/v2/filters/keywords/{id:\d+}", "read:filters")
async def keyword(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer(entities.keyword(await filters.keyword(session, call.id(), by=call.staff)))


@routes.put(r"/api/v2/filters/keywords/{id:\d+}", "write:filters")
async def update_keyword(call: Call) -> web.Response:
    async with call.writing() as session:
        changed = await filters.change_keyword(session, call.id(), _keyword(call.params), by=call.staff)
        return answers.answer(entities.keyword(changed))


@routes.delete(r"/api/v2/filters/keywords/{id:\d+}", "write:filters")
async def delete_keyword(call: Call) -> web.Response:
    async with call.writing() as session:
        await filters.delete_keyword(session, call.id(), by=call.staff)
    return answers.answer({})


# Posts


@routes.get(r"/api/v2/filters/{id:\d+}/statuses", "read:filters")
async def statuses(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await filters.one(session, call.id(), by=call.staff)
        return answers.answer([entities.status(row) for row in found.posts])


@routes.post(r"/api/v2/filters/{id:\d+}/statuses", "write:filters")
async def add_status(call: Call) -> web.Response:
    post_id = call.params.id("status_id")
    if post_id is None:
        raise BadValue(field="status_id")
    async with call.writing() as session:
        made = await filters.add_post(session, call.id(), post_id, by=call.staff)
        return answers.answer(entities.status(made))


@routes.get(r"/api/v2/filters/statuses/{id:\d+}", "read:filters")
async def status(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer(entities.status(await filters.post(session, call.id(), by=call.staff)))


@routes.delete(r"/api/v2/filters/statuses/{id:\d+}", "write:filters")
async def delete_status(call: Call) -> web.Response:
    async with call.writing() as session:
        await filters.delete_post(session, call.id(), by=call.staff)
    return answers.answer({})


# As clients before 4.0 know them: each keyword is a filter


@routes.get("/api/v1/filters", "read:filters")
async def listed_alone(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await session.scalars(filters.keywords(call.staff))
        return answers.answer([entities.alone(row, row.filter) for row in found])


@routes.post("/api/v1/filters", "write:filters")
async def create_alone(call: Call) -> web.Response:
    """A filter with one keyword, which is its title, too."""
    phrase = call.params.text("phrase")
    if not phrase.strip():
        raise PhraseMissing(field="phrase")
    only = KeywordWish(keyword=phrase, whole_word=call.params.flag("whole_word"))
    async with call.writing() as session:
        wish = replace(_wish_alone(call.params), title=phrase[:200], keywords=[only])
        made = await filters.create(session, wish, by=call.staff)
        return answers.answer(entities.alone(made.keywords[0], made))


def _wish_alone(sent: Params) -> Wish:
    hides = sent.maybe_flag("irreversible")
    return Wish(
        contexts=contexts(sent),
        action=None if hides is None else "hide" if hides else "warn",
        ends=sent.has("expires_in"),
        lasts=lasts(sent),
    )


@routes.get(r"/api/v1/filters/{id:\d+}", "read:filters")
async def show_alone(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await filters.keyword(session, call.id(), by=call.staff)
        return answers.answer(entities.alone(found, found.filter))


@routes.put(r"/api/v1/filters/{id:\d+}", "write:filters")
async def update_alone(call: Call) -> web.Response:
    sent = call.params
    phrase = sent.maybe_text("phrase")
    if phrase is not None and not phrase.strip():
        raise PhraseMissing(field="phrase")
    alone = KeywordWish(keyword=phrase, whole_word=sent.maybe_flag("whole_word"))
    async with call.writing() as session:
        changed = await filters.change_alone(session, call.id(), alone, _wish_alone(sent), by=call.staff)
        return answers.answer(entities.alone(changed, changed.filter))


@routes.delete(r"/api/v1/filters/{id:\d+}", "write:filters")
async def delete_alone(call: Call) -> web.Response:
    async with call.writing() as session:
        await filters.delete_alone(session, call.id(), by=call.staff)
    return answers.answer({})
