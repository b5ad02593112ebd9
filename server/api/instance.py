"""What anybody may know of the instance before signing in, and what else clients ask it about."""

from datetime import date

from aiohttp import web
from babel import Locale
from sqlalchemy import text as sql

from models import house_texts, tallies
from models.errors import NotFound
from models.tables import HouseText, HouseTextName
from server import push
from server.api import answers
from server.api.entities import instances
from server.api.entities.times import maybe
from server.api.routing import Access, Call, Routes
from server.context import DATABASE

routes = Routes()


@routes.get("/api/v2/instance", access=Access.PUBLIC)
async def show_v2(call: Call) -> web.Response:
    body = instances.instance_v2(call.config, *await _house(call))
    body["configuration"]["vapid"]["public_key"] = await push.public_key(call.app)
    return answers.answer(body)


@routes.get("/api/v1/instance", access=Access.PUBLIC)
async def show_v1(call: Call) -> web.Response:
    return answers.answer(instances.instance_v1(call.config, *await _house(call)))


async def _house(call: Call) -> tuple[tallies.House, instances.Texts]:
    """What the house says about itself, and for its people how many they are."""
    async with call.reading() as session:
        texts = await house_texts.current(session)
    return await tallies.of_house(call.app[DATABASE], call.viewer), texts


@routes.get("/api/v1/instance/peers", access=Access.PUBLIC)
@routes.get("/api/v1/instance/activity", access=Access.PUBLIC)
@routes.get("/api/v1/instance/domain_blocks", access=Access.PUBLIC)
async def nothing_listed(call: Call) -> web.Response:
    """Whom the company trades with, whom it keeps away and how much it talks is nobody's business; admins have their
    pages for it."""
    return answers.answer([])


@routes.get("/api/v1/instance/rules", access=Access.PUBLIC)
async def rules(call: Call) -> web.Response:
    return answers.answer(instances.rules((await _texts(call)).get(HouseTextName.RULES)))


@routes.get("/api/v1/instance/extended_description", access=Access.PUBLIC)
async def extended_description(call: Call) -> web.Response:
    return _written((await _texts(call)).get(HouseTextName.ABOUT))


@routes.get("/api/v1/instance/privacy_policy", access=Access.PUBLIC)
async def privacy_policy(call: Call) -> web.Response:
    return _written((await _texts(call)).get(HouseTextName.PRIVACY))


async def _texts(call: Call) -> instances.Texts:
    async with call.reading() as session:
        return await house_texts.current(session)


def _written(row: HouseText | None) -> web.Response:
    """An unwritten text is empty: an error would put a box on the client's first screen."""
    if row is None:
        return answers.answer({"updated_at": None, "content": ""})
    return answers.answer({"updated_at": maybe(row.created_at), "content": row.html})


@routes.get("/api/v1/instance/terms_of_service", access=Access.PUBLIC)
async def terms(call: Call) -> web.Response:
    """The terms in force."""
    async with call.reading() as session:
        found = await house_texts.terms(session)
    if not found or not found[0][1].source:
        raise NotFound
    return answers.answer(instances.terms(*found[0], succeeded_by=None))


@routes.get(r"/api/v1/instance/terms_of_service/{date}", access=Access.PUBLIC)
async def terms_of_day(call: Call) -> web.Response:
    """The terms that came into force on a day."""
    async with call.reading() as session:
        found = await house_texts.terms(session)
    try:
        day = date.fromisoformat(call.name("date"))
    except ValueError:
        raise NotFound from None
    successor = None
    for since, row in found:
        if since == day and row.source:
            return answers.answer(instances.terms(since, row, succeeded_by=successor))
        successor = since
    raise NotFound(day=str(day))


@routes.get("/api/v1/instance/languages", access=Access.PUBLIC)
async def languages(call: Call) -> web.Response:
    """The languages people can choose here, by their own names."""
    codes = call.config.instance.languages
    return answers.answer([{"code": code, "name": Locale.parse(code).get_display_name(code) or code} for code in codes])


@routes.get("/api/v1/instance/translation_languages", access=Access.PUBLIC)
async def translation_languages(call: Call) -> web.Response:
    return answers.answer({})


@routes.get("/health", access=Access.PUBLIC)
async def health(call: Call) -> web.Response:
    """Whether this process answers and reaches its database."""
    async with call.reading() as session:
        await session.execute(sql("SELECT 1"))
    return web.Response(text="OK", headers={"Cache-Control": "no-store"})
