"""The description of this interface, for whoever builds clients by machine."""

from collections.abc import Iterable

from aiohttp import web

from server import VERSION
from server.api import answers
from server.api.answers import encoded
from server.api.routing import Access, Call, Route, Routes

routes = Routes()

_TABLE: web.AppKey[Iterable[Route]] = web.AppKey("api_table")
_WRITTEN = web.AppKey("api_description", list[bytes])


def setup(app: web.Application, table: Iterable[Route]) -> None:
    """Describe what is in `table`."""
    app[_TABLE] = table
    app[_WRITTEN] = []


@routes.get("/api/openapi.json", access=Access.PUBLIC)
async def show(call: Call) -> web.Response:
    """All endpoints, what they take and what they answer (OpenAPI 3.1)."""
    written = call.app[_WRITTEN]
    if not written:
        written.append(_document(call))
    return answers.answer_bytes(written[0])


def _document(call: Call) -> bytes:
    """Written when somebody asks for the first time: most processes never need it."""
    from server.api.contract.openapi import description

    config = call.config
    return encoded(description(call.app[_TABLE], title=config.instance.name, version=VERSION, base_url=config.base_url))
