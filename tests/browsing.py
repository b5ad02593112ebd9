"""A browser without JavaScript: opens pages, keeps cookies, reads forms and sends them as it found them."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.markup import Reader


class LocalNames(AbstractResolver):
    """Every name is this machine, as browsers have it for names below localhost (RFC 6761 §6.3)."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(slots=True)
class Form:
    """A form as it stands on a page: what sending it unchanged would send."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    is_multipart: bool = False


class Page(Reader):
    """What somebody sees, and can send from there."""

    def __init__(self, url: str, status: int, html: str) -> None:
        self.url = url
        self.status = status
        self.html = html
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.images: dict[str, str] = {}
        self._words: list[str] = []
        self._hidden = 0
        self._link: tuple[str, list[str]] | None = None
        self._textarea: tuple[str, list[str]] | None = None
        self._select: str | None = None
        self._option: tuple[str, list[str]] | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        """The words on the page, in one line."""
        return " ".join(" ".join(self._words).split())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, action: str) -> Form:
        """The first form that goes to a path that ends so."""
        found = [form for form in self.forms if urlsplit(form.action).path.endswith(action)]
        assert found, f"{self.url} has no form for {action}, only {[form.action for form in self.forms]}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._hidden += 1
        if tag == "form":
            multipart = given.get("enctype") == "multipart/form-data"
            action = urljoin(self.url, given.get("action", ""))
            self.forms.append(Form(action, given.get("method", "get").lower(), is_multipart=multipart))
        elif tag == "a" and "href" in given:
            self._link = (given["href"], [])
        elif tag == "img":
            self.images[given.get("src", "")] = given.get("alt", "")
        elif self.forms:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("file", "submit", "button", "image"):
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            form.fields[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")
        elif tag == "textarea":
            self._textarea = (name, [])
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select is not None:
            value = given.get("value", "")
            self._option = (value, [])
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "a" and self._link is not None:
            self.links.setdefault(" ".join("".join(self._link[1]).split()), self._link[0])
            self._link = None
        elif tag == "textarea" and self._textarea is not None:
            name, words = self._textarea
            self.forms[-1].fields[name] = "".join(words).removeprefix("\n")
            self._textarea = None
        elif tag == "select":
            self._select = None
        elif tag == "option" and self._option is not None and self._select is not None:
            value, words = self._option
            self.forms[-1].choices.setdefault(self._select, {})["".join(words).strip()] = value
            self._option = None

    def handle_data(self, data: str) -> None:
        for open_element in (self._link, self._textarea, self._option):
            if open_element is not None:
                open_element[1].append(data)
        if not self._hidden and self._textarea is None:
            self._words.append(data)


class Browser:
    """Somebody's browser at one address. Use it as a context manager."""

    def __init__(self, base_url: str, *, language: str = "en") -> None:
        self.base_url = base_url
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=LocalNames()),
            headers={"Accept-Language": language, "Accept": "text/html"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def opens(self, path: str) -> Page:
        """Go to a path, following redirects."""
        async with self._client.get(urljoin(self.base_url, path)) as answer:
            return Page(str(answer.url), answer.status, await answer.text())

    async def fetches(self, path: str) -> tuple[int, bytes]:
        """Whatever lies at a path, as it is."""
        async with self._client.get(urljoin(self.base_url, path), allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def sends(
        self, form: Form, *, files: Mapping[str, tuple[str, bytes, str]] | None = None, **changed: str
    ) -> Page:
        """Send a form with some fields changed; `files` maps a field to name, bytes and type."""
        body: Any = {**form.fields, **changed}
        if form.is_multipart:
            data = aiohttp.FormData(default_to_multipart=True)
            for name, value in body.items():
                data.add_field(name, value)
            for name, (filename, content, kind) in (files or {}).items():
                data.add_field(name, content, filename=filename, content_type=kind)
            body = data
        async with self._client.request(
            form.method, form.action, data=body, headers={"Origin": self.base_url}
        ) as answer:
            return Page(str(answer.url), answer.status, await answer.text())

    async def signs_in(self, username: str, password: str) -> Page:
        page = await self.opens("/sign-in")
        return await self.sends(page.form("/sign-in"), username=username, password=password)
