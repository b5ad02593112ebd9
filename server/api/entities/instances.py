"""Mastodon's Instance, both versions, complete: clients decide by them what they can do here."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from models import featured, house_texts, polls, tags
from models.tables import HouseText, HouseTextName
from models.tallies import House
from server import VERSION, recordings
from server.config import Config

API_VERSION = 7
"""What Mastodon 4.5 promises: besides all before it quotes that ask for consent. The next number comes with profiles
and collections as 4.6 has them; collections are not here."""

SOFTWARE = f"4.5.0 (compatible; Kontor {VERSION})"
CHARACTERS_PER_URL = 23
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
DESCRIPTION = 1500
_PICTURE = "/static/images/kontor-512.png"


Texts = Mapping[HouseTextName, HouseText]
"""What the house says about itself."""


def streaming(config: Config) -> str:
    """Where sockets connect, as a base; clients add the path."""
    return config.base_url.replace("http", "ws", 1)


def configuration(config: Config, texts: Texts) -> dict[str, Any]:
    about = f"{config.base_url}/about"
    plays = recordings.is_available()
    return {
        "urls": {
            "streaming": streaming(config),
            "status": None,
            "about": about,
            "privacy_policy": f"{about}/privacy" if HouseTextName.PRIVACY in texts else None,
            "terms_of_service": f"{about}/terms" if HouseTextName.TERMS in texts else None,
        },
        "vapid": {"public_key": ""},
        "accounts": {
            "max_featured_tags": tags.MOST_FEATURED,
            "max_pinned_statuses": featured.MOST_OF_OURS,
            "max_profile_fields": 8,
        },
        "statuses": {
            "max_characters": config.posts.max_characters,
            "max_media_attachments": config.media.max_attachments,
            "characters_reserved_per_url": CHARACTERS_PER_URL,
        },
        "media_attachments": {
            "supported_mime_types": [*IMAGE_TYPES, *(recordings.media_types() if plays else ())],
            "description_limit": DESCRIPTION,
            "image_size_limit": config.media.max_bytes,
            "image_matrix_limit": config.media.max_pixels,
            "video_size_limit": config.media.max_video_bytes if plays else 0,
            "video_frame_rate_limit": config.media.max_frame_rate if plays else 0,
            "video_matrix_limit": config.media.max_video_pixels if plays else 0,
        },
        "polls": {
            "max_options": polls.MOST_OPTIONS,
            "max_characters_per_option": polls.OPTION_CHARACTERS,
            "min_expiration": int(polls.SHORTEST.total_seconds()),
            "max_expiration": int(polls.LONGEST.total_seconds()),
        },
        "translation": {"enabled": False},
        # without a token they answer, too, with what is public anyway
        "timelines_access": {
            feeds: {"local": "public", "remote": "public"}
            for feeds in ("live_feeds", "hashtag_feeds", "trending_link_feeds")
        },
        "limited_federation": config.federation.mode == "partners",
    }


def instance_v2(config: Config, house: House, texts: Texts) -> dict[str, Any]:
    return {
        "domain": config.host,
        "title": config.instance.name,
        "version": SOFTWARE,
        "source_url": "",
        "description": _source(texts, HouseTextName.DESCRIPTION),
        "usage": {"users": {"active_month": house.people}},
        "thumbnail": {"url": config.base_url + _PICTURE, "blurhash": None, "versions": {}, "description": ""},
        "icon": [
            {"src": f"{config.base_url}/static/images/kontor-{size}.png", "size": f"{size}x{size}"}
            for size in (192, 512)
        ],
        "languages": list(config.instance.languages),
        "configuration": configuration(config, texts),
        "registrations": {
            "enabled": False,
            "approval_required": False,
            "reason_required": False,
            "message": None,
            "min_age": None,
            "url": None,
        },
        "api_versions": {"mastodon": API_VERSION, "kontor": 1},
        "contact": {"email": _source(texts, HouseTextName.CONTACT), "account": None},
        "rules": rules(texts.get(HouseTextName.RULES)),
    }


def instance_v1(config: Config, house: House, texts: Texts) -> dict[str, Any]:
    settings = configuration(config, texts)
    about = texts.get(HouseTextName.ABOUT)
    return {
        "uri": config.host,
        "title": config.instance.name,
        "short_description": _source(texts, HouseTextName.DESCRIPTION),
        "description": about.html if about is not None else _source(texts, HouseTextName.DESCRIPTION),
        "email": _source(texts, HouseTextName.CONTACT),
        "version": SOFTWARE,
        "urls": {"streaming_api": streaming(config)},
        "stats": {"user_count": house.people, "status_count": house.posts, "domain_count": house.partners},
        "thumbnail": config.base_url + _PICTURE,
        "languages": list(config.instance.languages),
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "configuration": {
            key: settings[key] for key in ("accounts", "statuses", "media_attachments", "polls", "translation")
        },
        "max_toot_chars": config.posts.max_characters,
        "contact_account": None,
        "rules": rules(texts.get(HouseTextName.RULES)),
    }


def _source(texts: Texts, name: HouseTextName) -> str:
    row = texts.get(name)
    return row.source if row is not None else ""


def rules(text: HouseText | None) -> list[dict[str, Any]]:
    return [
        {"id": str(rule.number), "text": rule.text, "hint": rule.hint, "translations": {}}
        for rule in house_texts.rules_of(text)
    ]


def terms(since: date, row: HouseText, *, succeeded_by: date | None) -> dict[str, Any]:
    """Mastodon's TermsOfService; whoever wrote them put them into force the same day."""
    return {
        "effective_date": since.isoformat(),
        "effective": succeeded_by is None,
        "content": row.html,
        "succeeded_by": succeeded_by.isoformat() if succeeded_by is not None else None,
    }
