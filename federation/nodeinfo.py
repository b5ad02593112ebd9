"""NodeInfo: what software this is, and nothing about the people who use it (DISC-11 to DISC-13, FEP-0151)."""

from importlib.metadata import PackageNotFoundError, version

from aiohttp import web

from federation.answers import json, not_found
from federation.wire import WIRE

_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
_VERSIONS = ("2.0", "2.1")
_SERVER = "https://www.w3.org/ns/activitystreams#Application"


async def index(request: web.Request) -> web.Response:
    """`GET /.well-known/nodeinfo`: where the documents are, and the actor of the server (FEP-2677)."""
    instance = request.app[WIRE].database.instance
    links = [{"rel": _SCHEMA + number, "href": instance.url(f"/nodeinfo/{number}")} for number in _VERSIONS]
    links.append({"rel": _SERVER, "href": instance.url("/ap/instance")})
    return json({"links": links}, "application/json")


async def document(request: web.Request) -> web.Response:
    """`GET /nodeinfo/2.0` or `/2.1`. Counts are left out, because wrong ones mislead and right ones leak."""
    number = request.match_info["version"]
    if number not in _VERSIONS:
        return not_found(request)
    instance = request.app[WIRE].database.instance
    return json(
        {
            "version": number,
            "software": {"name": "kontor", "version": _own_version()},
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []},
            "openRegistrations": False,
            "usage": {"users": {}},
            "metadata": {
                "nodeName": instance.name,
                "federation": {"enabled": True},
                # clients that do not know our name look here for whose client interface we have
                "upstream": {"name": "mastodon"},
            },
        },
        f'application/json; profile="{_SCHEMA}{number}#"',
    )


def _own_version() -> str:
    try:
        return version("kontor")
    except PackageNotFoundError:
        return "0"
