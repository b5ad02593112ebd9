"""The contract with clients, held against every answer that any test gets.

Whatever application a test serves, its answers below the addresses of clients are compared with what was promised:
members and their kinds, statuses, errors, `Link`. So is what handlers read of a request. The test that saw a breach
fails and says where.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
import pytest
from aiohttp import web

from server.api import answers, params
from server.api.contract.people import Error
from server.api.contract.promises import Kind, Parameter, Promise, anonymous
from server.api.contract.table import promise_of
from server.api.params import Params

WATCHED = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/authorize", "/.well-known/", "/nodeinfo/")
SAYS_WHY = ("/api/", "/oauth/token", "/oauth/revoke")
"""Where every refusal is JSON; the wire says nothing of what it hides."""
NOWHERE = ("/api/{}", "/.well-known/{}")
_LINK = re.compile(r'<https?://[^/>]+/[^>]*>; rel="(?:next|prev)"(?:, <https?://[^/>]+/[^>]*>; rel="(?:next|prev)")*')
_MANNERS = ("OPTIONS", "HEAD")

breaches: list[str] = []
"""What was seen since the running test began."""
answered: set[tuple[str, str]] = set()
"""Method and address of what was answered below 400 since somebody last emptied this."""
read: dict[tuple[str, str], set[str]] = {}
"""What handlers looked for in requests, by method and address."""


def insist() -> None:
    """Fail when something was seen, and forget it. Raises AssertionError."""
    seen, breaches[:] = list(dict.fromkeys(breaches)), []
    assert not seen, "the contract is broken:\n  " + "\n  ".join(seen)


@contextmanager
def watching() -> Iterator[None]:
    """Compare every answer of every application that is set up meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "open_to_web_clients", _comparing(answers.open_to_web_clients))
        patch.setattr(params, "read", _noting(params.read))
        yield


# Answers


def _comparing(inner: Callable[[web.Request, web.StreamResponse], Awaitable[None]]) -> Any:
    async def compare(request: web.Request, response: web.StreamResponse) -> None:
        await inner(request, response)
        if request.path.startswith(WATCHED) and request.method not in _MANNERS:
            path = _address(request)
            said = f"{request.method} {request.path_qs[:200]} → {response.status}"
            breaches.extend(f"{said}: {fault}" for fault in faults(request.method, path, request.path, response))
            if response.status < 400:
                answered.add((request.method, path))

    return compare


def _address(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return anonymous(resource.canonical) if resource is not None else ""


def faults(method: str, path: str, asked: str, response: web.StreamResponse) -> Iterator[str]:
    """What is wrong with an answer; `path` as a route has it."""
    promise = promise_of(method, path)
    if promise is None and path not in NOWHERE and path:
        yield "nothing is promised there: write it down in server/api/contract/endpoints"
    link = response.headers.get("Link")
    if link is not None and not _LINK.fullmatch(link):
        yield f"no client can read this Link: {link}"
    if response.status >= 400:
        if asked.startswith(SAYS_WHY):
            yield from _misfits(response, Error)
        return
    if promise is None:
        yield "an address that does not exist answers"
    elif response.status not in promise.answers:
        yield f"promised are {sorted(promise.answers)}"
    elif (kind := promise.answers[response.status]) is not None:
        yield from _misfits(response, kind)


def _misfits(response: web.StreamResponse, kind: Any) -> Iterator[str]:
    if not isinstance(response, web.Response):
        yield "a stream where JSON is promised"
    elif not (response.content_type == "application/json" or response.content_type.endswith("+json")):
        yield f"{response.content_type} where JSON is promised"
    else:
        wrong = [misfit(_bytes(response), each) for each in (kind if isinstance(kind, tuple) else (kind,))]
        if None not in wrong:
            yield " / ".join(filter(None, wrong))


def _bytes(response: web.Response) -> bytes:
    body = response.body
    return body if isinstance(body, bytes | bytearray) else bytes(getattr(body, "_value", b""))


def misfit(body: bytes, kind: Any) -> str | None:
    """Why some JSON is not of a kind, and where; None when it is."""
    try:
        _decoder(kind).decode(body)
    except msgspec.DecodeError as error:
        return f"{error} (as {getattr(kind, '__name__', kind)})"
    return None


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


# Parameters


def _noting(inner: Callable[[web.Request], Awaitable[Params]]) -> Any:
    async def noting(request: web.Request) -> Params:
        found = await inner(request)
        path = _address(request)
        promise = promise_of(request.method, path)
        if promise is None:
            return found
        return Params(_Noted(found.values, promise, read.setdefault((request.method, path), set()), promise.takes))

    return noting


class _Noted(dict[str, Any]):
    """What a client sent, which notes what is looked for in it."""

    def __init__(
        self, values: dict[str, Any], promise: Promise, seen: set[str], takes: tuple[Parameter, ...], before: str = ""
    ) -> None:
        kinds = {each.name: each for each in takes}
        super().__init__(
            {name: self._inner(value, promise, seen, kinds.get(name), before) for name, value in values.items()}
        )
        self._promise, self._seen, self._before = promise, seen, before

    @staticmethod
    def _inner(value: Any, promise: Promise, seen: set[str], parameter: Parameter | None, before: str) -> Any:
        if parameter is None or not parameter.inner:
            return value

        def noted(table: Any) -> Any:
            below = f"{before}{parameter.name}."
            return _Noted(table, promise, seen, parameter.inner, below) if isinstance(table, dict) else table

        if parameter.kind is Kind.TABLE:
            return noted(value)
        if isinstance(value, dict):
            return {key: noted(row) for key, row in value.items()}
        return [noted(row) for row in value] if isinstance(value, list) else value

    def _note(self, name: object) -> None:
        whole = f"{self._before}{name}"
        self._seen.add(whole)
        if whole not in self._promise.names:
            breaches.append(f"{self._promise.method} {self._promise.path} reads {whole!r}, which it does not declare")

    def get(self, name: Any, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def __getitem__(self, name: Any) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)
