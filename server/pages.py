"""Rendering pages: the template environment, the shell around each page, and the pages that say no."""

import asyncio
import functools
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from models.errors import DomainError
from models.viewers import Staff
from server import VERSION, i18n, recordings
from server.context import ACCOUNT, CONFIG, CSRF, LOCALE, TEMPLATES, VIEWER
from server.web.views import ErrorView, Notice, Shell

_TEMPLATES = Path(str(resources.files("server"))) / "templates"
_QUIET_SECONDS = 3.0
_ERRORS = {403: "403", 404: "404", 429: "429", 500: "500"}


@functools.cache
def environment() -> jinja2.Environment:
    """Templates with autoescape, translations and nothing undefined let through; compiled once in a process."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    i18n.install(made)
    made.globals["takes_recordings"] = recordings.is_available()
    return made


async def prepare(templates: jinja2.Environment) -> None:
    """Compile what was not needed yet, soon after the start and beside what else is done: the first to open a page
    would wait a fifth of a second for it, and everybody else with them."""
    await asyncio.sleep(_QUIET_SECONDS)
    for name in templates.list_templates(extensions=["html"]):
        await asyncio.to_thread(templates.get_template, name)


def render(request: web.Request, template: str, shell: Shell, view: Any, *, status: int = 200) -> web.Response:
    """A page in the viewer's language."""

    def url(name: str, **parts: str) -> str:
        return str(request.app.router[name].url_for(**parts))

    with i18n.speaking(request[LOCALE]):
        text = request.app[TEMPLATES].get_template(template).render(shell=shell, view=view, url=url)
    return web.Response(text=text, content_type="text/html", status=status)


def plain_shell(request: web.Request, notices: Sequence[Notice] = ()) -> Shell:
    """The frame that visitors and errors get: company, language, nothing about anybody."""
    config = request.app[CONFIG]
    account = request.get(ACCOUNT)
    return Shell(
        company=config.instance.name,
        locale=request.get(LOCALE, config.instance.default_language),
        theme=str(account.theme) if account is not None else "system",  # type: ignore[arg-type]
        csrf_token=request.get(CSRF, ""),
        path=request.path,
        notices=tuple(notices),
        version=VERSION if isinstance(request.get(VIEWER), Staff) else "",
    )


def refusal(request: web.Request, error: DomainError) -> web.Response:
    """The page for a rule that said no. For what may not be seen it is the same for all things and all viewers."""
    if error.status == 404:
        return _error(request, ErrorView(status=404))
    request.setdefault(LOCALE, request.app[CONFIG].instance.default_language)
    return _error(request, ErrorView(status=error.status, sentence=i18n.sentence(request[LOCALE], error)))


def status(request: web.Request, code: int) -> web.Response:
    return _error(request, ErrorView(status=code))


def failure(request: web.Request, reference: str) -> web.Response:
    return _error(request, ErrorView(status=500, reference=reference))


def _error(request: web.Request, view: ErrorView) -> web.Response:
    request.setdefault(LOCALE, request.app[CONFIG].instance.default_language)
    name = _ERRORS.get(view.status, "refused")
    return render(request, f"web/errors/{name}.html", plain_shell(request), view, status=view.status)
