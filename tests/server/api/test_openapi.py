"""The description of the interface: valid, complete, and what the routes say."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from server.api.contract.openapi import description
from server.api.routes import table
from server.api.routing import Access
from tests.server.api.phone import Phone

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return description(table(), title="Lovelace", version="1", base_url="http://lovelace.localhost")


def test_the_description_is_valid(document: Document) -> None:
    """Against the schema of OpenAPI 3.1 itself; schemas in it against that of JSON Schema 2020-12."""
    from openapi_spec_validator.schemas import schema_v31  # half a second, for whoever runs this test alone

    openapi = jsonschema_rs.validator_for(json.loads(json.dumps(dict(schema_v31))))
    components = document["components"]

    assert [str(error) for error in openapi.iter_errors(document)] == []
    for name, schema in components["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
    pointed = set(re.findall(r'"#/components/(\w+)/(\w[\w-]*)"', json.dumps(document)))
    assert len(pointed) > 50
    assert [(room, name) for room, name in pointed if name not in components[room]] == []


def test_every_endpoint_is_described_with_who_may_ask(document: Document) -> None:
    for route in table():
        if "{rest" in route.path:
            continue
        path = re.sub(r"\{(\w+):[^/]*\}", r"{\1}", route.path)
        operation = document["paths"][path][route.method.lower()]
        granted = [scope for entry in operation["security"] for scopes in entry.values() for scope in scopes]
        assert granted == list(route.scopes), path
        assert ({} in operation["security"]) is (route.access is Access.PUBLIC), path


def test_what_is_said_of_one_endpoint(document: Document) -> None:
    post = document["paths"]["/api/v1/statuses/{id}"]["put"]
    [place] = post["parameters"]
    words = post["requestBody"]["content"]["application/json"]["schema"]["properties"]
    page = document["paths"]["/api/v1/bookmarks"]["get"]

    assert (place["name"], place["in"], place["schema"]["pattern"]) == ("id", "path", r"^\d+$")
    assert words["poll"]["properties"]["options"] == {"type": "array", "items": {"type": "string"}}
    assert {each["name"] for each in page["parameters"]} >= {"max_id", "since_id", "min_id", "limit"}
    assert "Link" in page["responses"]["200"]["headers"]
    assert page["responses"]["200"]["content"]["application/json"]["schema"]["items"]["$ref"].endswith("/Status")
    assert page["responses"]["404"] == {"$ref": "#/components/responses/404"}


def test_streams_are_described_as_streams(document: Document) -> None:
    streams = {path: each["get"] for path, each in document["paths"].items() if "/streaming" in path}
    assert len(streams) == 11
    health = streams.pop("/api/v1/streaming/health")
    assert (health["security"], list(health["responses"]["200"]["content"])) == ([], ["text/plain"])
    for stream in streams.values():
        assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
        assert {"oauth": ["read:statuses"]} in stream["security"]
    assert {each["name"] for each in streams["/api/v1/streaming"]["parameters"]} >= {"stream", "tag", "list"}


async def test_anybody_may_read_it_also_from_another_origin(anybody: Phone) -> None:
    answer = await anybody.get("/api/openapi.json", headers={"Origin": "https://tool.example"})

    assert answer.body["openapi"] == "3.1.0"
    assert answer.body["info"]["title"] == "Lovelace"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (await anybody.get("/api/openapi.json")).body == answer.body
