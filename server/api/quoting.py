"""Who may quote a post, in the words of clients."""

from models.interactions import QuotePolicy
from server.api.params import BadValue, Params

_PARAMETER = "quote_approval_policy"


def wanted(sent: Params) -> QuotePolicy:
    """`quote_approval_policy`. Raises BadValue."""
    word = sent.text(_PARAMETER).strip().lower()
    try:
        return QuotePolicy(word)
    except ValueError:
        raise BadValue(field=_PARAMETER) from None


def wished(sent: Params) -> QuotePolicy | None:
    """The same where it may be left out, be null or empty: then nothing is wished. Raises BadValue."""
    return wanted(sent) if sent.text(_PARAMETER).strip() else None
