"""What an endpoint promises: what it takes and what it answers.

    get("/api/v1/accounts/{}/followers", list[Account], *PAGE)

Who may ask, and with which scope, stands on the route itself.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from msgspec import Struct

_PLACE = re.compile(r"\{[^{}]*\}")


class Kind(StrEnum):
    """What a parameter is. All of them may come as JSON, as a form or in the address."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    ID = "id"
    MOMENT = "moment"
    TEXTS = "texts"
    IDS = "ids"
    FILE = "file"
    TABLE = "table"
    TABLES = "tables"


class Parameter(Struct, frozen=True):
    """Something an endpoint reads; `words` are all that it may be, `inner` what is in a table."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    inner: tuple["Parameter", ...] = ()
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What a method of an address takes, and its answer for each status below 400.

    None stands for an answer that is no JSON, several kinds for one of them. `path` has `{}` where something is
    filled in.
    """

    method: str
    path: str
    answers: dict[int, Any]
    takes: tuple[Parameter, ...] = ()
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(_names(self.takes)))


def _names(parameters: tuple[Parameter, ...], before: str = "") -> list[str]:
    found = []
    for each in parameters:
        found += [f"{before}{each.name}", *_names(each.inner, f"{before}{each.name}.")]
    return found


def anonymous(path: str) -> str:
    r"""`/api/v1/statuses/{id:\d+}` as `/api/v1/statuses/{}`, and without a slash at its end."""
    return _PLACE.sub("{}", path).rstrip("/")


# Writing them down


def get(path: str, answer: Any, *takes: Parameter, also: dict[int, Any] | None = None) -> Promise:
    return Promise("GET", path, {200: answer, **(also or {})}, takes)


def post(path: str, answer: Any, *takes: Parameter, also: dict[int, Any] | None = None) -> Promise:
    return Promise("POST", path, {200: answer, **(also or {})}, takes)


def put(path: str, answer: Any, *takes: Parameter) -> Promise:
    return Promise("PUT", path, {200: answer}, takes)


def patch(path: str, answer: Any, *takes: Parameter) -> Promise:
    return Promise("PATCH", path, {200: answer}, takes)


def delete(path: str, answer: Any, *takes: Parameter) -> Promise:
    return Promise("DELETE", path, {200: answer}, takes)


def never(method: str, path: str, *takes: Parameter) -> Promise:
    """An endpoint that refuses everybody."""
    return Promise(method, path, {}, takes)


def needed(parameter: Parameter) -> Parameter:
    """`parameter`, without which the endpoint refuses."""
    return Parameter(parameter.name, parameter.kind, parameter.words, parameter.inner, is_needed=True)


def text(name: str, *words: str) -> Parameter:
    return Parameter(name, Kind.TEXT, words)


def texts(name: str, *words: str) -> Parameter:
    return Parameter(name, Kind.TEXTS, words)


def flag(name: str) -> Parameter:
    return Parameter(name, Kind.FLAG)


def number(name: str) -> Parameter:
    return Parameter(name, Kind.NUMBER)


def one(name: str) -> Parameter:
    """The id of something."""
    return Parameter(name, Kind.ID)


def several(name: str) -> Parameter:
    """Ids of things."""
    return Parameter(name, Kind.IDS)


def moment(name: str) -> Parameter:
    return Parameter(name, Kind.MOMENT)


def file(name: str) -> Parameter:
    return Parameter(name, Kind.FILE)


def table(name: str, *inner: Parameter) -> Parameter:
    return Parameter(name, Kind.TABLE, inner=inner)


def tables(name: str, *inner: Parameter) -> Parameter:
    return Parameter(name, Kind.TABLES, inner=inner)


PAGE = (one("max_id"), one("since_id"), one("min_id"), number("limit"))
"""The borders of a page, exclusive, and how much goes on it."""

STEPS = (number("limit"), number("offset"))
"""A page of what has no ids of its own."""
