"""The streams clients know: what each is called, which posts belong to it, and which scope it takes (R-81)."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from models import timelines
from models.errors import DomainError, Invalid
from models.posts import audiences
from models.posts.audiences import Facts
from models.tables import Post
from models.text.clean import fold_tag
from models.viewers import Staff
from server.api.bearer import OutsideScope
from server.api.params import BadValue, id_of
from server.auth.scopes import Scopes

_PUBLIC = {
    "public": timelines.everything,
    "public:local": timelines.of_company,
    "public:remote": timelines.elsewhere,
}
_WITH_FILES = ":media"
_SCOPES = {
    "user": ("read:statuses", "read:notifications"),
    "user:notification": ("read:notifications",),
    "list": ("read:lists", "read:statuses"),
}
_TAG_LIMIT = 200


class UnknownStream(DomainError):
    """There is no such stream."""

    code = "unknown_stream"
    status = 404


class ArgumentMissing(Invalid):
    """This stream needs to know which one: a tag, or a list."""

    code = "argument_missing"


class Stream(Struct, frozen=True):
    """A stream and, for hashtags and lists, which one."""

    kind: str
    argument: str = ""

    @property
    def label(self) -> list[str]:
        """As clients tell their streams apart: the argument is an entry of its own."""
        return [self.kind, self.argument] if self.argument else [self.kind]

    @property
    def tells_posts(self) -> bool:
        return self.kind not in ("user:notification", "direct")

    def concerns(self, facts: Facts) -> bool:
        """Whether posts of these tags and in these lists can belong to this stream at all."""
        match self.kind:
            case "hashtag" | "hashtag:local":
                return fold_tag(self.argument) in facts.tags
            case "list":
                return int(self.argument) in facts.lists
        return True

    async def readers(
        self, session: AsyncSession, viewers: Iterable[Staff], post_ids: Iterable[int]
    ) -> dict[int, set[int]]:
        """By account which of some posts belong to this stream, and exist for that one of `viewers` now."""
        people, ids = list(viewers), list(post_ids)
        sorting = [viewer for viewer in people if viewer.sorts_home] if self.kind == "user" else []
        usual = [viewer for viewer in people if not viewer.sorts_home] if sorting else people
        found = await audiences.readers_among(session, usual, _posts, ids, self)
        return found | await audiences.readers_among(session, sorting, timelines.sorted_home, ids)


def _posts(viewer: Staff, stream: Stream) -> Select[Post]:
    plain = stream.kind.removesuffix(_WITH_FILES)
    if plain in _PUBLIC:
        posts = _PUBLIC[plain](viewer)
        return timelines.narrowed(posts, viewer, only_files=True) if plain != stream.kind else posts
    match stream.kind:
        case "user":
            return timelines.home(viewer)
        case "hashtag":
            return timelines.of_tag(viewer, stream.argument)
        case "hashtag:local":
            return timelines.narrowed(timelines.of_tag(viewer, stream.argument), viewer, is_local=True)
        case "list":
            return timelines.of_group_or_list(viewer, int(stream.argument))
    return timelines.direct(viewer)


def parse(kind: str, *, tag: str, list_id: str, scopes: Scopes) -> Stream:
    """The stream that a client asks for.

    Raises:
        UnknownStream, ArgumentMissing. OutsideScope: its token does not reach that far.
    """
    if kind.removesuffix(_WITH_FILES) in _PUBLIC or kind in ("user", "user:notification", "direct"):
        stream = Stream(kind)
    elif kind in ("hashtag", "hashtag:local"):
        stream = Stream(kind, tag.removeprefix("#").replace("\x00", "")[:_TAG_LIMIT])
    elif kind == "list":
        try:
            stream = Stream(kind, str(id_of(list_id, "list")) if list_id else "")
        except BadValue:
            raise ArgumentMissing(field="list") from None
    else:
        raise UnknownStream
    if kind.startswith(("hashtag", "list")) and not stream.argument:
        raise ArgumentMissing(field="list" if kind == "list" else "tag")
    if not any(scopes.cover(scope) for scope in _SCOPES.get(kind, ("read:statuses",))):
        raise OutsideScope(stream=kind)
    return stream
