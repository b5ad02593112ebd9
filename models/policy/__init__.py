"""Every access rule of the house, as SQL, once.

`visible_…(viewer)` are the statements that every list and every look-up begins with: what they leave out does not
exist for that viewer. `may_…` answer whether somebody may do something to what they see. Caches may hold what is
the same for all; whether a viewer may have it is asked here each time.

What leaves is only a post's `published_revision` (null until the gate let one through), and reach narrows from both
sides: the post's own, fixed when it was written, and its group's of today.
"""

from models.policy.companies import (
    admission,
    admitted,
    agreed_level,
    file_admission,
    is_admitted,
    remote_viewer,
)
from models.policy.consent import may_quote_in, may_vote, must_permit, verdict
from models.policy.doing import (
    may_administer,
    may_answer_in,
    may_contribute,
    may_decide,
    may_delete,
    may_edit,
    may_follow_group,
    may_invite,
    may_join,
    may_join_as,
    may_join_group,
    may_manage,
    may_moderate,
    may_post,
    may_raise_reach,
    may_read_ledger,
    may_read_reports,
    must_administer,
)
from models.policy.files import media_behind_a_link, visible_media
from models.policy.groups import (
    belongs_to,
    decides_for,
    is_banned,
    is_member,
    moderated_groups,
    moderates,
    readable_groups,
    visible_groups,
)
from models.policy.hearing import hears_all, is_followed, is_heard, is_in_force, is_read_in, is_untold, unheard
from models.policy.house import visible_announcements
from models.policy.people import (
    findable_actors,
    introducible_actors,
    is_apart,
    listable_actors,
    visible_actors,
)
from models.policy.posts import (
    is_for_everybody,
    knew_posts,
    may_see,
    nameable_posts,
    sees_like,
    sees_post,
    visible_activities,
    visible_copies,
    visible_post,
    visible_posts,
    visible_reports,
    withdrawn_posts,
)

__all__ = [
    "admission",
    "admitted",
    "agreed_level",
    "belongs_to",
    "decides_for",
    "file_admission",
    "findable_actors",
    "hears_all",
    "introducible_actors",
    "is_admitted",
    "is_apart",
    "is_banned",
    "is_followed",
    "is_for_everybody",
    "is_heard",
    "is_in_force",
    "is_member",
    "is_read_in",
    "is_untold",
    "knew_posts",
    "listable_actors",
    "may_administer",
    "may_answer_in",
    "may_contribute",
    "may_decide",
    "may_delete",
    "may_edit",
    "may_follow_group",
    "may_invite",
    "may_join",
    "may_join_as",
    "may_join_group",
    "may_manage",
    "may_moderate",
    "may_post",
    "may_quote_in",
    "may_raise_reach",
    "may_read_ledger",
    "may_read_reports",
    "may_see",
    "may_vote",
    "media_behind_a_link",
    "moderated_groups",
    "moderates",
    "must_administer",
    "must_permit",
    "nameable_posts",
    "readable_groups",
    "remote_viewer",
    "sees_like",
    "sees_post",
    "unheard",
    "verdict",
    "visible_activities",
    "visible_actors",
    "visible_announcements",
    "visible_copies",
    "visible_groups",
    "visible_media",
    "visible_post",
    "visible_posts",
    "visible_reports",
    "withdrawn_posts",
]
