"""Tries out how we and another company's server get on, for whoever sets the two up (B2B-6).

Reach it, see how it describes itself, send it a Like of nothing and take that back, each in another form of signature,
ask it for somebody we know there. Each finding says what came back; what to do about it is for the caller to word.

What is sent here waits in no queue, because its answer is the finding. The gate and the ledger are asked all the same.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from federation import peers, webfinger
from federation.documents import activity
from federation.documents.envelope import encode, proven
from federation.fetch import FetchFailed, FetchRefused
from federation.keys import Signer
from federation.signatures import Form, sha256_base64
from federation.vocabulary import ACCEPT, CheckedUrl, Document, checked_url
from federation.wire import Wire
from models import audit, deliveries, egress, halts, ledger
from models.base import now
from models.tables import (
    Actor,
    ActorType,
    Agreement,
    Dialect,
    Group,
    Membership,
    MemberState,
    Outcome,
    Partner,
    PartnerState,
    Peer,
    Reach,
)
from models.viewers import Staff

FORMS: tuple[Form, ...] = ("cavage", "rfc9421")
_MAX = 65_536
_MISSES_WHAT_IT_NAMES = 424
"""Some forums' word for a Like of what is not there (RFC 4918 §11.4): they believed it, and looked."""
_NO_DOOR = frozenset({301, 302, 307, 308, 404, 405})
"""What the usual address of an inbox answers where it is none: not every microblog has one for all."""
_NOT_A_PARTNER, _HALTED = "not_a_partner", "deliveries_halted"


class Step(StrEnum):
    ADMITTED = "admitted"
    REACHED = "reached"
    DESCRIBED = "described"
    TAKES = "takes"
    SHOWS = "shows"
    GROUPS = "groups"
    QUEUE = "queue"


class Grade(StrEnum):
    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


class Finding(Struct, frozen=True):
    """What one step showed. `what` is a stable word, `facts` are for the sentence about it."""

    step: Step
    grade: Grade
    what: str
    facts: Mapping[str, str] = field(default_factory=dict)


async def check(wire: Wire, host: str, *, by: Staff | None = None) -> list[Finding]:
    """Try everything with `host`, as written in handles; what fails does not stop the rest, as far as that makes sense.

    Nothing is asked of a server that is not admitted. `by` is None for the command line. Must not be called inside
    `writing()`.
    """
    found = await _tried(wire, host)
    said = {str(finding.step): finding.what for finding in found}
    async with wire.database.writing() as session:
        audit.note(session, "partner_checked", by=by, host=host, rule="B2B-6", **said)
    return found


async def _tried(wire: Wire, host: str) -> list[Finding]:
    async with wire.database.reading() as session:
        found = [await _admitted(session, host)]
    if found[0].grade is Grade.BAD:
        return found
    reached = await _reached(wire, host)
    found.append(reached)
    if reached.grade is Grade.BAD:
        return found
    found.append(await _described(wire, host))
    found.append(await _takes(wire, host))
    found.append(await _shows(wire, host))
    async with wire.database.reading() as session:
        found += [await _groups(session, host), await _queue(session, host)]
    return found


async def _admitted(session: AsyncSession, host: str) -> Finding:
    state = await session.scalar(select(Partner.state).where(Partner.host == host))
    if not await egress.allows(session, host):
        what = "suspended" if state is PartnerState.SUSPENDED else "unknown"
        return Finding(Step.ADMITTED, Grade.BAD, what, {"host": host})
    return Finding(Step.ADMITTED, Grade.GOOD, "admitted" if state else "open", {"host": host})


async def _reached(wire: Wire, host: str) -> Finding:
    url = f"{webfinger.scheme(wire, host)}://{host}/.well-known/nodeinfo"
    try:
        answer = await wire.fetcher.get(url, accept="application/json", admit=_only(host), max_bytes=_MAX)
    except FetchRefused as error:
        return Finding(
            Step.REACHED, Grade.BAD, "forbidden", {"host": host, "detail": str(error.facts.get("reason", ""))}
        )
    except FetchFailed as error:
        return Finding(Step.REACHED, Grade.BAD, error.reason, {"host": host})
    status = str(answer.status)
    if answer.status >= 500:
        return Finding(Step.REACHED, Grade.BAD, "broken", {"host": host, "status": status})
    return Finding(Step.REACHED, Grade.GOOD, "reached", {"host": host, "status": status})


def _only(host: str) -> Callable[[CheckedUrl], bool]:
    def admit(hop: CheckedUrl) -> bool:
        return hop.origin.authority == host

    return admit


async def _described(wire: Wire, host: str) -> Finding:
    await peers.look(wire, host)
    async with wire.database.reading() as session:
        peer = await session.get(Peer, host)
        spoken_to = await _is_spoken_to(session, host)
    if peer is None or not peer.software:
        return Finding(Step.DESCRIBED, Grade.DOUBTFUL, "nameless", {"host": host})
    software = f"{peer.software} {peer.software_version}".strip()
    what = "spoken_to" if peer.dialect is Dialect.MICROBLOG and spoken_to else str(peer.dialect)
    return Finding(Step.DESCRIBED, Grade.GOOD, what, {"host": host, "software": software})


async def _is_spoken_to(session: AsyncSession, host: str) -> bool:
    """Whether every partner group agreed on with that company sends it copies (GRP-16)."""
    agreed = await session.scalars(
        select(Agreement.sends_copies)
        .join(Partner, Partner.id == Agreement.partner_id)
        .join(Group, Group.id == Agreement.group_id)
        .where(Partner.host == host, Group.reach == Reach.PARTNERS)
    )
    found = agreed.all()
    return bool(found) and all(found)


# What it takes from us


async def _takes(wire: Wire, host: str) -> Finding:
    """A Like of what is not there, and its Undo: whoever knows us takes both and does nothing about it."""
    base = f"{webfinger.scheme(wire, host)}://{host}"
    async with wire.database.reading() as session:
        known = await _inbox_at(session, host)
        dialect = (await peers.dialects(session, [host]))[host]
    inbox = known or f"{base}/inbox"
    actor = await webfinger.server_actor(wire)
    signer = await wire.keys.signer(wire.database, actor.id)
    instance = wire.database.instance
    like = activity.like(instance.mint("x"), actor.uri, f"{base}/#nothing", to=[base])
    undo = activity.undo(instance.mint("x"), like, to=[base], cc=[])
    bodies = [encode(proven(document, by=signer.keys, at=now())) for document in (like, undo)]
    rule = await _stopped_by(wire, host, actor, (like, undo), bodies)
    if rule == _NOT_A_PARTNER:
        return Finding(Step.TAKES, Grade.BAD, "held_back", {"host": host})
    if rule is not None:
        return Finding(Step.TAKES, Grade.DOUBTFUL, "halted", {"host": host})
    answers: dict[Form, int] = {}
    said = ""
    for form, body in zip(FORMS, bodies, strict=True):
        headers = signer.delivery(inbox, body, sha256=sha256_base64(body), form=form)
        try:
            answer = await wire.fetcher.post(inbox, body, headers, deadline=wire.delivery_deadline)
        except (FetchFailed, FetchRefused) as error:
            said = str(error.facts.get("reason", error.code))
            continue
        answers[form] = answer.status
    found = _judged(Step.TAKES, host, answers, said)
    if known is None and answers and set(answers.values()) <= _NO_DOOR and dialect is Dialect.MICROBLOG:
        return replace(found, grade=Grade.DOUBTFUL, what="no_door")
    return found


async def _inbox_at(session: AsyncSession, host: str) -> str | None:
    """Where that server takes what is for it: the inbox for all, or where it has none that of somebody known there."""
    inbox = func.coalesce(Actor.shared_inbox, Actor.inbox)
    return await session.scalar(
        select(inbox)
        .where(Actor.host == host, Actor.deleted_at.is_(None), ~Actor.is_introduced, inbox != "")
        .order_by(Actor.shared_inbox.is_(None), Actor.fetched_at.desc())
        .limit(1)
    )


async def _stopped_by(
    wire: Wire, host: str, actor: Actor, documents: Sequence[Document], bodies: Sequence[bytes]
) -> str | None:
    """The rule by which nothing goes there just now, None where it may; the ledger is told either way.

    The gate is asked once more, since the host may have been suspended meanwhile, and whether all deliveries halt
    (R-98).
    """
    async with wire.database.writing() as session:
        rule = None if await egress.allows(session, host) else _NOT_A_PARTNER
        if rule is None and await halts.current(session) is not None:
            rule = _HALTED
        await ledger.append_all(
            session,
            [
                ledger.Fact(
                    outcome=Outcome.SENT if rule is None else Outcome.STOPPED,
                    what=str(document["type"]),
                    actor=actor.username,
                    rule=rule or "partner_check",
                    object_uri=str(document["id"]),
                    hosts=(host,),
                    digest=hashlib.sha256(body).hexdigest(),
                )
                for document, body in zip(documents, bodies, strict=True)
            ],
        )
    return rule


def _judged(step: Step, host: str, answers: Mapping[Form, int], said: str) -> Finding:
    took = [form for form, status in answers.items() if status // 100 == 2 or status == _MISSES_WHAT_IT_NAMES]
    facts = {
        "host": host,
        "forms": ", ".join(took),
        "answers": ", ".join(f"{form} {status}" for form, status in answers.items()) or said,
    }
    if took:
        return Finding(step, Grade.GOOD, "both" if len(took) == len(FORMS) else "one", facts)
    statuses = set(answers.values())
    if not statuses:
        return Finding(step, Grade.BAD, "silent", facts)
    if statuses <= {403, 404, 410}:
        return Finding(step, Grade.BAD, "turned_away", facts)
    if step is Step.TAKES and 400 in statuses and statuses <= {400, 401, 403}:
        return Finding(step, Grade.DOUBTFUL, "picky", facts)  # some say so of a Like of nothing, once they believed it
    if statuses <= {400, 401, 403}:
        return Finding(step, Grade.BAD, "not_believed", facts)
    return Finding(step, Grade.BAD, "broken", facts)


# What it shows us


async def _shows(wire: Wire, host: str) -> Finding:
    """Ask for an actor there whom we know, in each form."""
    async with wire.database.reading() as session:
        uri = await session.scalar(
            select(Actor.uri)
            .where(
                Actor.host == host,
                Actor.type != ActorType.APPLICATION,
                Actor.deleted_at.is_(None),
                ~Actor.is_introduced,
            )
            .order_by(Actor.fetched_at.desc())
            .limit(1)
        )
    if uri is None:
        return Finding(Step.SHOWS, Grade.DOUBTFUL, "nobody", {"host": host})
    signer = await wire.keys.instance_signer(wire.database)
    answers: dict[Form, int] = {}
    said = ""
    for form in FORMS:
        try:
            answers[form] = await _status(wire, uri, host, replace(signer, form=form))
        except (FetchFailed, FetchRefused) as error:
            said = str(error.facts.get("reason", error.code))
    return _judged(Step.SHOWS, host, answers, said)


async def _status(wire: Wire, uri: str, host: str, signer: Signer) -> int:
    checked_url(uri, insecure=wire.insecure_hosts)
    answer = await wire.fetcher.get(uri, accept=ACCEPT, signer=signer, admit=_only(host), max_bytes=1_048_576)
    return answer.status


# What was agreed, and what waits


async def _groups(session: AsyncSession, host: str) -> Finding:
    agreed = select(Agreement.group_id).join(Partner, Partner.id == Agreement.partner_id).where(Partner.host == host)
    groups = (await session.scalars(agreed)).all()
    members = await session.scalars(
        select(Membership.actor_id).where(Membership.host == host, Membership.state == MemberState.MEMBER).distinct()
    )
    facts = {"host": host, "groups": str(len(groups)), "people": str(len(members.all()))}
    if not groups:
        return Finding(Step.GROUPS, Grade.DOUBTFUL, "none", facts)
    if facts["people"] == "0":
        return Finding(Step.GROUPS, Grade.DOUBTFUL, "nobody", facts)
    return Finding(Step.GROUPS, Grade.GOOD, "shared", facts)


async def _queue(session: AsyncSession, host: str) -> Finding:
    health = (await deliveries.health(session, [host]))[host]
    error = health.peer.last_error if health.peer is not None else ""
    facts = {"host": host, "queued": str(health.queued), "failed": str(health.failed), "error": error}
    if health.failed or (health.queued and error):
        return Finding(Step.QUEUE, Grade.DOUBTFUL, "waiting", facts)
    return Finding(Step.QUEUE, Grade.GOOD, "flowing", facts)


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing is broken."""
    return all(finding.grade is not Grade.BAD for finding in findings)
