"""Makes one delivery: signs, posts, knocks a second time in the other form where that helps, judges the answer."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

from msgspec import Struct

from federation.delivery.signing import Signing
from federation.errors import ProtocolError
from federation.fetch import Answer, FetchFailed, FetchRefused
from federation.signatures import Form, TimeRefused, read_wish, sha256_base64
from federation.signatures.clock import parse_http_date
from federation.upkeep.comparing import headers_for
from federation.wire import Wire
from models.base import now
from models.lanes import FORM_MEMORY, Claimed, Ending, Lane, Result
from models.text.clean import shorten_text

UNREACHABLE_FOR = timedelta(days=1)
"""How long a name that does not resolve, or a certificate that does not hold, may be a passing fault (DLV-4)."""
_TRIES_UNAUTHORIZED = 3
_OTHER_FORM = frozenset({400, 401, 403})
_PASSING = frozenset({408, 425, 429})
_KEPT_OF_ANSWER = 300
_MARKUP = re.compile(r"<[^>]{0,300}>")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Parcel:
    """An activity's bytes and their hash, made once for all inboxes."""

    body: bytes
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", sha256_base64(self.body))


class Attempt(Struct, frozen=True):
    """How a delivery ended. `is_unanswered`: the other server took the time and said nothing."""

    result: Result
    is_unanswered: bool = False

    @property
    def was_answered(self) -> bool:
        """Whether the host is there and works."""
        return self.result.status is not None and self.result.status < 500


async def deliver(wire: Wire, signing: Signing, lane: Lane, claimed: Claimed, parcel: Parcel) -> Attempt:
    """Make one delivery; whatever happens is an ending, nothing is raised but for faults of our own."""
    known = lane.form if _is_fresh(lane.form_at) else None
    form: Form = "rfc9421" if known == "rfc9421" else "cavage"
    try:
        answer, seconds = await _post(wire, signing, claimed, parcel, form)
        wished = answer.headers.get("Accept-Signature") if answer.status == 401 else None
        if wished is not None or _calls_for_the_other(answer.status, form, known):
            other: Form = "cavage" if form == "rfc9421" and wished is None else "rfc9421"
            second, seconds = await _post(wire, signing, claimed, parcel, other, wished=wished)
            if second.status // 100 == 2:
                return Attempt(_judge(claimed, second, seconds, news=other))
        is_news = known != form and answer.status // 100 == 2
        return Attempt(_judge(claimed, answer, seconds, news=form if is_news else None))
    except FetchFailed as error:
        return Attempt(_unreachable(claimed, error), is_unanswered=error.reason == "timeout")
    except FetchRefused as error:
        return Attempt(Result(claimed=claimed, ending=Ending.REFUSED, error=_facts(error)))


def _is_fresh(moment: datetime | None) -> bool:
    return moment is not None and now() - moment < FORM_MEMORY


def _calls_for_the_other(status: int, form: Form, known: str | None) -> bool:
    """SIG-24: an unknown host is asked in both forms. One that takes no RFC 9421 any more may say so in many ways."""
    if form == "rfc9421":
        return status in _OTHER_FORM or status >= 500
    return known is None and status in _OTHER_FORM


async def _post(
    wire: Wire, signing: Signing, claimed: Claimed, parcel: Parcel, form: Form, *, wished: str | None = None
) -> tuple[Answer, float]:
    """One request: what came back, and after how many seconds. `wished` is what the host asked for (SIG-29)."""
    signer = await wire.keys.signer(wire.database, claimed.actor_id)
    if claimed.type == "Update" and claimed.is_lasting and claimed.attempt == 1:
        signer = signer.before_rotation()  # SIG-30: that there are new keys is told under those that are known
    also = await headers_for(wire, claimed.actor_id, claimed.host)
    wish = read_wish(wished, key_id=signer.keys.rsa_id)
    request = signer.unsigned_delivery(
        claimed.inbox, parcel.body, sha256=parcel.sha256, form=form, also=also, wish=wish
    )
    headers = request.complete(await signing.sign(signer.keys.rsa_private, request.data))
    began = monotonic()
    answer = await wire.fetcher.post(claimed.inbox, parcel.body, headers, deadline=wire.delivery_deadline)
    return answer, monotonic() - began


def _judge(claimed: Claimed, answer: Answer, seconds: float, *, news: Form | None) -> Result:
    """DLV-3, DLV-4, DLV-8: what a status means for this delivery."""
    status = answer.status
    if status // 100 == 2:
        return Result(claimed=claimed, ending=Ending.DELIVERED, status=status, form=news, seconds=seconds)
    if status == 410:
        ending = Ending.GONE
    elif status in _PASSING or (status >= 500 and status != 501):
        ending = Ending.AGAIN
    elif status == 401 or status // 100 == 3:  # a redirect is not followed: it is a fault that its owner may mend
        ending = Ending.AGAIN if claimed.attempt < _TRIES_UNAUTHORIZED else Ending.REFUSED
    else:  # 424 too: NodeBB says it of whatever it cannot fetch, and trying again would hold up what comes after
        ending = Ending.REFUSED
    said = _MARKUP.sub(" ", answer.body[: _KEPT_OF_ANSWER * 2].decode("utf-8", "replace"))
    words = " ".join(shorten_text(said, limit=_KEPT_OF_ANSWER).split())
    return Result(
        claimed=claimed,
        ending=ending,
        status=status,
        error=f"HTTP {status}: {words}" if words else f"HTTP {status}",
        retry_after=_retry_after(answer.headers.get("Retry-After")),
        seconds=seconds,
    )


def _retry_after(value: str | None) -> timedelta | None:
    """DLV-6: seconds or a date."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return timedelta(seconds=int(value))
    try:
        return max(parse_http_date(value) - datetime.now(UTC), timedelta(0))
    except TimeRefused:
        return None


def _unreachable(claimed: Claimed, error: FetchFailed) -> Result:
    is_old = now() - claimed.queued_at > UNREACHABLE_FOR
    is_lasting = error.reason in ("dns", "tls") and is_old
    ending = Ending.REFUSED if is_lasting else Ending.AGAIN
    return Result(claimed=claimed, ending=ending, error=_facts(error), is_unreachable=True)


def _facts(error: ProtocolError) -> str:
    return ": ".join(str(error.facts[name]) for name in ("reason", "detail") if error.facts.get(name)) or error.code
