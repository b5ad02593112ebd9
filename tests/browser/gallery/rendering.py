"""Renders the examples as the server would: autoescape on, gettext without a catalogue or with a stretching one."""

import functools
import gettext
import re
from pathlib import Path
from typing import Any, get_type_hints

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

TEMPLATES = Path(__file__).parents[3] / "server" / "templates"
_KEPT = re.compile(r"(%\([a-z_]+\)s|\{[a-z]+\}|<[^>]+>)")


class Stretched(gettext.NullTranslations):
    """A language that is 40 % longer than English and full of accents: what does not fit shows."""

    def gettext(self, message: str) -> str:
        return _stretch(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _stretch(msgid1 if n == 1 else msgid2)


def _stretch(message: str) -> str:
    accented = "".join(
        part if _KEPT.fullmatch(part) else part.translate(str.maketrans("aeiounAOU", "äéïöüñÄÖÜ"))
        for part in _KEPT.split(message)
    )
    return accented + "·" + "ßw" * max(1, round(len(message) * 0.2))


class _Compiled(BytecodeCache):
    """Templates that one environment compiled, for the others: they differ in what is said, not in code."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


@functools.cache
def environment(*, stretched: bool = False) -> Environment:
    """The template environment, with addresses made from route names; compiled templates are kept."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=COMPILED,
    )
    env.install_gettext_translations(Stretched() if stretched else gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    env.globals["url"] = lambda name, *parts: "/" + "/".join([name, *map(str, parts)])
    env.globals["takes_recordings"] = True
    return env


def poisoned(value: Any, mark: str) -> Any:
    """`value` with `mark` in every text that somebody could have typed."""
    if isinstance(value, tuple):
        return tuple(poisoned(item, mark) for item in value)
    if not isinstance(value, Struct):
        return value
    hints = get_type_hints(type(value))
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        before = getattr(value, name)
        typed_by_people = hints[name] in (str, str | None) and not isinstance(before, Markup)
        if isinstance(before, str) and typed_by_people and before:
            changes[name] = before + mark
        elif isinstance(before, (tuple, Struct)):
            changes[name] = poisoned(before, mark)
    return replace(value, **changes)
