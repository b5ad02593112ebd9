"""The description of all endpoints for machines (OpenAPI 3.1): the routes with who may ask, and what they promise."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from server.api.contract.people import Error
from server.api.contract.promises import Kind, Parameter, Promise, anonymous
from server.api.contract.table import promises
from server.api.routing import Access, Route
from server.auth.scopes import KNOWN

Document = dict[str, Any]

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_FILES = "multipart/form-data"
_EVENTS, _TEXT = "text/event-stream", "text/plain"
_IN_BODY = frozenset({"POST", "PUT", "PATCH"})
_PLACE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")
_ID: Document = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_SCHEMAS: dict[Kind, Document] = {
    Kind.TEXT: {"type": "string"},
    Kind.FLAG: {"type": "boolean"},
    Kind.NUMBER: {"type": "integer"},
    Kind.ID: _ID,
    Kind.MOMENT: {"type": "string", "format": "date-time"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.IDS: {"type": "array", "items": _ID},
    Kind.FILE: {"type": "string", "format": "binary"},
}
_PAGED = ("max_id", "min_id")
_STREAMING = "/api/v1/streaming"
_OUTSIDE = ("/oauth/", "/.well-known/", "/nodeinfo/", _STREAMING)
"""Addresses of clients that are in no table of routes."""
_REFUSALS: dict[int, str] = {
    401: "There is no token, or it is not valid any more.",
    403: "The token, or the person behind it, may not do this.",
    404: "This does not exist, or whoever asks may not see it.",
    422: "Something that was sent cannot be used.",
    429: "Too many requests in a short time.",
}
_HEADERS = {
    "X-RateLimit-Limit": {"type": "integer"},
    "X-RateLimit-Remaining": {"type": "integer"},
    "X-RateLimit-Reset": {"type": "string", "format": "date-time"},
    "Link": {"type": "string", "description": "The pages before and after this one, as absolute addresses."},
}
_LIMITS = [name for name in _HEADERS if name.startswith("X-")]


def description(routes: Iterable[Route], *, title: str, version: str, base_url: str) -> Document:
    """The whole document, for the server at `base_url`."""
    known = promises()
    served = [(route, known[route.method, anonymous(route.path)]) for route in routes]
    shown = [(route, promise) for route, promise in served if "{rest" not in route.path]
    in_tables = {promise.path for _, promise in served}
    outside = [each for each in known.values() if each.path.startswith(_OUTSIDE) and each.path not in in_tables]
    kinds = _kinds(promise for promise in (*(promise for _, promise in shown), *outside))
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    by_kind = {str(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, Document] = {}
    for route, promise in shown:
        path, places = _places(route.path)
        operation = _operation(promise, places, by_kind, summary=_summary(route))
        paths.setdefault(path, {})[route.method.lower()] = {**operation, "security": _security(route)}
    for promise in outside:
        path, places = _places(promise.path.replace("{}", "{version}"))
        operation = _operation(promise, places, by_kind, summary="")
        paths.setdefault(path, {})[promise.method.lower()] = {**operation, **_of_stream(promise)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": base_url}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "responses": _refusals(by_kind[str(Error)]),
            "headers": {name: {"schema": schema} for name, schema in _HEADERS.items()},
            "securitySchemes": {"oauth": _oauth(base_url)},
        },
    }


def _of_stream(promise: Promise) -> Document:
    """Who may ask at an address that is in no table of routes: whoever has a token for streams, anybody for others."""
    if not promise.path.startswith(_STREAMING) or promise.path.endswith("/health"):
        return {"security": []}
    words = "Events as they happen; over a WebSocket as JSON, with more streams on the same connection."
    return {"summary": words, "security": [{"oauth": ["read:statuses"]}, {"oauth": ["read:notifications"]}]}


def _kinds(found: Iterable[Promise]) -> list[Any]:
    """Every kind that some promise answers, once."""
    kinds: dict[str, Any] = {str(Error): Error}
    for promise in found:
        for answer in promise.answers.values():
            for kind in answer if isinstance(answer, tuple) else (answer,):
                if kind is not None:
                    kinds[str(kind)] = kind
    return list(kinds.values())


def _summary(route: Route) -> str:
    return (route.handler.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")


def _oauth(base_url: str) -> Document:
    scopes = dict.fromkeys(sorted(KNOWN), "")
    ends = {"tokenUrl": f"{base_url}/oauth/token", "scopes": scopes}
    return {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {"authorizationUrl": f"{base_url}/oauth/authorize", **ends},
            "clientCredentials": ends,
        },
    }


def _security(route: Route) -> list[Document]:
    """One of these is needed; an empty one says that nothing is."""
    asked: list[Document] = [{"oauth": [scope]} for scope in route.scopes] or [{"oauth": []}]
    return [{}, *asked] if route.access is Access.PUBLIC else asked


def _places(path: str) -> tuple[str, list[Document]]:
    """A path without patterns, and what can be filled in."""
    places: list[Document] = [
        {
            "name": place[1],
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"pattern": f"^{place[2]}$"} if place[2] else {"minLength": 1})},
        }
        for place in _PLACE.finditer(path)
    ]
    return _PLACE.sub(r"{\1}", path), places


def _operation(promise: Promise, places: list[Document], by_kind: dict[str, Document], *, summary: str) -> Document:
    operation: Document = {"responses": _responses(promise, by_kind)}
    if summary:
        operation["summary"] = summary
    parameters = list(places)
    if promise.method in _IN_BODY:
        if promise.takes:
            operation["requestBody"] = _body(promise.takes)
    else:
        parameters += [_in_query(each) for each in promise.takes]
    if promise.method == "POST" and promise.path == "/api/v1/statuses":
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    if parameters:
        operation["parameters"] = parameters
    return operation


# What is taken


def _in_query(parameter: Parameter) -> Document:
    is_list = parameter.kind in (Kind.TEXTS, Kind.IDS)
    return {
        "name": f"{parameter.name}[]" if is_list else parameter.name,
        "in": "query",
        "required": parameter.is_needed,
        "schema": _schema(parameter),
    }


def _body(takes: Sequence[Parameter]) -> Document:
    needed = [each.name for each in takes if each.is_needed]
    files = any(each.kind is Kind.FILE for each in takes)
    shape: Document = {"type": "object", "properties": {each.name: _schema(each) for each in takes}}
    plain = {name: value for name, value in shape["properties"].items() if value.get("format") != "binary"}
    if needed:
        shape["required"] = needed
    forms = {_FILES: {"schema": shape}} if files else {_FORM: {"schema": shape}}
    return {"required": bool(needed), "content": {_JSON: {"schema": {**shape, "properties": plain}}, **forms}}


def _schema(parameter: Parameter) -> Document:
    if parameter.kind in (Kind.TABLE, Kind.TABLES):
        row = {"type": "object", "properties": {each.name: _schema(each) for each in parameter.inner}}
        return row if parameter.kind is Kind.TABLE else {"type": "array", "items": row}
    schema = _SCHEMAS[parameter.kind]
    if not parameter.words:
        return schema
    if parameter.kind is Kind.TEXTS:
        return {**schema, "items": {"type": "string", "enum": list(parameter.words)}}
    return {**schema, "enum": list(parameter.words)}


# What is answered


def _responses(promise: Promise, by_kind: dict[str, Document]) -> dict[str, Document]:
    is_stream = promise.path.startswith(_STREAMING)
    is_ours = promise.path.startswith("/api/") and not is_stream
    headers = list(_LIMITS) if is_ours else []
    if all(any(each.name == name for each in promise.takes) for name in _PAGED):
        headers.append("Link")
    found: dict[str, Document] = {}
    for status, kind in promise.answers.items():
        answer: Document = {"description": HTTPStatus(status).phrase, "headers": _headers(headers)}
        if is_stream and status == HTTPStatus.OK:
            answer["content"] = {_TEXT if promise.path.endswith("/health") else _EVENTS: {"schema": {"type": "string"}}}
        elif kind is not None:
            answer["content"] = {_JSON: {"schema": _answered(kind, by_kind)}}
        found[str(status)] = answer
    if promise.path.startswith(("/api/", "/oauth/")):
        found |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}
    found["default"] = {"$ref": "#/components/responses/default"}
    return found


def _headers(names: Iterable[str]) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusals(error: Document) -> Document:
    words = {**{str(status): words for status, words in _REFUSALS.items()}, "default": "Anything else that went wrong."}
    content = {_JSON: {"schema": error}}
    return {
        name: {"description": sentence, "headers": _headers(_LIMITS), "content": content}
        for name, sentence in words.items()
    }


def _answered(kind: Any, by_kind: dict[str, Document]) -> Document:
    if isinstance(kind, tuple):
        return {"anyOf": [by_kind[str(each)] for each in kind]}
    return by_kind[str(kind)]
