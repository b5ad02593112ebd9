"""Who we are and by which house rules: the few settings the models need, handed to every session."""

import secrets
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
_LETTERS = 22
_RANDOM_BITS = 192  # far more than 22 letters hold, so that each letter is as likely as every other
_KEY = "instance"


class Mode(StrEnum):
    """Who may talk to us: companies named in agreements, or everybody who is not suspended."""

    PARTNERS = "partners"
    OPEN = "open"


class CardsFor(StrEnum):
    """Of which posts the linked pages may be asked for a preview."""

    NONE = "none"
    PUBLIC = "public"
    ALL = "all"


class PushContent(StrEnum):
    """What pushes may say: that there is something, or also names and texts that everybody outside may know."""

    NONE = "none"
    PUBLIC = "public"


class PushRules(Struct, frozen=True, kw_only=True):
    """Whether apps are told through push services at all, how much, and through which; all when none is named."""

    enabled: bool = True
    content: PushContent = PushContent.PUBLIC
    services: tuple[str, ...] = ()


class Instance(Struct, frozen=True, kw_only=True):
    base_url: str
    name: str
    mode: Mode = Mode.PARTNERS
    clients_public_leaves: bool = False
    max_characters: int = 5000
    max_attachments: int = 4
    cards_for: CardsFor = CardsFor.PUBLIC
    push: PushRules = PushRules()
    sign_link: Callable[[str], str] | None = None
    """Makes of a path an address that opens the file for whoever holds it, for a day or two."""

    @property
    def host(self) -> str:
        """Host with its port unless that is the default one; the right half of our handles."""
        return urlsplit(self.base_url).netloc.lower()

    def url(self, path: str) -> str:
        return self.base_url + path

    def open_url(self, path: str) -> str:
        """The address of a file for those who ask without a signature; where nothing signs links, the plain one."""
        return self.sign_link(path) if self.sign_link is not None else self.url(path)

    def mint(self, shelf: str) -> str:
        """A new wire id: opaque, never reused, never guessed (GEN-1). `shelf` is u, g, o, x, t, …"""
        number = secrets.randbits(_RANDOM_BITS)
        letters = []
        for _ in range(_LETTERS):
            number, letter = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[letter])
        return f"{self.base_url}/ap/{shelf}/" + "".join(letters)

    def owns(self, uri: str) -> bool:
        return uri.startswith(self.base_url + "/")


def attach(info: dict[object, object], instance: Instance) -> None:
    info[_KEY] = instance


def instance_of(session: AsyncSession) -> Instance:
    """The instance that `session` works for."""
    found = session.info[_KEY]
    assert isinstance(found, Instance)  # noqa: S101 - put there by Database
    return found
