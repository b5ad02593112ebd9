"""Lists by which other software keeps people from signing up. Nobody signs up here, so they are empty and stay so."""

from aiohttp import web

from models.errors import Invalid, NotFound
from server.api import answers
from server.api.routing import Access, Call, Routes

routes = Routes()


class NobodySignsUp(Invalid):
    """Accounts are made by the company's admins, so nobody has to be kept from signing up."""

    code = "nobody_signs_up"


async def _listed(call: Call) -> web.Response:
    return answers.answer([])


async def _refused(call: Call) -> web.Response:
    raise NobodySignsUp


async def _missing(call: Call) -> web.Response:
    raise NotFound


for _name, _changes in (
    ("ip_blocks", ("PUT", "DELETE")),
    ("email_domain_blocks", ("DELETE",)),
    ("canonical_email_blocks", ("DELETE",)),
):
    _path = f"/api/v1/admin/{_name}"
    routes.get(_path, f"admin:read:{_name}", access=Access.ADMIN)(_listed)
    routes.post(_path, f"admin:write:{_name}", access=Access.ADMIN)(_refused)
    routes.get(_path + r"/{id:\d+}", f"admin:read:{_name}", access=Access.ADMIN)(_missing)
    for _method in _changes:
        routes.route(_method, _path + r"/{id:\d+}", f"admin:write:{_name}", access=Access.ADMIN)(_missing)


@routes.post("/api/v1/admin/canonical_email_blocks/test", "admin:read:canonical_email_blocks", access=Access.ADMIN)
async def test(call: Call) -> web.Response:
    """Which blocks an address would meet: none."""
    return await _listed(call)
