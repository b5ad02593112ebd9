"""The board of all servers we send to, and what could not be delivered."""

from typing import Literal

from msgspec import Struct, field

from server.web.views.page import Moment, Paging

HaltReason = Literal["", "admin", "backup", "outdated"]
Condition = Literal["unknown", "working", "put_off", "refused", "faltering", "held", "sleeping", "gone", "suspended"]


class ServerRow(Struct, frozen=True, kw_only=True):
    """One server on the board. `retry_url` tries now what waits; `letters_url` lists what was given up there."""

    name: str
    host: str
    condition: Condition
    url: str | None = None
    since: Moment | None = None
    """Since when it has not answered, or is gone."""
    queued: int = 0
    oldest: Moment | None = None
    next_attempt: Moment | None = None
    last_success: Moment | None = None
    last_error: str = ""
    last_error_at: Moment | None = None
    dead: int = 0
    letters_url: str = ""
    retry_url: str | None = None
    software: str = ""
    signature: str = ""
    dialect: str = ""
    latency: str = ""


class LetterRow(Struct, frozen=True, kw_only=True):
    """A delivery that was given up."""

    id: int
    what: str
    object: str
    company: str
    host: str
    error: str
    at: Moment | None
    url: str
    """Takes `action` (`retry` or `drop`) and any number of `id`; without one, all letters of the host."""


class BoardView(Struct, frozen=True, kw_only=True):
    """`web/federation.html`. With `host` the letters of one server alone."""

    servers: tuple[ServerRow, ...]
    unlisted: int = 0
    """Servers that work and for which there was no room."""
    letters: tuple[LetterRow, ...] = ()
    host: str = ""
    company: str = ""
    host_url: str = ""
    paging: Paging = field(default_factory=Paging)
    halt: HaltReason = ""
    """Why nothing is sent to anybody; empty while deliveries go on."""
    halted_at: Moment | None = None
    halt_url: str = ""
    """Takes `action`: `halt` or `resume`, the latter with `send_old`, which is on or absent."""
