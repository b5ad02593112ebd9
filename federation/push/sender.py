"""Sends what waits to be pushed.

What is due is taken, decided about and entered in the ledger in one transaction; the requests are made outside of it.
A service that is down is asked again later, for a day; one that says 404 or 410 has no app there any more.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from federation.fetch import FetchFailed, FetchRefused
from federation.push.encryption import BadSubscriber, Ephemeral, Subscriber, seal, seal_as_drafted
from federation.push.vapid import Vapid, VapidKeys
from federation.vocabulary import BadUrl, checked_url
from federation.wire import Wire
from models import pushes
from models.base import now
from models.pushes import Claimed, Ending, Notice, Result

log = logging.getLogger(__name__)

_AT_ONCE = 16
_POLL_SECONDS = 30.0
_PAUSE_SECONDS = 5.0
_KEPT_SECONDS = 172_800
"""How long a service keeps what it cannot deliver, the TTL of RFC 8030 §5.2."""
_LONGEST_WAIT = timedelta(hours=12)


class Pusher:
    """Pushes the notifications of one instance. `write` says in words what one is about, as apps read it."""

    def __init__(self, wire: Wire, keys: VapidKeys, write: Callable[[Notice], bytes]) -> None:
        self._wire = wire
        self._database = wire.database
        self._keys = keys
        self._write = write

    async def run(self, stop: asyncio.Event) -> None:
        """Push whatever is due until `stop` is set."""
        while not stop.is_set():
            seen = self._database.queued.count
            try:
                if await self._turn():
                    continue
                wait = await self._until_next()
            except Exception:
                log.exception("pushes failed")
                wait = _PAUSE_SECONDS
            stopping = asyncio.ensure_future(stop.wait())
            woken = asyncio.ensure_future(self._database.queued.wait(seen, at_most=wait))
            await asyncio.wait({stopping, woken}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            woken.cancel()

    async def drain(self) -> int:
        """Push everything that is due now; how many attempts that took."""
        count = 0
        while made := await self._turn():
            count += made
        return count

    async def _until_next(self) -> float:
        async with self._database.reading() as session:
            due = await pushes.next_due(session)
        return _POLL_SECONDS if due is None else max(0.0, min(_POLL_SECONDS, (due - now()).total_seconds()))

    async def _turn(self) -> int:
        async with self._database.reading() as session:
            due = await pushes.next_due(session)
        if due is None or due > now():
            return 0
        vapid = await self._keys.ensure(self._database)
        async with self._database.writing() as session:
            taken = await pushes.claim(session, most=_AT_ONCE, host_of=self._host_of, write=self._write)
        results = await asyncio.gather(*(self._sent(vapid, claimed) for claimed in taken))
        if results:
            async with self._database.writing() as session:
                await pushes.note(session, results)
        return max(len(taken), 1)

    def _host_of(self, endpoint: str) -> str:
        try:
            return checked_url(endpoint, insecure=self._wire.insecure_hosts).origin.authority
        except BadUrl:
            return ""

    async def _sent(self, vapid: Vapid, claimed: Claimed) -> Result:
        try:
            headers, body = self._request(vapid, claimed)
            answer = await self._wire.fetcher.post(claimed.endpoint, body, headers)
        except FetchFailed:
            return Result(claimed=claimed, ending=Ending.AGAIN)
        except (FetchRefused, BadSubscriber, BadUrl):
            return Result(claimed=claimed, ending=Ending.GONE)
        return _judged(claimed, answer.status, answer.headers.get("Retry-After"))

    def _request(self, vapid: Vapid, claimed: Claimed) -> tuple[dict[str, str], bytes]:
        origin = checked_url(claimed.endpoint, insecure=self._wire.insecure_hosts).origin
        token = vapid.token(f"{origin.scheme}://{origin.authority}")
        subscriber = Subscriber.parse(claimed.p256dh, claimed.auth)
        cipher = seal if claimed.is_standard else seal_as_drafted
        sealed = cipher(claimed.message, subscriber, Ephemeral())
        headers = {
            "Content-Type": "application/octet-stream",
            "TTL": str(_KEPT_SECONDS),
            "Urgency": "normal",
            **sealed.headers,
        }
        if claimed.is_standard:
            headers["Authorization"] = f"vapid t={token}, k={vapid.public}"  # RFC 8292 §3
        else:
            headers["Authorization"] = f"WebPush {token}"
            headers["Crypto-Key"] += f";p256ecdsa={vapid.public}"
        return headers, sealed.body


def _judged(claimed: Claimed, status: int, retry_after: str | None) -> Result:
    """What a status means: RFC 8030 §5 and §7.3, and what services are known to say."""
    if status // 100 == 2:
        return Result(claimed=claimed, ending=Ending.DELIVERED)
    if status in (404, 410):
        return Result(claimed=claimed, ending=Ending.GONE)
    if status in (408, 425, 429) or status >= 500:
        asked = retry_after.strip() if retry_after is not None else ""
        seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0
        return Result(claimed=claimed, ending=Ending.AGAIN, wait=min(timedelta(seconds=seconds), _LONGEST_WAIT))
    return Result(claimed=claimed, ending=Ending.REFUSED)
