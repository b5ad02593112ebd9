"""Client applications: registering one, and looking at one's own."""

import re
from urllib.parse import urlsplit

from aiohttp import web

from models import tokens
from models.errors import Invalid
from models.tables import Application
from server import push
from server.api import answers
from server.api.limits import REGISTRATIONS
from server.api.routing import Access, Call, Routes
from server.auth.attempts import address_of
from server.auth.scopes import Scopes

routes = Routes()

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
NAME_LIMIT = 200
_URI_LIMIT = 2000
_MOST_URIS = 20
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
# what a browser would run or open instead of handing it to an application
_DANGEROUS = frozenset(
    {
        "javascript",
        "data",
        "vbscript",
        "file",
        "blob",
        "about",
        "view-source",
        "filesystem",
        "mailto",
        "tel",
        "ws",
        "wss",
    }
)


class BadRedirect(Invalid):
    """This redirect address cannot be used: give an address with a scheme, without a fragment."""

    code = "bad_redirect_uri"


class NameMissing(Invalid):
    """An application needs a name."""

    code = "name_missing"


class BadWebsite(Invalid):
    """The website of an application is an http or https address."""

    code = "bad_website"


@routes.post("/api/v1/apps", access=Access.PUBLIC)
async def create(call: Call) -> web.Response:
    """Register an application; anybody may, and gets nothing by it but the right to ask people."""
    request = call.request
    request.app[REGISTRATIONS].spend(f"address {address_of(request)}")
    name = call.params.text("client_name").strip()
    if not name:
        raise NameMissing(field="client_name")
    uris = redirect_uris(call.params.texts("redirect_uris"))
    website = website_of(call.params.maybe_text("website"))
    scopes = Scopes.parse(call.params.text("scopes") or call.params.text("scope"))
    async with call.writing() as session:
        application, secret = await tokens.register(
            session, name=name, website=website, redirect_uris=uris, scopes=str(scopes)
        )
    return answers.answer(
        {
            **entity(application, vapid_key=await push.public_key(call.app)),
            "client_id": application.client_id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
        }
    )


def redirect_uris(given: list[str]) -> list[str]:
    """The addresses in `given`, each letter as it came: one text, several lines, or a list. Raises BadRedirect."""
    uris = list(dict.fromkeys(line for text in given for line in text.split()))
    if not uris or len(uris) > _MOST_URIS:
        raise BadRedirect(field="redirect_uris")
    for uri in uris:
        if not _is_usable(uri):
            raise BadRedirect(field="redirect_uris", uri=uri[:200])
    return uris


def _is_usable(uri: str) -> bool:
    if uri == OUT_OF_BAND:
        return True
    scheme, colon, rest = uri.partition(":")
    if len(uri) > _URI_LIMIT or not colon or not rest or not _SCHEME.fullmatch(scheme) or "#" in uri:
        return False
    if scheme.lower() in _DANGEROUS or any(ord(character) < 33 or character in '<>"\\' for character in uri):
        return False
    try:
        return bool(urlsplit(uri).hostname) if scheme.lower() in ("http", "https") else True
    except ValueError:
        return False


def website_of(given: str | None) -> str | None:
    if given is None or not given.strip():
        return None
    website = given.strip()
    if len(website) > _URI_LIMIT or not website.lower().startswith(("http://", "https://")):
        raise BadWebsite(field="website")
    return website


def entity(application: Application, *, vapid_key: str) -> dict[str, object]:
    """Mastodon's Application, without its secret."""
    return {
        "id": str(application.id),
        "name": application.name,
        "website": application.website,
        "scopes": application.scopes.split(),
        "redirect_uris": application.redirect_uris,
        "redirect_uri": "\n".join(application.redirect_uris),
        "vapid_key": vapid_key,
    }


@routes.get("/api/v1/apps/verify_credentials", access=Access.APP)
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        application = await session.get_one(Application, call.application_id)
    return answers.answer(entity(application, vapid_key=await push.public_key(call.app)))
