"""What anybody may know of the instance before signing in, and what else clients ask it about."""

from aiohttp import web

from models import tallies
from models.viewers import Staff
from server.api import answers
from server.api.entities import instances
from server.api.routing import Access, Call, Routes

routes = Routes()


@routes.get("/api/v2/instance", access=Access.PUBLIC)
async def show_v2(call: Call) -> web.Response:
    return answers.answer(instances.instance_v2(call.config, await _house(call)))


@routes.get("/api/v1/instance", access=Access.PUBLIC)
async def show_v1(call: Call) -> web.Response:
    return answers.answer(instances.instance_v1(call.config, await _house(call)))


async def _house(call: Call) -> tallies.House:
    if not isinstance(call.viewer, Staff):
        return tallies.House()
    async with call.reading() as session:
        return await tallies.of_house(session, call.viewer)


@routes.get("/api/v1/instance/peers", access=Access.PUBLIC)
@routes.get("/api/v1/instance/rules", access=Access.PUBLIC)
@routes.get("/api/v1/instance/activity", access=Access.PUBLIC)
@routes.get("/api/v1/instance/domain_blocks", access=Access.PUBLIC)
async def nothing_listed(call: Call) -> web.Response:
    """No rules are written down, and whom the company trades with and how much it talks is nobody's business."""
    return answers.answer([])


@routes.get("/api/v1/instance/extended_description", access=Access.PUBLIC)
@routes.get("/api/v1/instance/privacy_policy", access=Access.PUBLIC)
async def nothing_written(call: Call) -> web.Response:
    """Both pages are there and empty: an error would put a box on the client's first screen."""
    return answers.answer({"updated_at": None, "content": ""})


@routes.get("/api/v1/instance/translation_languages", access=Access.PUBLIC)
async def translation_languages(call: Call) -> web.Response:
    return answers.answer({})
