"""What is known of a database from its template: asked of the first copy, remembered for all others."""

import pickle
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import URL, make_url

from models.database import Database

T = TypeVar("T")

_templates: dict[URL, tuple[str, bool]] = {}
_known: dict[tuple[tuple[str, bool], str], bytes] = {}


def note(url: str, template: str) -> None:
    """The database at `url` is a copy of a template, and nothing has happened in it so far."""
    _templates[make_url(url)] = template, url.startswith("sqlite")


async def at_first(database: Database, what: str, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` found in a copy of the same template, each time as new objects; for what stands there from the
    beginning and is asked for before a test does anything."""
    template = _templates.get(database.url)
    if template is None:
        return await ask()
    if (template, what) not in _known:
        _known[template, what] = pickle.dumps(await ask())
    found: T = pickle.loads(_known[template, what])  # noqa: S301 - what was dumped just above
    return found
