"""Asks another server for a document in the manner that it understands, and remembers which that was.

Most take a cavage signature over everything. Others want a digest on a GET too (SIG-6), sign without the query (SIG-7),
take the newer form only (SIG-24), or say what they want (SIG-29). A server that refuses is asked again in another
manner, with three requests at most; once it answered, what it refuses it means.
"""

from collections.abc import Iterator

from federation.fetch import Admit, FetchedDocument, FetchFailed
from federation.keys import Signer
from federation.known import Manner
from federation.signatures import Wish, read_wish
from federation.wire import Wire

_KNOCKS = 3
_REFUSALS = frozenset({400, 401, 403})


async def ask(
    wire: Wire, uri: str, *, host: str, signer: Signer, admit: Admit, known_form: str | None = None
) -> FetchedDocument:
    """Fetch a document, signed by `signer`; `known_form` is the form in which the host took a delivery lately.

    Raises:
        FetchRefused, FetchFailed, BadJson: see `Fetcher.get_activity_json`; the last refusal where there are several.
    """
    known = wire.memory.manners.get(host)
    first = known or Manner("rfc9421" if known_form == "rfc9421" else "cavage")
    wish: Wish | None = None
    knocks = _manners(uri, first, is_known=known is not None)
    manner = next(knocks)
    for number in range(1, _KNOCKS + 1):
        try:
            found = await wire.fetcher.get_activity_json(uri, signer=manner.of(signer, wish), admit=admit)
        except FetchFailed as error:
            if error.http_status not in _REFUSALS or number == _KNOCKS:
                raise
            asked_for = read_wish(error.wish, key_id=signer.keys.rsa_id) if error.http_status == 401 else None
            if wish is None and asked_for is not None:
                manner, wish = Manner("rfc9421"), asked_for
                continue
            if (following := next(knocks, None)) is None:
                raise
            manner, wish = following, None
        else:
            if wish is None and manner != known:
                wire.memory.manners.put(host, manner)
            return found
    raise AssertionError("the last knock raises")


def _manners(uri: str, first: Manner, *, is_known: bool) -> Iterator[Manner]:
    """In which order a server is asked; one that took a manner before may still want a digest for what is private."""
    yield first
    second = Manner(digest=True, with_query="?" not in uri)
    if first != second:
        yield second
    if not is_known:
        yield Manner("cavage" if first.form == "rfc9421" else "rfc9421")
