"""OAuth 2 for client applications: the page where people agree, and the addresses where codes become tokens.

Authorization code with PKCE (RFC 6749 §4.1, RFC 7636), client credentials (§4.4), revocation (RFC 7009), metadata
(RFC 8414). There is no implicit and no password grant. A redirect address is compared letter by letter with those the
application registered, and nobody is sent anywhere before that.
"""

import base64
import binascii
import re
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from aiohttp import web

from models import policy, tokens
from models.errors import DomainError, Invalid
from models.tables import Application
from models.viewers import Staff
from server import i18n
from server.api import answers, params
from server.api.apps import OUT_OF_BAND
from server.api.limits import TOKENS
from server.api.routing import guarded, language
from server.auth.attempts import address_of
from server.auth.scopes import KNOWN, Scopes, UnknownScope
from server.auth.wording import row
from server.context import config, database, locale, staff, viewer
from server.web import views
from server.web.answers import page
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SENT_ALONG = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_LONGEST = 4000


class BadRedirectUri(Invalid):
    """This application did not register the address it wants you to go on to. Go back and tell its makers."""

    code = "invalid_redirect_uri"
    status = 400


class UnknownClient(DomainError):
    """This application is not known here. Remove your account from it and sign in anew."""

    code = "invalid_client"
    status = 400


class Denied(Exception):
    """An answer for the application, carried to its redirect address (RFC 6749 §4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


# The page


@routes.get("/oauth/authorize/")  # toot ends the address with a slash
@routes.get("/oauth/authorize", name="oauth-authorize")
async def ask(request: web.Request) -> web.StreamResponse:
    """Show who asks for what. It is asked every time: an application that has access learns nothing new by asking."""
    sent = params.Params(dict(request.query))
    application = await _application(request, sent)
    redirect_uri = _redirect_uri(application, sent)
    by = viewer(request)
    if not isinstance(by, Staff):
        return _to_the_door(request, application)
    try:
        scopes, _ = _wanted(application, sent, by)
    except Denied as denied:
        return _back(redirect_uri, sent, error=denied.error, error_description=denied.description)
    with i18n.speaking(locale(request)):
        view = views.AuthorizeView(
            action="/oauth/authorize",
            application=application.name,
            website=application.website,
            scopes=tuple(row(name) for name in scopes.names),
            fields=tuple((name, sent.text(name)) for name in _SENT_ALONG if sent.has(name)),
            redirect_host=_shown_target(redirect_uri),
        )
        async with database(request).reading() as session:
            response = await page(request, session, sight(request), "web/oauth_authorize.html", view)
    response.headers["Content-Security-Policy"] = _policy(redirect_uri)
    return response


def _to_the_door(request: web.Request, application: Application) -> web.Response:
    path = request.app.router["sign_in"].url_for()
    query = urlencode({"next": request.path_qs, "application": application.name})
    return web.Response(status=303, headers={"Location": f"{path}?{query}"})


@routes.post("/oauth/authorize")
async def decide(request: web.Request) -> web.StreamResponse:
    """What the person answered, carried to the application."""
    by = staff(request)
    sent = params.Params({name: value for name, value in (await request.post()).items() if isinstance(value, str)})
    application = await _application(request, sent)
    redirect_uri = _redirect_uri(application, sent)
    try:
        scopes, challenge = _wanted(application, sent, by)
    except Denied as denied:
        return _back(redirect_uri, sent, error=denied.error, error_description=denied.description)
    if sent.text("decision") != "allow":
        return _back(redirect_uri, sent, error="access_denied", error_description="The person refused.")
    by_hand = redirect_uri == OUT_OF_BAND
    async with database(request).writing() as session:
        code = await tokens.grant_code(
            session,
            application,
            by=by,
            redirect_uri=redirect_uri,
            scopes=str(scopes),
            challenge=challenge,
            lasts=tokens.COPIED_CODE_LASTS if by_hand else tokens.CODE_LASTS,
        )
    if not by_hand:
        return _back(redirect_uri, sent, code=code)
    with i18n.speaking(locale(request)):
        view = views.AuthorizeCodeView(application=application.name, code=code)
        async with database(request).reading() as session:
            return await page(request, session, sight(request), "web/oauth_code.html", view)


async def _application(request: web.Request, sent: params.Params) -> Application:
    try:
        async with database(request).reading() as session:
            return await tokens.application_of(session, sent.text("client_id"))
    except tokens.BadClient:
        raise UnknownClient from None


def _redirect_uri(application: Application, sent: params.Params) -> str:
    """Where to go afterwards: exactly one of the registered addresses. Raises BadRedirectUri."""
    wanted = sent.text("redirect_uri")
    if not wanted and len(application.redirect_uris) == 1:
        return application.redirect_uris[0]
    if wanted not in application.redirect_uris:
        raise BadRedirectUri(field="redirect_uri")
    return wanted


def _wanted(application: Application, sent: params.Params, by: Staff) -> tuple[Scopes, str | None]:
    """Scopes and PKCE challenge of a request. Raises Denied.

    Some applications ask everybody for what only admins have: others give the rest (RFC 6749 §3.3), if there is any.
    """
    if sent.text("response_type") != "code":
        raise Denied("unsupported_response_type", "Only response_type=code is possible.")
    if len(sent.text("state")) > _LONGEST:
        raise Denied("invalid_request", "The state is too long.")
    try:
        scopes = Scopes.parse(sent.text("scope"))
    except UnknownScope as unknown:
        raise Denied("invalid_scope", "A scope is asked for that does not exist here.") from unknown
    if not Scopes(tuple(application.scopes.split())).cover_all(scopes.names):
        raise Denied("invalid_scope", "More is asked for than the application registered.")
    if not policy.may_administer(by):
        scopes = scopes.for_staff()
    if not scopes.names:
        raise Denied("invalid_scope", "Only those who administer the company can give this.")
    challenge = sent.text("code_challenge")
    if not challenge:
        if sent.text("code_challenge_method"):
            raise Denied("invalid_request", "There is a code_challenge_method, but no code_challenge.")
        return scopes, None
    if sent.text("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Denied("invalid_request", "The code_challenge must be of the method S256.")
    return scopes, challenge


def _back(redirect_uri: str, sent: params.Params, **result: str) -> web.Response:
    """On to the application, its address untouched but for what is added (RFC 6749 §4.1.2, RFC 9207)."""
    if redirect_uri == OUT_OF_BAND:
        raise RefusedByHand
    if sent.has("state"):
        result["state"] = sent.text("state")
    joint = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{joint}{urlencode(result)}"
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


class RefusedByHand(DomainError):
    """The application got no access. You can close this page."""

    code = "access_denied"
    status = 403


def _shown_target(redirect_uri: str) -> str | None:
    """The host (or scheme) a person goes on to, as the page names it; None for a code to copy."""
    if redirect_uri == OUT_OF_BAND:
        return None
    parts = urlsplit(redirect_uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _policy(redirect_uri: str) -> str:
    """The usual content security policy, with the application among the places the form may lead to: browsers follow
    a form's redirect only to where `form-action` lets them."""
    parts = urlsplit(redirect_uri)
    if redirect_uri == OUT_OF_BAND:
        target = ""
    else:
        target = f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f" {parts.scheme}:"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        f"connect-src 'self'; manifest-src 'self'; form-action 'self'{target}; base-uri 'none'; frame-ancestors 'none'"
    )


# Tokens


class OAuthRefusal(Exception):
    """A refusal in the words of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@routes.post("/oauth/token")
async def token(request: web.Request) -> web.StreamResponse:
    """A code, or an application's own credentials, for a token."""
    return await guarded(request, lambda: _refusing(request, _token))


@routes.post("/oauth/revoke")
async def revoke(request: web.Request) -> web.StreamResponse:
    """End a token; silent when there was none (RFC 7009 §2.2)."""
    return await guarded(request, lambda: _refusing(request, _revoke))


async def _refusing(request: web.Request, inner: Any) -> web.StreamResponse:
    request.app[TOKENS].spend(f"address {address_of(request)}")
    try:
        response: web.StreamResponse = await inner(request, await params.read(request))
    except OAuthRefusal as refusal:
        headers = {"WWW-Authenticate": 'Basic realm="Kontor"'} if refusal.status == 401 else {}
        body = {"error": refusal.error, "error_description": refusal.description}
        response = answers.answer(body, status=refusal.status, headers=headers)
    except tokens.BadClient as error:
        words = i18n.sentence(language(request), error)
        response = answers.answer({"error": error.code, "error_description": words}, status=401)
    except UnknownScope as error:
        words = i18n.sentence(language(request), error)
        response = answers.answer({"error": error.code, "error_description": words}, status=400)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


async def _token(request: web.Request, sent: params.Params) -> web.Response:
    match sent.text("grant_type"):
        case "authorization_code":
            granted = await _redeem(request, sent)
        case "client_credentials":
            granted = await _for_application(request, sent)
        case _:
            raise OAuthRefusal("unsupported_grant_type", "Use authorization_code or client_credentials.")
    return answers.answer(
        {
            "access_token": granted.text,
            "token_type": "Bearer",
            "scope": granted.row.scopes,
            "created_at": int(granted.row.created_at.timestamp()),
        }
    )


async def _redeem(request: web.Request, sent: params.Params) -> tokens.Granted:
    client_id, secret = _credentials(request, sent)
    try:
        async with database(request).writing() as session:
            if secret is None:
                application = await tokens.application_of(session, client_id)
            else:
                application = await tokens.authenticate(session, client_id, secret)
            return await tokens.redeem(
                session,
                application,
                code=sent.text("code"),
                redirect_uri=sent.text("redirect_uri") or _only(application),
                verifier=sent.maybe_text("code_verifier"),
                is_public=secret is None,
            )
    except tokens.Reused as reused:
        async with database(request).writing() as session:
            await tokens.revoke_of_code(session, reused.code_id)
        error: DomainError = tokens.BadGrant()
    except tokens.BadGrant as bad:
        error = bad
    raise OAuthRefusal("invalid_grant", i18n.sentence(language(request), error))


def _only(application: Application) -> str:
    """The one registered address, for clients that leave it out; several mean it must be named."""
    return application.redirect_uris[0] if len(application.redirect_uris) == 1 else ""


async def _for_application(request: web.Request, sent: params.Params) -> tokens.Granted:
    client_id, secret = _credentials(request, sent)
    if secret is None:
        raise OAuthRefusal("invalid_client", "The application must show its secret.", status=401)
    async with database(request).writing() as session:
        application = await tokens.authenticate(session, client_id, secret)
        scopes = Scopes.parse(sent.text("scope"))
        if not Scopes(tuple(application.scopes.split())).cover_all(scopes.names):
            raise OAuthRefusal("invalid_scope", "More is asked for than the application registered.")
        return await tokens.grant(session, application, account_id=None, scopes=str(scopes))


async def _revoke(request: web.Request, sent: params.Params) -> web.Response:
    client_id, secret = _credentials(request, sent)
    async with database(request).writing() as session:
        # whoever holds the token may end it; without the secret it must be that application's all the same
        if secret is None:
            application = await tokens.application_of(session, client_id)
        else:
            application = await tokens.authenticate(session, client_id, secret)
        await tokens.revoke(session, application, sent.text("token"))
    return answers.answer({})


def _credentials(request: web.Request, sent: params.Params) -> tuple[str, str | None]:
    """Client id and secret, from the body or as Basic (RFC 6749 §2.3.1)."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthRefusal("invalid_client", "The Authorization header cannot be read.", status=401) from None
        return unquote_plus(name), unquote_plus(secret)
    client_id = sent.text("client_id")
    if not client_id:
        raise OAuthRefusal("invalid_client", "There is no client_id.", status=401)
    return client_id, sent.maybe_text("client_secret") or None


@routes.get("/.well-known/oauth-authorization-server")
async def metadata(request: web.Request) -> web.Response:
    """What this authorization server can do (RFC 8414 §2)."""
    base = config(request).base_url
    return web.json_response(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "userinfo_endpoint": f"{base}/oauth/userinfo",
            "app_registration_endpoint": f"{base}/api/v1/apps",
            "scopes_supported": sorted(KNOWN),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
        },
        headers={"Cache-Control": "public, max-age=3600"},
    )


def setup(app: web.Application) -> None:
    app.router.add_routes(routes)
