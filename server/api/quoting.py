"""Who may quote a post, in the words of clients."""

from models.interactions import QuotePolicy
from server.api.params import BadValue, Params


def wanted(sent: Params) -> QuotePolicy:
    """`quote_approval_policy`. Raises BadValue."""
    word = sent.text("quote_approval_policy").strip().lower()
    try:
        return QuotePolicy(word)
    except ValueError:
        raise BadValue(field="quote_approval_policy") from None
