"""Keeping a group in order: one post, one ban."""

from msgspec import Struct, field

from server.web.views.groups import GroupHead
from server.web.views.page import Form
from server.web.views.posts import PersonRef, PostView


class PostModerationView(Struct, frozen=True, kw_only=True):
    """`web/post_moderation.html`. Removing sends `reason`; pinning and closing send `set` (`yes|no`)."""

    post: PostView
    removal_url: str | None = None
    restoration_url: str | None = None
    pin_url: str | None = None
    pinned: bool = False
    lock_url: str | None = None
    """Set where the post began a conversation."""
    form: Form = field(default_factory=Form)


class MemberBanView(Struct, frozen=True, kw_only=True):
    """`web/group_ban.html`: sends `reason`, `until` (a date or nothing) and `posts` (`on` or absent)."""

    head: GroupHead
    person: PersonRef
    action: str
    form: Form = field(default_factory=Form)
