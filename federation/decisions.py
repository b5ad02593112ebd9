"""What the wire decided about requests, for the audit log: who asked or got what, by which rule, never content (B2B-5).

A decision is noted in memory and written with others in one transaction, so that it costs the request nothing. How many
of one server are written in a minute is bounded, and how many of one sort; those beyond are counted, and the number is
written instead. A stranger who signs with a thousand names therefore neither hides nor drives out what the log says of
those who proved theirs. What a rule refused after the bytes were stored is written at once by who refused it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from federation.memory import Decision
from federation.wire import Wire
from models import audit
from models.base import now
from models.text.clean import shorten_text

PER_MINUTE = 20
PER_MINUTE_IN_ALL = 120
MOST_COUNTED = 200
COUNTED_EVERY = timedelta(minutes=1)
_FACT = 300
_KEY_ID = re.compile(r'keyid="([^"]{1,2048})"', re.IGNORECASE)


def note(wire: Wire, action: str, *, host: str, rule: str, **facts: str) -> None:
    """Remember a decision; `action` is one of `audit.WIRE`."""
    buckets, found = wire.memory.noted, wire.memory.decisions
    for name, rate in ((f"{action} {host}", PER_MINUTE), (action, PER_MINUTE_IN_ALL)):
        if buckets.take(name, per_minute=rate, burst=rate) > 0:
            counted = (action, host, rule)
            is_one_too_many = counted not in found.beyond and len(found.beyond) >= MOST_COUNTED
            found.beyond[(action, "", rule) if is_one_too_many else counted] += 1
            return
    cut: dict[str, Any] = {name: shorten_text(text, limit=_FACT) for name, text in facts.items() if text}
    found.waiting.append(Decision(now(), action, host, rule, cut))


async def write(wire: Wire, *, is_last: bool = False) -> int:
    """Write what was noted; how many lines. Numbers are written once in a minute, and when it is the last time."""
    found, moment = wire.memory.decisions, now()
    lines = [
        {"at": one.at, "host": one.host, "action": one.action, "rule": one.rule, "facts": one.facts}
        for one in found.waiting
    ]
    found.waiting.clear()
    if found.beyond and (is_last or found.counted_at is None or moment - found.counted_at >= COUNTED_EVERY):
        for (action, host, rule), count in found.beyond.items():
            lines.append({"at": moment, "host": host, "action": action, "rule": rule, "facts": {"more": count}})
        found.beyond.clear()
        found.counted_at = moment
    if lines:
        async with wire.database.writing() as session:
            await audit.enter(session, lines)
    return len(lines)


def key_of(headers: Mapping[str, str]) -> str:
    """The key that a request says it is signed with; empty for an unsigned one."""
    found = _KEY_ID.search(headers.get("Signature-Input", headers.get("Signature", "")))
    return found[1] if found is not None else ""
