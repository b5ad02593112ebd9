"""What a scope allows, in words for the page where people agree to it."""

from server.i18n import N_
from server.i18n import gettext as _
from server.web.views import ScopeRow

_SENTENCES = {
    "read": N_("Read everything you can read here: posts, messages, groups, notifications."),
    "write": N_("Post, edit and delete in your name, and upload pictures."),
    "follow": N_("Follow people and join groups in your name."),
    "push": N_("Send notifications to your device."),
    "profile": N_("Read who you are: your name and your profile."),
    "read:accounts": N_("Read profiles of people and groups."),
    "read:blocks": N_("Read whom you block."),
    "read:bookmarks": N_("Read your bookmarks."),
    "read:collections": N_("Read your collections."),
    "read:favourites": N_("Read which posts you said thanks for."),
    "read:filters": N_("Read your filters."),
    "read:follows": N_("Read whom you follow."),
    "read:lists": N_("Read your groups and what is in them."),
    "read:mutes": N_("Read whom you have muted."),
    "read:notifications": N_("Read your notifications."),
    "read:search": N_("Search in your name."),
    "read:statuses": N_("Read the posts and messages you can read."),
    "write:accounts": N_("Change your profile."),
    "write:blocks": N_("Block people in your name."),
    "write:bookmarks": N_("Add and remove bookmarks."),
    "write:collections": N_("Change your collections."),
    "write:conversations": N_("Mark conversations as read."),
    "write:favourites": N_("Say thanks for posts in your name."),
    "write:filters": N_("Change your filters."),
    "write:follows": N_("Follow people and join groups in your name."),
    "write:lists": N_("Change your lists."),
    "write:media": N_("Upload pictures in your name."),
    "write:mutes": N_("Mute people in your name."),
    "write:notifications": N_("Dismiss your notifications."),
    "write:reports": N_("Report posts in your name."),
    "write:statuses": N_("Post, edit and delete in your name."),
    "admin:read": N_("Read what only admins read: people, reports, partners, numbers."),
    "admin:write": N_("Administer the company in your name: people, reports, partners."),
    "admin:read:accounts": N_("Read everybody's account: address, role, whether it is disabled."),
    "admin:read:domain_allows": N_("Read which companies are admitted."),
    "admin:read:domain_blocks": N_("Read which servers are blocked."),
    "admin:read:reports": N_("Read reports and whom they are about."),
    "admin:write:accounts": N_("Disable people and let them in again in your name."),
    "admin:write:domain_allows": N_("Admit companies and suspend them in your name."),
    "admin:write:domain_blocks": N_("Block servers in your name and end that."),
    "admin:write:reports": N_("Deal with reports in your name."),
}
_NOTHING = N_("Nothing: there is no such thing here.")  # lists that other software keeps to shut people out


def row(scope: str) -> ScopeRow:
    """A scope as the page shows it."""
    sentence = _(_SENTENCES.get(scope, _NOTHING))
    return ScopeRow(scope, sentence, writes=scope == "follow" or "write" in scope.split(":"))
