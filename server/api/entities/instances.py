"""Mastodon's Instance, both versions, complete: clients decide by them what they can do here."""

from typing import Any

from models import featured, polls
from models.tallies import House
from server import VERSION, recordings
from server.config import Config

API_VERSION = 2
"""What Mastodon 4.3 promises: grouped notifications (v2), their policy, several accounts or statuses at once. The next
numbers promise more than is here: 3 and above come with Web Push and endorsements; quotes, which are, come with 7."""

SOFTWARE = f"4.3.0 (compatible; Kontor {VERSION})"
CHARACTERS_PER_URL = 23
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
DESCRIPTION = 1500
_PICTURE = "/static/images/kontor-512.png"


def streaming(config: Config) -> str:
    """Where sockets connect, as a base; clients add the path."""
    return config.base_url.replace("http", "ws", 1)


def configuration(config: Config) -> dict[str, Any]:
    plays = recordings.is_available()
    return {
        "urls": {
            "streaming": streaming(config),
            "status": None,
            "about": f"{config.base_url}/",
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": ""},
        "accounts": {"max_featured_tags": 0, "max_pinned_statuses": featured.MOST_OF_OURS, "max_profile_fields": 8},
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


def instance_v2(config: Config, house: House) -> dict[str, Any]:
    return {
        "domain": config.host,
        "title": config.instance.name,
        "version": SOFTWARE,
        "source_url": "",
        "description": "",
        "usage": {"users": {"active_month": house.people}},
        "thumbnail": {"url": config.base_url + _PICTURE, "blurhash": None, "versions": {}, "description": ""},
        "icon": [
            {"src": f"{config.base_url}/static/images/kontor-{size}.png", "size": f"{size}x{size}"}
            for size in (192, 512)
        ],
        "languages": list(config.instance.languages),
        "configuration": configuration(config),
        "registrations": {
            "enabled": False,
            "approval_required": False,
            "reason_required": False,
            "message": None,
            "min_age": None,
            "url": None,
        },
        "api_versions": {"mastodon": API_VERSION, "kontor": 1},
        "contact": {"email": "", "account": None},
        "rules": [],
    }


def instance_v1(config: Config, house: House) -> dict[str, Any]:
    settings = configuration(config)
    return {
        "uri": config.host,
        "title": config.instance.name,
        "short_description": "",
        "description": "",
        "email": "",
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
        "rules": [],
    }
