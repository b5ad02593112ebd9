"""Speaks the reader's language: English in the code, other languages from server/locales/*/LC_MESSAGES/kontor.po.

A request says once which language it speaks; whatever is worded inside follows:

    with i18n.speaking("de"):
        _("Approve")                                  # "Freigeben"
        ngettext("%(num)s reply", "%(num)s replies", 1234)    # "1.234 Antworten"

Catalogues are read as they are written; there are no compiled files to forget. `python -m server.i18n update` brings
them up to date with the code.
"""

import functools
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from markupsafe import Markup

from models.errors import DomainError

SOURCE_LANGUAGE = "en"
CATALOGUES = Path(str(resources.files("server"))) / "locales"

_ACCEPT_CHARACTERS = 500
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}|\*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")
_spoken: ContextVar[str] = ContextVar("spoken", default=SOURCE_LANGUAGE)


def N_(message: str) -> str:  # noqa: N802 - the name that translators' tools know
    """Mark `message` for translation where it stands; it is translated later, by whoever shows it."""
    return message


def gettext(message: str, **values: Any) -> str:
    """`message` in the language spoken here, with `values` in its %(name)s places."""
    return translate(_spoken.get(), message, **values)


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The form for `num` things in the language spoken here; %(num)s is the number, written as there."""
    text = translations(_spoken.get()).ungettext(singular, plural, num)
    return str(text) % {"num": number(num), **values}


def translate(locale: str, message: str, **values: Any) -> str:
    """`message` in the language of `locale`, whatever is spoken here."""
    text = str(translations(locale).ugettext(message)) if message else ""
    return text % values if values else text


def sentence(locale: str, error: DomainError) -> str:
    """What a refusal says to people: its docstring's first line, translated, with its facts where it names them."""
    text = translate(locale, error.message())
    try:
        return text % error.facts if "%(" in text else text
    except (KeyError, TypeError, ValueError):
        return text  # better a blank form than no answer


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Inside, `gettext`, templates and the formats below speak the language of `locale`."""
    token = _spoken.set(locale)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The locale spoken here."""
    return _spoken.get()


def negotiate(accept_language: str, supported: Iterable[str]) -> str | None:
    """The language of `supported` that an Accept-Language header prefers (RFC 9110 §12.5.4), if any fits.

    `de-AT` is content with `de`. Only the beginning of a giant header is read.
    """
    offered = list(supported)
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:_ACCEPT_CHARACTERS].split(",")):
        wish = _RANGE.fullmatch(part)
        if wish:
            quality = min(1.0, float(wish[2])) if wish[2] else 1.0
            wishes.append((-quality, position, wish[1].lower()))
    for quality, _, wanted in sorted(wishes):
        if quality == 0:
            break
        for language in offered:
            if wanted in {"*", language.lower()} or wanted.startswith(language.lower() + "-"):
                return language
    return None


def install(environment: jinja2.Environment) -> None:
    """Give templates `_`, `gettext`, `ngettext`, `{% trans %}`, and `number`; they speak what `speaking` says."""
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(
        _=_template_gettext, gettext=_template_gettext, ngettext=_template_ngettext, number=number
    )


@functools.cache
def translations(locale: str) -> NullTranslations:
    """The catalogue for `locale` or, for de-AT, for its language; English needs none.

    Raises:
        OSError: there is a folder for the language, but its catalogue cannot be read.
    """
    language = re.split("[-_]", locale, maxsplit=1)[0].lower()
    folder = CATALOGUES / language
    if language == SOURCE_LANGUAGE or not language.isalpha() or not folder.is_dir():
        return NullTranslations()
    with (folder / "LC_MESSAGES" / "kontor.po").open("rb") as file:
        catalogue = read_po(file, locale=language, domain="kontor")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="kontor")


def number(value: float) -> str:
    """`value` as written here: 1.234,5 in German."""
    return format_decimal(value, locale=_babel())


def day(at: Any) -> str:
    """A date as written here: 24.03.2026 in German. `at` is a date, or a time in the reader's zone."""
    return format_date(at, format="medium", locale=_babel())


def clock(at: Any) -> str:
    """The time of day as written here: 14:05. `at` is in the reader's zone."""
    return format_time(at, format="short", tzinfo=at.tzinfo, locale=_babel())


def day_and_clock(at: Any) -> str:
    """24.03.2026, 14:05."""
    return f"{day(at)}, {clock(at)}"


def distance(to: Any, *, now: Any) -> str:
    """How far away a time is, in words: `vor 5 Minuten`, `in 2 Stunden`."""
    return format_timedelta(to - now, add_direction=True, locale=_babel())


def file_size(count: int) -> str:
    """Bytes as people read them: `1,5 MB`, with a space that does not break."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{number(round(count / size, 1))}\u00a0{unit}"
    return f"{number(count)}\u00a0B"


def _babel() -> Locale:
    return Locale.parse(_spoken.get().replace("-", "_"))


@jinja2.pass_eval_context
def _template_gettext(context: Any, message: str, /, **values: Any) -> str:
    return _filled(context, str(translations(_spoken.get()).ugettext(message)), values)


@jinja2.pass_eval_context
def _template_ngettext(context: Any, singular: str, plural: str, num: int, /, **values: Any) -> str:
    text = str(translations(_spoken.get()).ungettext(singular, plural, num))
    return _filled(context, text, {"num": number(num), **values})


def _filled(context: Any, text: str, values: dict[str, Any]) -> str:
    """`text` with `values`, which are escaped unless they are markup; the text is ours and may hold tags."""
    shown = Markup(text) if context.autoescape else text  # msgids and catalogues are our own
    return shown % values if values or "%%" in text else shown
