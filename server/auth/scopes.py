"""What a client may ask for in somebody's name: the names Mastodon's clients know, and what each covers."""

from collections.abc import Iterable

from msgspec import Struct

from models.errors import DomainError

_READ = (
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "favourites",
    "filters",
    "follows",
    "lists",
    "mutes",
    "notifications",
    "search",
    "statuses",
)
_WRITE = (
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "conversations",
    "favourites",
    "filters",
    "follows",
    "lists",
    "media",
    "mutes",
    "notifications",
    "reports",
    "statuses",
)
_ADMIN = (
    "accounts",
    "canonical_email_blocks",
    "domain_allows",
    "domain_blocks",
    "email_domain_blocks",
    "ip_blocks",
    "reports",
)
_PARTS_OF = {
    "read": frozenset(f"read:{part}" for part in _READ),
    "write": frozenset(f"write:{part}" for part in _WRITE),
    # deprecated, and still asked for by nearly every client
    "follow": frozenset(f"{verb}:{part}" for verb in ("read", "write") for part in ("blocks", "follows", "mutes")),
    "admin:read": frozenset(f"admin:read:{part}" for part in _ADMIN),
    "admin:write": frozenset(f"admin:write:{part}" for part in _ADMIN),
}
KNOWN = frozenset(_PARTS_OF).union({"push", "profile"}, *_PARTS_OF.values())
DEFAULT = "read"
_LONGEST = 2000


class UnknownScope(DomainError):
    """This application asks for something that does not exist here."""

    code = "invalid_scope"
    status = 400


class Scopes(Struct, frozen=True):
    """A set of scopes, in the order they were asked for."""

    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Scopes":
        """Scopes separated by spaces (or plus signs and commas, as some clients write). Raises UnknownScope."""
        if len(text) > _LONGEST:
            raise UnknownScope
        names = tuple(dict.fromkeys(text.replace("+", " ").replace(",", " ").split())) or (DEFAULT,)
        unknown = [name for name in names if name not in KNOWN]
        if unknown:
            raise UnknownScope(unknown=unknown)
        return cls(names)

    def cover(self, needed: str) -> bool:
        """Whether `needed` was granted by its own name, or by one that contains it."""
        return needed in self.names or any(needed in _PARTS_OF.get(name, ()) for name in self.names)

    def cover_all(self, needed: Iterable[str]) -> bool:
        return all(self.cover(name) for name in needed)

    def for_staff(self) -> "Scopes":
        """The same without what only those who administer can give."""
        return Scopes(tuple(name for name in self.names if not name.startswith("admin:")))

    def __str__(self) -> str:
        return " ".join(self.names)
