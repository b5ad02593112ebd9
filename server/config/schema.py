"""What can be configured: every key with its type, its default and the sentence that explains it.

`instance.example.toml` is made from this page, so a key without a sentence cannot exist.
"""

import types
from dataclasses import MISSING, Field, dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED


def doc(default: Any, sentence: str, *, example: Any = None, at_least: int | None = None) -> Any:
    """A key with its `default` (or `REQUIRED`), the sentence for the example file, an example value, a lower bound."""
    facts = {"doc": sentence, "example": default if example is None else example, "at_least": at_least}
    return field(metadata=facts) if default is REQUIRED else field(default=default, metadata=facts)


def is_required(key: "Field[Any]") -> bool:
    """Whether a configuration without this key cannot be used."""
    return key.default is MISSING


def type_in_words(kind: Any) -> str:
    """The type of a key as a person calls it."""
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        return type_in_words(next(part for part in get_args(kind) if part is not type(None)))
    if origin is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    if origin is tuple:
        return "a list of texts"
    return {str: "a text in quotes", int: "a whole number", bool: "true or false"}[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTable:
    """Who this company is."""

    name: str = doc(REQUIRED, "The company's name, shown to its people and to its partners.", example="Muster Werke")
    url: str = doc(
        REQUIRED,
        "The address people and partners use. Every name and id that leaves contains it: never change it.",
        example="https://social.muster.example",
    )
    languages: tuple[str, ...] = doc(("de", "en"), "Languages people can choose.")
    default_language: str = doc("de", "Language of those who have not chosen, and of e-mails to partners.")
    time_zone: str = doc("Europe/Berlin", "Time zone of the dates in pages and e-mails.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTable:
    """Where the server listens. A reverse proxy in front of it speaks TLS."""

    bind: str = doc("127.0.0.1", "Address to listen on; 0.0.0.0 or :: for all.")
    port: int = doc(8000, "Port to listen on; 0 for any free one.", at_least=0)
    trusted_proxies: tuple[str, ...] = doc(
        (), "Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.5."
    )
    workers: int = doc(1, "Web processes; more than one needs PostgreSQL.", at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTable:
    """Where everything is kept."""

    url: str = doc(
        "sqlite:///kontor.sqlite3",
        "SQLite, with a path relative to this file, or postgresql+asyncpg://user:password@host/database.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsTable:
    """One key protects sign-ins and signed addresses. Give either the key or the file it is in."""

    key: str | None = doc(None, "32 random bytes in base64.", example="")
    key_file: str | None = doc(
        None, "File with the key, relative to this file, readable by nobody else.", example="kontor.key"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationTable:
    """How this instance deals with other servers."""

    mode: Literal["partners", "open"] = doc(
        "partners",
        "Who may deliver to us and receive from us: only admitted partners, or everybody who is not blocked.",
    )
    fetch: Literal["open", "signed", "allowlist"] = doc(
        "signed", "What a server needs to fetch public objects: nothing, a valid signature, or to be a partner."
    )
    max_body: int = doc(1_048_576, "Largest activity accepted, in bytes.", at_least=65_536)
    signature_max_age_hours: int = doc(12, "How old a signature may be.", at_least=1)
    deliveries_at_once: int = doc(256, "Hosts delivered to at the same time.", at_least=1)
    delivery_deadline_seconds: int = doc(10, "How long one delivery may take.", at_least=1)
    fetch_deadline_seconds: int = doc(10, "How long fetching one document may take, redirects included.", at_least=1)
    requests_per_minute: int = doc(600, "Requests accepted from one server in a minute; 0 for no limit.", at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentTable:
    """For tests and demonstrations on one machine. Leave this out in production."""

    insecure_hosts: tuple[str, ...] = doc(
        (),
        'Hosts reached by plain http: "*.localhost", "127.*", or a full name. Other patterns are refused.',
        example=("*.localhost",),
    )
    private_networks: tuple[str, ...] = doc(
        (),
        "Networks of this machine or house that other servers may be in; without them such addresses are never opened.",
        example=("127.0.0.0/8", "::1/128"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsTable:
    """What people write."""

    public: Literal["company", "public"] = doc(
        "company", 'What "public" in a Mastodon app means for a post outside groups: the company, or the whole network.'
    )
    max_characters: int = doc(5000, "Longest post, counted as Mastodon counts.", at_least=500)
    link_cards: Literal["none", "public", "all"] = doc(
        "public",
        "Of which posts we ask linked pages for a preview; their servers learn that somebody here has the address.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTable:
    """Images and files in posts."""

    directory: str = doc("media", "Where they are kept, relative to this file.")
    max_bytes: int = doc(16_777_216, "Largest upload, in bytes.", at_least=65_536)
    max_pixels: int = doc(16_000_000, "Largest image: width times height.", at_least=640_000)
    max_video_bytes: int = doc(41_943_040, "Largest video or sound, in bytes.", at_least=65_536)
    max_video_pixels: int = doc(8_294_400, "Largest video: width times height.", at_least=76_800)
    max_video_seconds: int = doc(3600, "Longest video or sound.", at_least=1)
    max_frame_rate: int = doc(120, "Most frames of a video in a second.", at_least=1)
    max_attachments: int = doc(4, "Files in one post.", at_least=1)
    remote_days: int = doc(30, "Days after which copies of partners' pictures go that nobody looked at.", at_least=1)
    remote_megabytes: int = doc(4096, "Room for copies of partners' pictures.", at_least=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInTable:
    """How people sign in."""

    session_days: int = doc(30, "Days until a browser that was not used must sign in again.", at_least=1)
    attempts_per_minute: int = doc(10, "Wrong passwords in a minute, per account and per address.", at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTable:
    """Telling people's apps when they are not open. It goes through push services that the apps choose."""

    enabled: bool = doc(True, "Whether apps are told at all.")
    content: Literal["none", "public"] = doc(
        "public",
        "What a push may say: only that there is something, or also names and texts that everybody outside may read.",
    )
    services: tuple[str, ...] = doc(
        (), "Hosts of the push services that may be used, and all below them; empty for any.", example=("push.example",)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsTable:
    """How much one account may ask for."""

    api_requests: int = doc(300, "Requests of an account's apps in five minutes; 0 for no limit.", at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTable:
    """What goes to standard error. Texts, tokens and addresses of people never do."""

    format: Literal["text", "json"] = doc("text", "One line of key=value, or one JSON object, per event.")
    level: Literal["debug", "info", "warning", "error"] = doc("info", "The least important events to write.")


TABLES: dict[str, type[Any]] = {
    "instance": InstanceTable,
    "server": ServerTable,
    "database": DatabaseTable,
    "secrets": SecretsTable,
    "federation": FederationTable,
    "development": DevelopmentTable,
    "posts": PostsTable,
    "media": MediaTable,
    "sign_in": SignInTable,
    "push": PushTable,
    "limits": LimitsTable,
    "log": LogTable,
}
