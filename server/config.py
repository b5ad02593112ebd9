"""instance.toml: every setting a typed, documented field, and every fault of a file found at once.

`load()` refuses unknown keys and wrong types with the place and the fix; `example()` renders instance.example.toml
from the same fields, so that neither can lag behind.
"""

import base64
import binascii
import dataclasses
import difflib
import fnmatch
import ipaddress
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from federation.wire import AuthorizedFetch
from models.instance import Instance, Mode

_KEY_BYTES = 32
_DOC = "doc"
_SAMPLE = "sample"


def doc(default: Any, text: str, *, sample: Any = None) -> Any:
    """A setting with its explanation; `sample` is shown in the example file where the default is empty."""
    metadata = {_DOC: text, _SAMPLE: sample}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a configuration: where, what, and how to mend it."""

    place: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem} {self.fix}"


class ConfigError(Exception):
    """The configuration cannot be used; `findings` says all that is wrong with it."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTable:
    """Who we are. The address never changes once something has left."""

    name: str = doc("", "Name of the company, as colleagues and partners read it.", sample="Muster Werke")
    url: str = doc("", "Address of this instance, without a path.", sample="https://kontor.muster.example")
    languages: list[str] = doc(["de", "en"], "Languages people can choose.")
    default_language: str = doc("de", "Language for visitors whose browser asks for none of these.")
    contact: str = doc("", "E-mail address for questions from outside, shown to clients and visitors.")
    about: str = doc("", "A few words for visitors, in Markdown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the process listens."""

    bind: str = doc("127.0.0.1", "Address to listen on; put a TLS proxy before it.")
    port: int = doc(8001, "Port to listen on.")
    trusted_proxies: list[str] = doc([], "Addresses or networks of proxies whose X-Forwarded-For counts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTable:
    """SQLite serves a company of a thousand; larger ones use PostgreSQL."""

    url: str = doc("kontor.sqlite3", "A file beside this one, or postgresql+asyncpg://user:password@host/database.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """One secret of 32 bytes protects keys and sign-ins. Whoever has it and the database can speak for the company."""

    key_file: str = doc("kontor.key", "File that holds the secret, readable by this program alone.")
    key: str = doc("", "The secret itself, in base64; for those who hand it in some other way than a file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """With whom we talk."""

    mode: Mode = doc(Mode.PARTNERS, "partners: companies admitted by name; open: everybody who is not suspended.")
    fetch: AuthorizedFetch = doc(
        AuthorizedFetch.SIGNED, "Who may fetch public things: open, signed (whoever signs), allowlist (partners)."
    )
    max_body: int = doc(1_048_576, "Largest activity accepted, in bytes.")
    signature_max_age_hours: int = doc(12, "How old a signature may be, in hours.")
    deliveries_at_once: int = doc(64, "To how many servers we deliver at the same time.")
    delivery_deadline_seconds: int = doc(10, "How long a delivery may take before it counts as failed, in seconds.")
    requests_per_minute: int = doc(300, "Activities accepted from one server in a minute.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """For tests and demonstrations on one machine only; leave empty where anybody else can reach you."""

    insecure_hosts: list[str] = doc([], "Hosts we talk to without TLS; * stands for any part.", sample=["*.localhost"])
    private_networks: list[str] = doc([], "Private addresses we talk to.", sample=["127.0.0.0/8"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """What people write."""

    public: str = doc("company", "What a client's word public means: company (stays in the house) or public (leaves).")
    max_characters: int = doc(5000, "Longest post, in characters.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTable:
    """Pictures."""

    directory: str = doc("media", "Folder for files, beside this file unless absolute.")
    max_bytes: int = doc(16_777_216, "Largest file accepted, in bytes.")
    max_pixels: int = doc(33_177_600, "Largest picture accepted, in pixels.")
    max_attachments: int = doc(4, "Pictures in one post.")
    path: Path = field(default=Path("media"), metadata={})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInTable:
    """Signing in with a password."""

    days: int = doc(30, "How long a browser stays signed in, in days.")
    attempts_per_minute: int = doc(10, "Wrong passwords per account and per address before waiting, in a minute.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may ask."""

    api_requests: int = doc(300, "Requests of one account to the client API in five minutes; 0 is no limit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole instance.toml, checked. `folder` is where it lies; relative paths are beside it."""

    instance: InstanceTable = field(default_factory=InstanceTable)
    server: Server = field(default_factory=Server)
    database: DatabaseTable = field(default_factory=DatabaseTable)
    secrets: Secrets = field(default_factory=Secrets)
    federation: Federation = field(default_factory=Federation)
    development: Development = field(default_factory=Development)
    posts: Posts = field(default_factory=Posts)
    media: MediaTable = field(default_factory=MediaTable)
    sign_in: SignInTable = field(default_factory=SignInTable)
    limits: Limits = field(default_factory=Limits)
    folder: Path = field(default=Path(), metadata={})
    secret: bytes = field(default=b"", metadata={}, repr=False)

    @property
    def base_url(self) -> str:
        """The address without a slash at its end."""
        return self.instance.url.rstrip("/")

    @property
    def host(self) -> str:
        """The right half of our handles: the host, with its port unless that is the default one."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def is_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def database_url(self) -> str:
        """For SQLAlchemy; a bare path becomes SQLite beside the configuration."""
        url = self.database.url
        if "://" in url:
            return url
        return f"sqlite+aiosqlite:///{(self.folder / url).resolve()}"

    @property
    def house(self) -> Instance:
        """What the models need to know of us."""
        return Instance(
            base_url=self.base_url,
            name=self.instance.name,
            mode=self.federation.mode,
            clients_public_leaves=self.posts.public == "public",
            max_characters=self.posts.max_characters,
            max_attachments=self.media.max_attachments,
        )

    def is_insecure_host(self, host: str) -> bool:
        """Whether the development setting lets us talk to `host` without TLS."""
        name = host.partition(":")[0]
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.development.insecure_hosts)

    @classmethod
    def load(cls, path: Path) -> "Config":
        """Read and check a file. Raises ConfigError with everything that is wrong."""
        place = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            fix = "Make one with: kontor init --config " + place
            raise ConfigError([Finding(place, "There is no such file.", fix)]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                [Finding(place, f"It cannot be read: {error}.", "Check its rights and that it is UTF-8.")]
            ) from None
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError([Finding(place, f"It is not TOML: {error}.", "Mend that line.")]) from None
        return _Reader(place, text, path.resolve().parent).read(data)


class _Reader:
    """Turns tables into dataclasses and gathers what is wrong."""

    def __init__(self, name: str, text: str, folder: Path) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._folder = folder
        self._findings: list[Finding] = []

    def read(self, data: dict[str, Any]) -> Config:
        tables = {f.name: f for f in dataclasses.fields(Config) if f.name not in ("folder", "secret")}
        values: dict[str, Any] = {}
        for name, content in data.items():
            if name not in tables:
                self._unknown(name, name, tables, "table")
            elif not isinstance(content, dict):
                self._find(name, name, f"{name} is a table.", f"Write [{name}] and its keys below it.")
            else:
                values[name] = self._table(name, _hints(Config)[name], content)
        config = Config(**values, folder=self._folder) if not self._findings else Config(folder=self._folder)
        if not self._findings:
            config = self._whole(config)
        if self._findings:
            raise ConfigError(self._findings)
        return config

    def _table(self, table: str, kind: type, content: dict[str, Any]) -> Any:
        hints = _hints(kind)
        known = {f.name: f for f in dataclasses.fields(kind) if f.metadata.get(_DOC)}
        values = {}
        for key, value in content.items():
            if key not in known:
                self._unknown(f"{table}.{key}", key, known, "key")
                continue
            try:
                values[key] = _convert(value, hints[key])
            except (TypeError, ValueError) as error:
                self._find(f"{table}.{key}", key, f"{error}", f"For example: {key} = {_toml(_shown(known[key]))}")
        return kind(**values)

    def _unknown(self, place: str, name: str, known: typing.Iterable[str], what: str) -> None:
        near = difflib.get_close_matches(name, list(known), n=1)
        fix = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
        self._find(place, name, f"There is no {what} of this name.", fix)

    def _find(self, place: str, name: str, problem: str, fix: str) -> None:
        line = next((i for i, text in enumerate(self._lines, 1) if text.split("=")[0].strip(" []") == name), None)
        where = f"{self._name}, line {line}, {place}" if line else f"{self._name}, {place}"
        self._findings.append(Finding(where, problem, fix))

    def _whole(self, config: Config) -> Config:
        """What only shows when all is read: addresses, secrets, paths."""
        url = urlsplit(config.instance.url)
        if not config.instance.name:
            self._find("instance.name", "name", "The company has no name.", 'Write under [instance]: name = "…"')
        if url.scheme not in ("http", "https") or not url.netloc or url.path not in ("", "/") or url.query:
            self._find(
                "instance.url",
                "url",
                "This is no address of a server.",
                'Write under [instance]: url = "https://kontor.example"',
            )
        elif url.scheme == "http" and not config.is_insecure_host(url.hostname or ""):
            self._find(
                "instance.url",
                "url",
                "It begins with http, which partners refuse.",
                "Use https; for a test on one machine name the host under [development] insecure_hosts.",
            )
        if config.posts.public not in ("company", "public"):
            self._find("posts.public", "public", "It is company or public.", 'For example: public = "company"')
        for language in (*config.instance.languages, config.instance.default_language):
            if language not in ("de", "en"):
                self._find("instance.languages", "languages", f"There is no translation for {language}.", "Use de, en.")
        for network in config.development.private_networks + config.server.trusted_proxies:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                self._find("private_networks", "private_networks", f"{network} is no network.", "Such as 127.0.0.0/8.")
        if not 0 < config.server.port < 65536:
            self._find("server.port", "port", "A port is a number from 1 to 65535.", "For example: port = 8001")
        secret = self._secret(config.secrets)
        media = dataclasses.replace(config.media, path=(config.folder / config.media.directory))
        return dataclasses.replace(config, secret=secret, media=media)

    def _secret(self, secrets: Secrets) -> bytes:
        text = secrets.key
        place = "secrets.key"
        if not text:
            place = "secrets.key_file"
            path = self._folder / secrets.key_file
            try:
                text = path.read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError):
                self._find(
                    place,
                    "key_file",
                    f"The secret cannot be read from {secrets.key_file}.",
                    "Restore that file from your backup; for a new instance kontor init makes one.",
                )
                return b""
        try:
            secret = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != _KEY_BYTES:
            self._find(place, "key", f"The secret is not {_KEY_BYTES} bytes in base64.", "Restore it from your backup.")
        return secret


def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _convert(value: Any, kind: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is list:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TypeError(f"It is a list of texts, and this is {_named(value)}.")
        return value
    if isinstance(kind, type) and issubclass(kind, (Mode, AuthorizedFetch)):
        if value not in [member.value for member in kind]:
            raise ValueError(f"It is one of {', '.join(member.value for member in kind)}.")
        return kind(value)
    if kind is int and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise TypeError(f"It is a whole number, and this is {_named(value)}.")
    if kind is bool and not isinstance(value, bool):
        raise TypeError(f"It is true or false, and this is {_named(value)}.")
    if kind is str and not isinstance(value, str):
        raise TypeError(f"It is a text, and this is {_named(value)}.")
    return value


def _named(value: Any) -> str:
    names: dict[type, str] = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a fraction",
        list: "a list",
        dict: "a table",
        types.NoneType: "nothing",
    }
    return names.get(type(value), type(value).__name__)


def _default(item: "dataclasses.Field[Any]") -> Any:
    return item.default_factory() if item.default_factory is not dataclasses.MISSING else item.default


def _shown(item: "dataclasses.Field[Any]") -> Any:
    sample = item.metadata.get(_SAMPLE)
    return sample if sample is not None else _default(item)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def example() -> str:
    """instance.example.toml: every key with its explanation, defaults as comments, what one must fill in as it is."""
    parts = ["# Every setting of a Kontor instance with its default. A line that begins with # shows the default.\n"]
    for table in dataclasses.fields(Config):
        if table.name in ("folder", "secret"):
            continue
        kind = _hints(Config)[table.name]
        parts.append(f"\n# {' '.join((kind.__doc__ or '').split())}\n[{table.name}]\n")
        for item in dataclasses.fields(kind):
            if not item.metadata.get(_DOC):
                continue
            mark = "" if item.metadata.get(_SAMPLE) and not isinstance(_default(item), list) else "# "
            parts.append(f"\n# {item.metadata[_DOC]}\n{mark}{item.name} = {_toml(_shown(item))}\n")
    return "".join(parts)


if __name__ == "__main__":
    Path("instance.example.toml").write_text(example(), encoding="utf-8")
