"""A browser without a window: it keeps cookies, follows forms as they stand on the page, and reads what a page says."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import accounts
from models.database import Database
from models.tables import Account
from tests.markup import Reader
from tests.world import HOME, Person

HOST = HOME.removeprefix("http://")


@dataclass(slots=True)
class Form:
    """A form on a page: where it goes, and what its fields hold before anybody types."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)


class _Reader(Reader):
    def __init__(self, html: str) -> None:
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._select = self._area = ""
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if "id" in facts:
            self.ids.append(facts["id"])
        if tag == "a" and "href" in facts:
            self.links.append(facts["href"])
        if tag == "form":
            self.forms.append(Form(facts.get("action", ""), facts.get("method", "get")))
        if tag in ("script", "style"):
            self._hidden += 1
        if not self.forms:
            return
        form = self.forms[-1]
        name = facts.get("name", "")
        if name:
            form.names.add(name)
        if tag == "input" and name:
            ticked = facts.get("type") not in ("checkbox", "radio") or any(key == "checked" for key, _ in attrs)
            if ticked and facts.get("type") != "file":
                form.fields.append((name, facts.get("value", "on" if facts.get("type") == "checkbox" else "")))
        elif tag == "textarea" and name:
            self._area = name
            form.fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and any(key == "selected" for key, _ in attrs):
            form.fields.append((self._select, facts.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag in ("script", "style"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._area:
            name, value = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, value + (data[1:] if not value and data.startswith("\n") else data))
        if not self._hidden:
            self.words.append(data)


@dataclass
class Page:
    """What came back: status, headers, and the page as people read it."""

    status: int
    html: str
    headers: Any

    @cached_property
    def _read(self) -> _Reader:  # parsed only where somebody looks at what it says
        return _Reader(self.html)

    @property
    def forms(self) -> list[Form]:
        return self._read.forms

    @property
    def links(self) -> list[str]:
        return self._read.links

    @property
    def ids(self) -> list[str]:
        return self._read.ids

    @cached_property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._read.words))

    def form(self, action: str) -> Form:
        """The form that goes to `action`; its query does not matter."""
        return next(form for form in self.forms if form.action.partition("?")[0] == action)

    def has_form(self, action: str) -> bool:
        return any(form.action == action for form in self.forms)

    @property
    def token(self) -> str:
        """What the forms of this page are sent with."""
        return next(token for form in self.forms if (token := form.get("csrf_token")))

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def posts(self) -> list[str]:
        """The ids of the posts on the page, in their order."""
        return [name.removeprefix("post-") for name in self.ids if re.fullmatch(r"post-\d+", name)]


@dataclass(slots=True)
class Browser:
    """Somebody's browser; without a person a visitor's."""

    client: TestClient[Any, Any]
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, headers=headers)

    async def send(self, path: str, fields: Any = None, **headers: str) -> Page:
        """Post `fields` with the token of the page last seen, as its form would."""
        data = FormData(quote_fields=True) if fields is None else fields
        return await self._ask("POST", path, headers=headers, data=data)

    async def submit(self, at: str, action: str, /, *more: tuple[str, Any], **typed: str) -> Page:
        """Open the page `at`, fill in the form that goes to `action`, send it. `more` are files and repeated fields."""
        page = await self.get(at)
        return await self.fill(page.form(action), *more, **typed)

    async def fill(self, form: Form, /, *more: tuple[str, Any], **typed: str) -> Page:
        """Send a form with some fields typed anew; all others as they stood."""
        data = FormData()
        anew = {*typed, *(name for name, _ in more if name not in ("media", "drop"))}
        for name, value in form.fields:
            if name not in anew:
                data.add_field(name, value)
        for name, value in typed.items():
            data.add_field(name, value)
        for name, value in more:
            if isinstance(value, bytes):
                data.add_field(name, value, filename="picture.png", content_type="image/png")
            else:
                data.add_field(name, value)
        return await self._ask("POST", form.action, data=data)

    async def follow(self, page: Page) -> Page:
        """Go where a redirect points."""
        return await self.get(page.location.partition("#")[0].removeprefix(HOME))

    async def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, data: Any = None) -> Page:
        sent = {"Host": HOST, "Accept-Language": self.language, "Accept": "text/html", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.client.request(method, path, headers=sent, data=data, allow_redirects=False) as response:
            for name, morsel in response.cookies.items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
            return Page(response.status, await response.text(), response.headers)


async def signed_in(client: TestClient[Any, Any], database: Database, person: Person, **more: Any) -> Browser:
    """The browser of somebody who signed in before, without the work of a password."""
    async with database.writing() as session:
        account = await session.get_one(Account, person.staff.account_id)
        token = await accounts.sign_in(session, account, browser="Firefox", lasts=timedelta(days=1))
    return Browser(client, cookies={"kontor": token}, **more)
