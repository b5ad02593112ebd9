"""Files of other servers, for the media proxy: fetched by us, so that nobody's reader has to go there (R-56)."""

from federation.fetch import FetchFailed
from federation.trust import NotAdmitted, TooManyFetches
from federation.vocabulary import CheckedUrl, checked_url
from federation.wire import Wire
from models import policy

DEADLINE = 20.0
PER_MINUTE = 600


async def fetch_file(wire: Wire, url: str, *, max_bytes: int, anywhere: bool = False) -> tuple[bytes, str]:
    """The bytes at `url` and their media type as claimed; decode them before you trust either.

    It is signed by our instance actor, since what partners share is for partners only. A server may keep its files on
    a host below its own name. `anywhere`: on no account of any server's; then unsigned, and from whom it may be.

    Raises:
        NotAdmitted: we do not talk with that server, or take no files from it. TooManyFetches. BadUrl.
        FetchRefused, FetchFailed: it could not be had, or is larger than `max_bytes`.
    """
    at = checked_url(url, insecure=wire.insecure_hosts)
    own = wire.database.instance.host
    async with wire.database.reading() as session:
        admitted = await policy.file_admission(session)

    def admit(hop: CheckedUrl) -> bool:
        host = hop.origin.authority
        if host == own:
            return False
        return anywhere or admitted([host, *_parents(host)])

    if not admit(at):
        raise NotAdmitted(host=at.origin.authority)
    if wire.memory.files.take(at.origin.authority, per_minute=PER_MINUTE, burst=PER_MINUTE) > 0:
        raise TooManyFetches(host=at.origin.authority)
    answer = await wire.fetcher.get(
        url,
        accept="image/*, */*;q=0.1",
        signer=None if anywhere else await wire.keys.instance_signer(wire.database),
        admit=admit,
        max_bytes=max_bytes,
        deadline=DEADLINE,
    )
    if answer.status != 200:
        raise FetchFailed(reason="status", http_status=answer.status, host=answer.url.host)
    return answer.body, answer.content_type


def _parents(host: str) -> list[str]:
    """The names above a host, down to two labels: files.social.example is below social.example and example.com not."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels) - 1)]
