"""Admission: which servers may be asked at all, checked before each fetch and again at every redirect (B2B-2, R-31)."""

from collections.abc import Callable, Mapping

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from federation import decisions
from federation.errors import ProtocolError
from federation.fetch import FetchedDocument, FetchFailed
from federation.keys import Signer
from federation.trust.asking import ask
from federation.vocabulary import CheckedUrl, checked_url
from federation.wire import Wire
from models import audit, groups, lanes, policy
from models.instance import instance_of

FETCHES_PER_MINUTE = 60
_KEPT_FROM_STRANGERS = frozenset({401, 403, 404})


class NotAdmitted(ProtocolError):
    """This server does not talk with that one."""

    code = "not_admitted"
    status = 403


class TooManyFetches(ProtocolError):
    """That server was asked too often in the last minute."""

    code = "too_many_fetches"
    status = 429


class Looked(Struct, frozen=True):
    """Whom we talk with at this moment, and in which form of signature some servers took something lately."""

    admitted: Callable[[str], bool]
    forms: Mapping[str, str]

    def admit(self, wire: Wire, host: str) -> None:
        """Make sure that `host` is somebody we talk with, as `admit` does. Raises NotAdmitted."""
        if host == wire.database.instance.host or not self.admitted(host):
            raise NotAdmitted(host=host)


async def admit(session: AsyncSession, host: str) -> None:
    """Make sure that `host`, with its port if it has one, is somebody we talk with today.

    Raises:
        NotAdmitted: no agreement, suspended, or our own name in a stranger's mouth (R-13).
    """
    if host == instance_of(session).host or not await policy.is_admitted(session, host):
        raise NotAdmitted(host=host)


def is_own(wire: Wire, uri: str) -> bool:
    """Whether an id is ours: such ids are looked up and never fetched (R-13)."""
    return wire.database.instance.owns(uri)


async def fetch(wire: Wire, uri: str, *, signer: Signer | None = None, looked: Looked | None = None) -> FetchedDocument:
    """Fetch an ActivityPub document that its own origin vouches for; `looked` is what was found out just now.

    The question is signed by `signer`, or by our instance actor. Where that one gets nothing from a server at which one
    of ours belongs to a group that is not public, it is asked once more in the name of that member (DISC-16).

    Raises:
        BadUrl, NotAdmitted: nothing was sent. TooManyFetches: try again later.
        FetchRefused, FetchFailed, BadJson: see `Fetcher.get_activity_json`.
    """
    at = checked_url(uri, insecure=wire.insecure_hosts)
    host = at.origin.authority
    own = wire.database.instance.host
    if looked is None:
        async with wire.database.reading() as session:
            is_known = wire.memory.manners.get(host) is not None
            looked = Looked(await policy.admission(session), {} if is_known else await lanes.forms_of(session, [host]))
    admitted = looked.admitted
    if host == own or not admitted(host):
        decisions.note(wire, audit.NOT_ASKED, host=host, rule="B2B-2", object=uri)
        raise NotAdmitted(host=host)
    form = looked.forms.get(host)
    if wire.memory.fetches.take(host, per_minute=FETCHES_PER_MINUTE, burst=FETCHES_PER_MINUTE) > 0:
        raise TooManyFetches(host=host)

    def is_open(hop: CheckedUrl) -> bool:
        return hop.origin.authority != own and admitted(hop.origin.authority)

    by = signer or await wire.keys.instance_signer(wire.database)
    try:
        return await ask(wire, uri, host=host, signer=by, admit=is_open, known_form=form)
    except FetchFailed as error:
        if signer is not None or error.http_status not in _KEPT_FROM_STRANGERS:
            raise
        async with wire.database.reading() as session:
            member_id = await groups.member_at(session, host)
        if member_id is None:
            raise
    member = await wire.keys.signer(wire.database, member_id)
    return await ask(wire, uri, host=host, signer=member, admit=is_open, known_form=form)
