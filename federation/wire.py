"""What everything on the wire needs at hand, made once at start and handed around; nothing here is global."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web

from federation.group_commit import GroupCommit, GroupQuestions
from federation.memory import Memory
from models.database import Database

if TYPE_CHECKING:
    from federation.fetch import Fetcher
    from federation.keys import KeyRing


class AuthorizedFetch(StrEnum):
    """Who may GET public objects: everybody, whoever signs, or admitted partners alone (SIG-32)."""

    OPEN = "open"
    SIGNED = "signed"
    ALLOWLIST = "allowlist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The database, the one client for requests, our keys, and the settings of federation.

    `commits` is for what many requests write at the same time, `questions` for what they ask. `newcomers` is for
    those whose keys were fetched just now: strangers come in crowds, and are kept together.
    """

    database: Database
    fetcher: "Fetcher"
    keys: "KeyRing"
    authorized_fetch: AuthorizedFetch = AuthorizedFetch.SIGNED
    insecure_hosts: tuple[str, ...] = ()
    max_body: int = 1_048_576
    signature_max_age: timedelta = timedelta(hours=12)
    deliveries_at_once: int = 256
    delivery_deadline: float = 10.0
    requests_per_minute: int = 300
    memory: Memory = field(default_factory=Memory)
    commits: GroupCommit = field(default_factory=GroupCommit)
    questions: GroupQuestions = field(default_factory=GroupQuestions)
    newcomers: GroupCommit = field(init=False)

    def __post_init__(self) -> None:
        fetching = self.memory.fetching
        object.__setattr__(self, "newcomers", GroupCommit(coming=lambda: len(fetching)))


WIRE = web.AppKey("wire", Wire)
