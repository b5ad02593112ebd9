"""What Mastodon has and Kontor has not. Lists answer empty, because an error would put a box on a client's main screen;
whatever would store something is refused with a sentence that says so."""

from aiohttp import web

from models import actors
from models.errors import DomainError, NotAllowed, NotFound
from server.api import answers
from server.api.routing import Access, Call, Handler, Routes

routes = Routes()


class NotBuilt(DomainError):
    """Kontor cannot do this yet."""

    code = "not_built"


class NoSignUp(NotAllowed):
    """Accounts are made by the company's admins."""

    code = "no_sign_up"


class NothingToConfirm(NotAllowed):
    """Your e-mail address needs no confirmation: the company made your account."""

    code = "nothing_to_confirm"


# Nothing there to find: method, path, scope, who may ask
_MISSING: tuple[tuple[str, str, str, Access], ...] = (
    # as Mastodon answers where no service translates
    ("POST", r"/api/v1/statuses/{id:\d+}/translate", "read:statuses", Access.PERSON),
    ("GET", "/api/proofs", "", Access.PUBLIC),
    ("GET", "/api/v1_alpha/async_refreshes/{id}", "read", Access.PERSON),
    ("GET", r"/api/v1/annual_reports/{year:\d+}", "read:accounts", Access.PERSON),
    ("POST", r"/api/v1/annual_reports/{year:\d+}/generate", "write:accounts", Access.PERSON),
    ("POST", r"/api/v1/annual_reports/{year:\d+}/read", "write:accounts", Access.PERSON),
    ("GET", r"/api/v1/collections/{id:\d+}", "read:collections", Access.PUBLIC),
    ("PATCH", r"/api/v1/collections/{id:\d+}", "write:collections", Access.PERSON),
    ("DELETE", r"/api/v1/collections/{id:\d+}", "write:collections", Access.PERSON),
    ("POST", r"/api/v1/collections/{id:\d+}/items", "write:collections", Access.PERSON),
    ("DELETE", r"/api/v1/collections/{id:\d+}/items/{item_id:\d+}", "write:collections", Access.PERSON),
    ("POST", r"/api/v1/collections/{id:\d+}/items/{item_id:\d+}/revoke", "write:collections", Access.PERSON),
)

# What would have to be stored somewhere: method, path, scopes
_REFUSED: tuple[tuple[str, str, tuple[str, ...]], ...] = (("POST", "/api/v1/collections", ("write:collections",)),)


async def _missing(call: Call) -> web.Response:
    raise NotFound


async def _refused(call: Call) -> web.Response:
    raise NotBuilt


def _all_at(method: str, path: str, scopes: tuple[str, ...], access: Access, handler: Handler) -> None:
    routes.route(method, path, *(scope for scope in scopes if scope), access=access)(handler)


for _method, _path, _scope, _access in _MISSING:
    _all_at(_method, _path, (_scope,), _access, _missing)
for _method, _path, _scopes in _REFUSED:
    _all_at(_method, _path, _scopes, Access.PERSON, _refused)


@routes.get("/api/v1/annual_reports", "read:accounts")
async def no_years(call: Call) -> web.Response:
    """Nobody's year is counted."""
    return answers.answer({"annual_reports": [], "accounts": [], "statuses": []})


@routes.get(r"/api/v1/accounts/{id:\d+}/collections", "read:collections", access=Access.PUBLIC)
@routes.get(r"/api/v1/accounts/{id:\d+}/in_collections", "read:collections")
async def no_collections(call: Call) -> web.Response:
    """Nobody collects accounts here."""
    async with call.reading() as session:
        await actors.one(session, call.viewer, call.id())
    return answers.answer({"collections": []})


@routes.get(r"/api/v1/annual_reports/{year:\d+}/state", "read:accounts")
async def annual_report_state(call: Call) -> web.Response:
    return answers.answer({"state": "ineligible"})


@routes.post("/api/v1/emails/confirmations")
async def confirm(call: Call) -> web.Response:
    """Who has an account was let in by an admin, who knows the address."""
    raise NothingToConfirm


@routes.get("/api/v1/emails/check_confirmation")
async def is_confirmed(call: Call) -> web.Response:
    return answers.answer(True)


@routes.post("/api/v1/accounts", access=Access.APP)
async def sign_up(call: Call) -> web.Response:
    raise NoSignUp
