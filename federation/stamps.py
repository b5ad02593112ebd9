"""Stamps: documents by which an author vouches for a consent (FEP-044f, GoToSocial; POL-4, POL-5).

A stamp counts when the server of the author who gave it serves it at its id and it says exactly what is claimed.
"""

from msgspec import Struct

from federation import trust
from federation.documents import members
from federation.errors import ProtocolError
from federation.remote_posts import Budget, is_passing
from federation.vocabulary import Document, id_of, same_origin, types_of
from federation.wire import Wire

_NAMES = {
    "QuoteAuthorization": ("interactingObject", "interactionTarget"),
}
_OTHERS = ("object", "target")


class Claim(Struct, frozen=True, kw_only=True):
    """What a stamp has to say: its type, who gives it, for which post, and about which of theirs."""

    type: str
    author: str
    interaction: str
    target: str


async def holds(wire: Wire, budget: Budget, uri: str, claim: Claim) -> bool:
    """Whether the stamp at `uri` is there and says what is claimed. Raises what may well pass (`is_passing`)."""
    if not members.is_address(uri, insecure_hosts=wire.insecure_hosts):
        return False
    if not same_origin(uri, claim.author) or trust.is_own(wire, uri):
        return False
    try:
        budget.spend()
        fetched = await trust.fetch(wire, uri)
    except ProtocolError as error:
        if is_passing(error):
            raise
        return False
    return says(fetched.document, uri, claim)


def says(document: Document, uri: str, claim: Claim) -> bool:
    """Whether a document is the stamp `uri` with all that is claimed."""
    if document.get("id") != uri or claim.type not in types_of(document):
        return False
    interaction, target = _NAMES.get(claim.type, _OTHERS)
    return (
        id_of(document.get("attributedTo")) == claim.author
        and _one_of(document, interaction, "interactingObject") == claim.interaction
        and _one_of(document, target, "interactionTarget") == claim.target
    )


def _one_of(document: Document, *names: str) -> str | None:
    return next((found for name in names if (found := id_of(document.get(name))) is not None), None)


def render(uri: str, claim: Claim) -> Document:
    """A stamp of ours, without context."""
    interaction, target = _NAMES.get(claim.type, _OTHERS)
    return {
        "id": uri,
        "type": claim.type,
        "attributedTo": claim.author,
        interaction: claim.interaction,
        target: claim.target,
    }
