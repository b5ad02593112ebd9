"""Whom a document is addressed to, and what that says about who may see it (ADR-1)."""

from msgspec import Struct

from federation.documents import members
from federation.vocabulary import PUBLIC, Document, ids_of, is_public
from models.tables import Visibility

MOST = 1000


class Addressing(Struct, frozen=True):
    """The ids in `to`, `cc` and `audience`, the public collection in its one full spelling.

    `bto` and `bcc` are never read (ADR-3).
    """

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()

    @property
    def everyone(self) -> tuple[str, ...]:
        """All ids, each once, without the public collection."""
        return tuple(dict.fromkeys(one for one in (*self.to, *self.cc, *self.audience) if one != PUBLIC))

    @property
    def is_public(self) -> bool:
        """Whether the public collection is named anywhere."""
        return PUBLIC in self.to or PUBLIC in self.cc or PUBLIC in self.audience

    def visibility_hint(self, followers_of_author: str | None = None) -> Visibility | None:
        """ADR-1 as far as it goes without knowing whose collections these are; None when nobody is addressed.

        Any address that ends like a followers collection counts as one, of the author or of a group; who knows the
        author and the groups decides.
        """
        if PUBLIC in self.to or PUBLIC in self.audience:
            return Visibility.PUBLIC
        if PUBLIC in self.cc:
            return Visibility.UNLISTED
        everyone = self.everyone
        if any(one == followers_of_author or one.rstrip("/").endswith("/followers") for one in everyone):
            return Visibility.FOLLOWERS
        return Visibility.DIRECT if everyone else None


def parse(document: Document, *, insecure_hosts: tuple[str, ...]) -> Addressing:
    """Read the addressing of an activity or object; items that are no addresses are left out, and all beyond 1,000."""
    room = MOST
    found = []
    for name in ("to", "cc", "audience"):
        ids = [
            PUBLIC if is_public(one) else one
            for one in ids_of(document.get(name))[:room]
            if is_public(one) or members.is_address(one, insecure_hosts=insecure_hosts)
        ]
        room -= len(ids)
        found.append(tuple(dict.fromkeys(ids)))
    return Addressing(*found)
