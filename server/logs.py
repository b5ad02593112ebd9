"""Sets up logging: one line per event on standard error, a constant text and its facts.

`log.info("delivery refused", extra={"host": host, "status": 410})` becomes
`2026-03-24T14:05:01.123Z info federation.delivery "delivery refused" host=zulieferer.example status=410`, or the same
as a JSON object. What must never be in a log is taken out here once more, should somebody hand it over: bodies,
tokens, passwords, signing keys (R-77).
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_SECRET = ("password", "token", "secret", "authorization", "cookie", "signature", "body", "content", "private_key")
_LONGEST = 500

_QUIET = ("aiohttp.access", "alembic", "asyncio", "markdown", "PIL", "MARKDOWN")


def configure(*, style: Literal["text", "json"] = "text", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log of this process to `stream` (standard error) in `style`, from `level` upwards."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Line())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_tell_fault_of_others)
    logging.captureWarnings(True)


def _tell_fault_of_others(record: logging.LogRecord) -> bool:
    """A body that is not what its sender calls it, and that nobody read, is no fault of ours: it is one line."""
    from aiohttp.web import RequestPayloadError  # whoever logs there has it

    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, RequestPayloadError):
        record.msg, record.args, record.exc_info = "a request's body could not be decoded", (), None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was handed over as `extra`, in order, without anything that is nobody's business."""
    return {
        name: "[hidden]" if any(word in name.lower() for word in _SECRET) else value
        for name, value in vars(record).items()
        if name not in _ORDINARY and not name.startswith("_")
    }


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = f"{_time(record)} {record.levelname.lower()} {record.name} {_quoted(record.getMessage(), always=True)}"
        parts = [head, *(f"{name}={_quoted(value)}" for name, value in facts_of(record).items())]
        if record.exc_info:
            parts.append("\n" + self.formatException(record.exc_info))
        return " ".join(parts)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{name: _plain(value) for name, value in facts_of(record).items()},
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)[:_LONGEST]


def _quoted(value: Any, *, always: bool = False) -> str:
    """`value` on one line: a line end in a fact from outside must not look like an event of its own."""
    text = str(value)[:_LONGEST]
    if not always and text and text.isprintable() and not any(character in text for character in ' "='):
        return text
    return json.dumps(text, ensure_ascii=False)
