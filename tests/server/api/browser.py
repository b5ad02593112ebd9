"""A browser in which somebody is signed in, as the OAuth pages meet it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp.test_utils import TestClient

from models import accounts
from models.tables import Account
from tests.server.api.phone import Answer, Phone
from tests.world import Person

REDIRECT = "https://app.example/cb"


@dataclass(frozen=True, slots=True)
class Browser:
    """Requests with a sign-in cookie, or with that of a visitor."""

    client: TestClient[Any, Any]
    cookie: str = ""

    @classmethod
    async def of(cls, client: TestClient[Any, Any], person: Person) -> "Browser":
        async with person.database.writing() as session:
            account = await session.get_one(Account, person.staff.account_id)
            text = await accounts.sign_in(session, account, browser="", lasts=timedelta(days=1))
        return cls(client, f"kontor={text}")

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        return await Phone(self.client).ask(method, path, headers={"Cookie": self.cookie}, **more)

    async def consent(self, query: dict[str, str], decision: str = "allow") -> Answer:
        """Open the page and press a button; where the browser is sent then."""
        page = await self.ask("GET", f"/oauth/authorize?{urlencode(query)}")
        assert page.status == 200, (page.status, page.headers.get("Location"), page.body[:300])
        return await self.ask("POST", "/oauth/authorize", data={**fields(page.body), "decision": decision})


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in inputs}


def sent_back(answer: Answer, redirect: str = REDIRECT) -> dict[str, str]:
    """What a redirect carries to the application."""
    assert answer.status == 302, (answer.status, answer.body[:300])
    location = answer.headers["Location"]
    assert location.startswith(redirect), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
