"""Signing in and out."""

from aiohttp import web

from models import accounts
from models.tables import Account
from models.viewers import Staff
from server.auth import passwords
from server.auth.attempts import ATTEMPTS, TooManyAttempts, address_of
from server.context import database, sign_in, staff, viewer
from server.i18n import gettext as _
from server.web import cookies, views
from server.web.answers import local_path, page, see_other, sentence
from server.web.forms import Fields, fields, text
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

_LONGEST_LOGIN = 300


@routes.get("/sign-in", name="sign_in")
async def new(request: web.Request) -> web.Response:
    """The door. Who is signed in already goes on to where they wanted."""
    goal = local_path(request.query.get("next", "/"))
    if isinstance(viewer(request), Staff):
        return see_other(request, goal)
    return await _door(request, goal, views.Form())


async def _door(request: web.Request, goal: str, form: views.Form, *, status: int = 200) -> web.Response:
    application = request.query.get("application", "")[:100] or None
    async with database(request).reading() as session:
        view = views.SignInView(form=form, next_url=goal, application=application)
        return await page(request, session, sight(request), "web/sign_in.html", view, status=status)


@routes.post("/sign-in")
async def create(request: web.Request) -> web.Response:
    """Sign in. An unknown account costs the same work and gets the same sentence as a wrong password (R-84)."""
    form = await fields(request)
    login, goal = text(form, "username").strip()[:_LONGEST_LOGIN], local_path(text(form, "next", "/"))
    keys = (f"account {login.casefold().removeprefix('@')}", f"address {address_of(request)}")
    attempts = request.app[ATTEMPTS]
    try:
        attempts.begin(keys)
    except TooManyAttempts as error:
        answer = await _door(request, goal, _wrong(form, sentence(error)), status=429)
        answer.headers["Retry-After"] = str(error.facts["retry_after"])
        return answer
    async with database(request).reading() as session:
        account = await accounts.by_login(session, login)
    known = account if account is not None and account.disabled_at is None else None
    right = await passwords.verify(known.password_hash if known else None, text(form, "password"))
    if known is None or not right:
        return await _door(request, goal, _wrong(form, _("The name or the password is not right.")), status=422)
    attempts.succeeded(*keys)
    token = await _begin(request, known, text(form, "password"))
    answer = see_other(request, goal)
    cookies.sign_in(request, answer, token)
    return answer


def _wrong(form: Fields, words: str) -> views.Form:
    return views.Form(values={"username": text(form, "username")}, errors={"password": words})


async def _begin(request: web.Request, account: Account, password: str) -> str:
    """Start a sign-in; a password hashed with weaker parameters than today's is hashed anew."""
    weak = account.password_hash if passwords.needs_rehash(account.password_hash) else None
    strong = await passwords.hash_password(password) if weak is not None else ""
    async with database(request).writing() as session:
        found = await session.get_one(Account, account.id)
        if found.password_hash == weak:
            found.password_hash = strong
        before = viewer(request)
        if isinstance(before, Staff):  # another person, or the same one again: the old sign-in ends
            await accounts.sign_out(session, by=before, sign_in_id=sign_in(request).id)
        browser = browser_words(request.headers.get("User-Agent", ""))
        return await accounts.sign_in(session, found, browser=browser, lasts=cookies.lasts(request))


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(agent: str) -> str:
    """A browser as people call it, from its User-Agent: enough to tell one's own devices apart, no more is kept."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent or f"{mark} " in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part) or agent[:60]


@routes.post("/sign-out", name="sign_out")
async def delete(request: web.Request) -> web.Response:
    """End this browser's sign-in, on the server too."""
    async with database(request).writing() as session:
        await accounts.sign_out(session, by=staff(request), sign_in_id=sign_in(request).id)
    answer = see_other(request, "/sign-in")
    cookies.forget_sign_in(request, answer)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
