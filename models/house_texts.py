"""What the house says about itself: description, rules, policies, whom to write to. Admins write it, as Markdown.

Each saving keeps the wording before: terms are asked for by the day from which they were in force.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import audit, policy
from models.base import new_id
from models.errors import Invalid
from models.instance import instance_of
from models.tables import HouseText, HouseTextName
from models.text.clean import clean_line, clean_text
from models.text.markdown import render
from models.viewers import Staff

LIMITS: Mapping[HouseTextName, int] = {
    HouseTextName.DESCRIPTION: 500,
    HouseTextName.ABOUT: 20_000,
    HouseTextName.RULES: 10_000,
    HouseTextName.PRIVACY: 50_000,
    HouseTextName.TERMS: 50_000,
    HouseTextName.CONTACT: 200,
}
_LINES = frozenset({HouseTextName.DESCRIPTION, HouseTextName.CONTACT})
_HINT = " -- "
_MOST_RULES = 50


class HouseTextTooLong(Invalid):
    """This text is longer than it may be."""

    code = "house_text_too_long"


class NoAddress(Invalid):
    """This is no e-mail address."""

    code = "no_address"


class Rule(NamedTuple):
    """One rule of the house, and what explains it."""

    number: int
    text: str
    hint: str


async def write(session: AsyncSession, texts: Mapping[HouseTextName, str], *, by: Staff) -> None:
    """Save those of `texts` that changed; an empty one is not said any more.

    Raises: NotAllowed, HouseTextTooLong, NoAddress.
    """
    policy.must_administer(by)
    before = await current(session)
    for name, typed in texts.items():
        source = _clean(name, typed)
        known = before.get(name)
        if source != (known.source if known is not None else ""):
            session.add(
                HouseText(id=new_id(), name=name, source=source, html=_html(session, name, source), by_id=by.account_id)
            )
            audit.note(session, "house_text_changed", by=by, name=str(name))


def _clean(name: HouseTextName, typed: str) -> str:
    limit = LIMITS[name]
    if len(typed) > limit:
        raise HouseTextTooLong(field=str(name), limit=limit)
    source = clean_line(typed, limit=limit) if name in _LINES else clean_text(typed, limit=limit * 3).strip()
    if name is HouseTextName.CONTACT and source and ("@" not in source or " " in source):
        raise NoAddress(field=str(name))
    return source


def _html(session: AsyncSession, name: HouseTextName, source: str) -> str:
    if name in _LINES:
        return ""
    instance = instance_of(session)
    return render(source, mentions={}, tag_url=lambda tag: instance.url(f"/tags/{tag}")).html


async def current(session: AsyncSession) -> dict[HouseTextName, HouseText]:
    """What is said now, by name; one that was emptied is not in it."""
    newest = select(func.max(HouseText.id)).group_by(HouseText.name)
    found = await session.scalars(select(HouseText).where(HouseText.id.in_(newest)))
    return {row.name: row for row in found if row.source}


async def terms(session: AsyncSession) -> Sequence[tuple[date, HouseText]]:
    """The terms that were in force, the newest first, with the day from which; of one day the last wording."""
    rows = await session.scalars(
        select(HouseText).where(HouseText.name == HouseTextName.TERMS).order_by(HouseText.id.desc())
    )
    days: dict[date, HouseText] = {}
    for row in rows:
        days.setdefault(row.created_at.date(), row)
    return list(days.items())


def rules_of(text: HouseText | None) -> list[Rule]:
    """The rules in a text: one a line, what explains it after ` -- `."""
    lines = [line.strip().lstrip("-*0123456789. ") for line in (text.source if text is not None else "").splitlines()]
    rules = [line.partition(_HINT) for line in lines if line][:_MOST_RULES]
    return [Rule(number, rule.strip(), hint.strip()) for number, (rule, _, hint) in enumerate(rules, start=1)]
