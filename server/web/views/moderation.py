"""Keeping a group in order: one post, one ban."""

from dataclasses import dataclass, field

from server.web.views.groups import GroupHead
from server.web.views.page import Form
from server.web.views.posts import PersonRef, PostView


@dataclass(frozen=True, slots=True, kw_only=True)
class PostModerationView:
    """`web/post_moderation.html`. Removing sends `reason`; pinning and closing send `set` (`yes|no`)."""

    post: PostView
    removal_url: str | None = None
    restoration_url: str | None = None
    pin_url: str | None = None
    pinned: bool = False
    lock_url: str | None = None
    """Set where the post began a conversation."""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberBanView:
    """`web/group_ban.html`: sends `reason`, `until` (a date or nothing) and `posts` (`on` or absent)."""

    head: GroupHead
    person: PersonRef
    action: str
    form: Form = field(default_factory=Form)
