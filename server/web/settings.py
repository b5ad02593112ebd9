"""One's own settings: profile, language and look, password, browsers that are signed in, applications with access."""

from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from babel import Locale

from models import accounts, actors, tokens
from models.errors import DomainError, Invalid
from models.tables import Account, Actor, Theme
from server.auth import passwords
from server.auth.attempts import ATTEMPTS, address_of
from server.context import LOCALE, account, acting, config, database, sign_in, staff
from server.i18n import gettext as _
from server.images import Crop
from server.uploads import store_picture
from server.web import views
from server.web.answers import framed, page, see_other, sentence
from server.web.forms import Fields, fields, is_on, kept, number, refused, text
from server.web.presenters.frame import SHORTCUTS_COOKIE
from server.web.presenters.sight import sight

routes = web.RouteTableDef()

LINES = tuple(str(number) for number in range(1, actors.FIELDS + 1))
"""The places for lines of a profile, as its form names them."""
_PROFILE = ("name", "about", "avatar")
_TYPED = ("name", "about", "locked", *(f"{part}-{place}" for place in LINES for part in ("line", "says")))
_PASSWORD = ("current", "password", "again")
_YEAR = 365 * 24 * 3600


class WrongPassword(Invalid):
    """This is not your password so far."""

    code = "wrong_password"


class PasswordsDiffer(Invalid):
    """The two new passwords are not the same."""

    code = "passwords_differ"


@routes.get("/settings", name="settings")
async def show(request: web.Request) -> web.Response:
    return await _settings(request)


async def _settings(
    request: web.Request,
    *,
    profile: views.Form | None = None,
    password: views.Form | None = None,
    status: int = 200,
) -> web.Response:
    by, mine = staff(request), account(request)
    looks = sight(request)
    here = sign_in(request).id
    async with database(request).reading() as session:
        around = await framed(request, session, looks)
        browsers = (await session.scalars(accounts.sign_ins(by))).all()
        applications = (await session.scalars(tokens.of_account(by))).all()
        shell = around.shell
        view = views.SettingsView(
            profile_url=looks.url("settings-profile"),
            display_url=looks.url("settings-display"),
            password_url=looks.url("settings-password"),
            person=views.PersonRef(
                name=mine.actor.shown_name,
                handle=mine.actor.username,
                url=looks.actor_url(mine.actor),
                avatar_url=shell.viewer.avatar_url if shell.viewer is not None else None,
            ),
            profile=profile or views.Form(values=_values(mine.actor)),
            lines=LINES,
            display=views.Form(
                values={
                    "language": request[LOCALE],
                    "theme": str(mine.theme),
                    "shortcuts": "on" if shell.shortcuts else "",
                }
            ),
            password=password or views.Form(),
            languages=tuple(
                views.Choice(code, (Locale.parse(code).get_display_name(code) or code).capitalize())
                for code in config(request).instance.languages
            ),
            sign_ins=tuple(
                views.SignInRow(
                    browser=row.browser or _("a browser"),
                    at=looks.moment(row.created_at),
                    last_used=looks.moment(row.used_at),
                    end_url=looks.url("sign_in-end", sign_in_id=row.id),
                    current=row.id == here,
                )
                for row in browsers
            ),
            end_others_url=looks.url("sign_ins-end-others") if len(browsers) > 1 else None,
            applications=tuple(
                views.Application(
                    name=row.application.name,
                    scopes=tuple(row.scopes.split()),
                    since=looks.moment(row.created_at),
                    revoke_url=looks.url("application-end", token_id=row.id),
                    last_used=looks.moment(row.used_at) if row.used_at is not None else None,
                )
                for row in applications
            ),
        )
        return await page(request, session, looks, "web/settings.html", view, around=around, status=status)


def _values(actor: Actor) -> dict[str, str]:
    """The form for a profile as it is filled in now."""
    values = {"name": actor.shown_name, "about": actor.about_source, "locked": "on" if actor.is_locked else ""}
    for place, line in zip(LINES, actor.fields, strict=False):
        values |= {f"line-{place}": str(line.get("name", "")), f"says-{place}": str(line.get("value", ""))}
    return values


def _lines(form: Fields) -> list[dict[str, Any]]:
    """The lines of a profile that have something in them."""
    typed = ((text(form, f"line-{place}").strip(), text(form, f"says-{place}").strip()) for place in LINES)
    return [{"name": name, "value": value} for name, value in typed if name or value]


@routes.post("/settings/profile", name="settings-profile")
async def change_profile(request: web.Request) -> web.Response:
    """Change name, text and picture."""
    by = staff(request)
    form = await fields(request)
    typed = kept(form, _TYPED)
    try:
        if not text(form, "name").strip():
            raise NameMissing(field="name")
        upload = form.get("avatar")
        avatar_id = None
        if isinstance(upload, FileField) and upload.filename:
            data = upload.file.read()
            avatar_id = (await store_picture(request.app, data, by=by, crop=Crop.AVATAR)).id
        async with acting(request) as session:
            await actors.change_profile(
                session,
                by=by,
                display_name=text(form, "name"),
                about=text(form, "about"),
                fields=_lines(form) if "line-1" in form else None,
                is_locked=is_on(form, "locked") if "line-1" in form else None,
                avatar_id=avatar_id,
            )
    except DomainError as error:
        if error.facts.get("field") == "file":
            return await _settings(request, profile=views.Form(typed, {"avatar": sentence(error)}), status=422)
        return await _settings(request, profile=refused(error, "about", typed, fields=_PROFILE), status=error.status)
    return see_other(request, "/settings", "saved")


class NameMissing(Invalid):
    """People need a name to call you by."""

    code = "display_name_missing"


@routes.post("/settings/display", name="settings-display")
async def change_display(request: web.Request) -> web.Response:
    """Choose language and colours, for all one's browsers; single-key shortcuts for this one."""
    by = staff(request)
    form = await fields(request)
    language, theme = text(form, "language"), text(form, "theme")
    async with acting(request) as session:
        await accounts.set_preferences(
            session,
            by=by,
            locale=language if language in config(request).instance.languages else account(request).locale,
            theme=Theme(theme) if theme in list(Theme) else account(request).theme,
        )
    answer = see_other(request, "/settings", "saved")
    if is_on(form, "shortcuts"):
        answer.del_cookie(SHORTCUTS_COOKIE, path="/")
    else:
        answer.set_cookie(
            SHORTCUTS_COOKIE, "off", max_age=_YEAR, path="/", samesite="Lax", secure=config(request).is_https
        )
    return answer


@routes.post("/settings/password", name="settings-password")
async def change_password(request: web.Request) -> web.Response:
    """Choose a new password; every other browser is signed out."""
    by, mine = staff(request), account(request)
    form = await fields(request)
    keys = (f"password {by.account_id}", f"address {address_of(request)}")
    try:
        request.app[ATTEMPTS].begin(keys)
        if not await passwords.verify(mine.password_hash, text(form, "current")):
            raise WrongPassword(field="current")
        request.app[ATTEMPTS].succeeded(*keys)
        fresh = text(form, "password")
        if fresh != text(form, "again"):
            raise PasswordsDiffer(field="again")
        passwords.check(fresh, username=by.username, email=mine.email)
        hashed = await passwords.hash_password(fresh)
        async with acting(request) as session:
            found = await session.get_one(Account, by.account_id)
            await accounts.set_password(session, found, hashed, keep=sign_in(request).id)
    except DomainError as error:
        return await _settings(request, password=refused(error, "current", {}, fields=_PASSWORD), status=error.status)
    return see_other(request, "/settings", "password_changed")


# Browsers and applications


@routes.post(r"/settings/sign-ins/{sign_in_id:\d+}/end", name="sign_in-end")
async def end_sign_in(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await accounts.sign_out(session, by=staff(request), sign_in_id=number(request, "sign_in_id"))
    return see_other(request, "/settings", "signed_out_there")


@routes.post("/settings/sign-ins/end", name="sign_ins-end-others")
async def end_other_sign_ins(request: web.Request) -> web.Response:
    async with acting(request) as session:
        await accounts.sign_out_others(session, by=staff(request), keep=sign_in(request).id)
    return see_other(request, "/settings", "signed_out_elsewhere")


@routes.post(r"/settings/applications/{token_id:\d+}/end", name="application-end")
async def end_application(request: web.Request) -> web.Response:
    """Take an application's access away, at once."""
    async with acting(request) as session:
        await tokens.revoke_own(session, by=staff(request), token_id=number(request, "token_id"))
    return see_other(request, "/settings", "withdrawn")
