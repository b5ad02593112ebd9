"""A client app in somebody's hand, as tests hold it."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import Image

from models import tokens
from models.database import Database
from models.tables import AccessToken
from tests.world import Person

ALL_SCOPES = "read write follow push"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: Any

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.body]

    @property
    def links(self) -> dict[str, str]:
        """The addresses in the Link header, by what they are."""
        return {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', self.headers.get("Link", ""))}


@dataclass(frozen=True, slots=True)
class Phone:
    """An app with a token, or without one."""

    client: TestClient[Any, Any]
    text: str = ""
    token: AccessToken | None = None

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = dict(more.pop("headers", {}))
        if self.text:
            headers.setdefault("Authorization", f"Bearer {self.text}")
        async with self.client.request(method, path, headers=headers, allow_redirects=False, **more) as response:
            if response.content_type == "application/json":
                body = await response.json()
            else:
                body = (await response.read()).decode(errors="replace")
            return Answer(response.status, response.headers, body)

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Answer:
        return self._checked(await self.ask("GET", path, **more), status)

    async def post(self, path: str, *, status: int = 200, **more: Any) -> Answer:
        return self._checked(await self.ask("POST", path, **more), status)

    async def put(self, path: str, *, status: int = 200, **more: Any) -> Answer:
        return self._checked(await self.ask("PUT", path, **more), status)

    async def patch(self, path: str, *, status: int = 200, **more: Any) -> Answer:
        return self._checked(await self.ask("PATCH", path, **more), status)

    async def delete(self, path: str, *, status: int = 200, **more: Any) -> Answer:
        return self._checked(await self.ask("DELETE", path, **more), status)

    async def writes(self, text: str, **more: Any) -> dict[str, Any]:
        """Post; the status that came back."""
        posted = await self.post("/api/v1/statuses", json={"status": text, **more})
        status: dict[str, Any] = posted.body
        return status

    async def follow_pages(self, path: str, *, rel: str = "next") -> list[str]:
        """The ids of all pages, by the Link header alone."""
        found: list[str] = []
        while path:
            answer = await self.get(path)
            found += answer.ids
            path = answer.links.get(rel, "").partition("//")[2].partition("/")[2]
            path = f"/{path}" if path else ""
        return found

    @staticmethod
    def _checked(answer: Answer, status: int) -> Answer:
        assert answer.status == status, (answer.status, answer.body)
        return answer


async def grant(
    database: Database, person: Person | None, scopes: str = ALL_SCOPES, *, name: str = "Phone"
) -> tokens.Granted:
    """A token as `kontor person token` would make it."""
    async with database.writing() as session:
        application, _ = await tokens.register(
            session,
            name=name,
            website="https://phone.example",
            redirect_uris=["urn:ietf:wg:oauth:2.0:oob"],
            scopes=ALL_SCOPES,
        )
        account_id = person.staff.account_id if person else None
        return await tokens.grant(session, application, account_id=account_id, scopes=scopes)


def picture(size: tuple[int, int] = (60, 40), colour: Sequence[int] = (200, 30, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, tuple(colour)).save(out, "PNG")
    return out.getvalue()


def upload(data: bytes | None = None, *, field: str = "file", **fields: str) -> FormData:
    form = FormData()
    form.add_field(field, data or picture(), filename="photo.png", content_type="image/png")
    for name, value in fields.items():
        form.add_field(name, value)
    return form
