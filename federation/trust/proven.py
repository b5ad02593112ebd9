"""Integrity proofs inside documents, with the look-up of their keys (FEP-8b32, PRF-2, PRF-4)."""

from federation.errors import ProtocolError
from federation.signatures import proofs
from federation.trust.admission import admit
from federation.trust.keys import TooManyKeys, key_for
from federation.vocabulary import Document, host_of
from federation.wire import Wire
from models.base import now


async def is_proven(wire: Wire, document: Document, actor: str) -> bool:
    """Whether a proof in the document shows that `actor` made it, whoever brought it.

    Without a proof, and where its key cannot be had, that is False.

    Raises:
        BadProof: there is a proof and it is false, which is worse than none. TooManyKeys: ask again later.
    """
    found = proofs.find(document, now=now())
    if found is None or found.owner != actor:
        return False
    try:
        async with wire.database.reading() as session:
            await admit(session, host_of(found.verification_method))
        key = await key_for(wire, found.verification_method)
    except TooManyKeys:
        raise
    except ProtocolError:
        return False
    if key.actor_uri != actor:
        return False
    proofs.verify(found, key.public)
    return True
