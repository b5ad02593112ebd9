"""Meeting people and posts elsewhere by their handle or address, when somebody looks for them."""

import asyncio
import logging

from aiohttp import web

from federation.errors import ProtocolError
from models.errors import DomainError
from models.tables import Actor, Post
from models.viewers import Staff
from server.context import RESOLVER

log = logging.getLogger(__name__)

_PATIENCE = 15.0


async def meet(app: web.Application, by: Staff, text: str) -> Actor | Post | None:
    """Ask the wire for what `text` names; None where nothing is found, nobody is asked, or it takes too long."""
    resolver = app.get(RESOLVER)
    if resolver is None or not _names_something(text):
        return None
    try:
        async with asyncio.timeout(_PATIENCE):
            return await resolver(text, by)
    except (DomainError, ProtocolError) as error:
        log.info("not resolved", extra={"code": error.code})
    except TimeoutError:
        log.info("resolving took too long")
    return None


def _names_something(text: str) -> bool:
    """Whether `text` is an address, or a handle with a host."""
    if text.startswith(("http://", "https://")):
        return True
    name, at, host = text.lstrip("@!").partition("@")
    return bool(name and at and host) and " " not in text
