"""What pushes say, in the language of whoever gets them, and the key by which push services know us."""

from collections.abc import Callable

from aiohttp import web

from federation.push.vapid import VapidKeys
from models.pushes import Notice
from models.tables import NotificationType
from models.text import sanitise
from server import i18n
from server.api.answers import encoded
from server.config import Config
from server.context import DATABASE
from server.i18n import N_

VAPID = web.AppKey("vapid", VapidKeys)

_EXCERPT = 140
_ICON = "/static/images/kontor-192.png"
_PLAIN = {
    NotificationType.MENTION: N_("Somebody names you"),
    NotificationType.STATUS: N_("There is a new post"),
    NotificationType.REBLOG: N_("Somebody passed your post on"),
    NotificationType.FOLLOW: N_("Somebody follows you"),
    NotificationType.FOLLOW_REQUEST: N_("Somebody wants to follow you"),
    NotificationType.FAVOURITE: N_("Somebody thanks you"),
    NotificationType.POLL: N_("A poll is over"),
    NotificationType.UPDATE: N_("A post was changed"),
    NotificationType.QUOTE: N_("Somebody quotes you"),
    NotificationType.QUOTED_UPDATE: N_("A post you quoted was changed"),
    NotificationType.REPORT: N_("There is a new report"),
}
_NAMED = {
    NotificationType.MENTION: N_("%(name)s names you"),
    NotificationType.STATUS: N_("%(name)s wrote something"),
    NotificationType.REBLOG: N_("%(name)s passed your post on"),
    NotificationType.FOLLOW: N_("%(name)s follows you"),
    NotificationType.FOLLOW_REQUEST: N_("%(name)s wants to follow you"),
    NotificationType.FAVOURITE: N_("%(name)s thanks you"),
    NotificationType.POLL: N_("The poll of %(name)s is over: see the result"),
    NotificationType.UPDATE: N_("%(name)s changed a post you passed on"),
    NotificationType.QUOTE: N_("%(name)s quotes you"),
    NotificationType.QUOTED_UPDATE: N_("%(name)s changed a post you quoted"),
}
_SOMETHING = N_("There is something new")


async def public_key(app: web.Application) -> str:
    """Our key as apps hand it to their push service; empty where nothing is pushed."""
    if not app[DATABASE].instance.push.enabled:
        return ""
    return (await app[VAPID].ensure(app[DATABASE])).public


def writer(config: Config) -> Callable[[Notice], bytes]:
    """Makes of a notice the message that apps read, with Mastodon's fields."""
    instance = config.instance

    def write(notice: Notice) -> bytes:
        locale = notice.locale if notice.locale in instance.languages else instance.default_language
        return encoded(
            {
                "access_token": "",  # nobody but the app has it
                "preferred_locale": locale,
                "notification_id": notice.notification_id,
                "notification_type": str(notice.type),
                "icon": config.base_url + _ICON,
                "title": _title(locale, notice),
                "body": sanitise.excerpt(sanitise.to_plain(notice.html), _EXCERPT) if notice.html else "",
            }
        )

    return write


def _title(locale: str, notice: Notice) -> str:
    if notice.name is not None and notice.type in _NAMED:
        return i18n.translate(locale, _NAMED[notice.type], name=notice.name)
    return i18n.translate(locale, _PLAIN.get(notice.type, _SOMETHING))
