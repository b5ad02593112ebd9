"""Mastodon's entities for who administers: people with their standing, reports, hosts."""

import hashlib
from typing import Any

from models.people import Person
from models.tables import Partner, Report, Role
from server.api.answers import encoded
from server.api.entities import accounts, reports
from server.api.entities.times import instant


def person(found: Person, body: bytes) -> bytes:
    """Mastodon's Admin::Account around the Account in `body`. Addresses on the network are not kept, so there are none.

    Of the account of somebody elsewhere their company alone knows: nothing here says that it is not in order.
    """
    actor, account, is_cut_off = found
    entity: dict[str, Any] = {
        "id": str(actor.id),
        "username": actor.username,
        "domain": None if actor.is_local else actor.host,
        "created_at": instant(actor.created_at),
        "email": None,
        "ip": None,
        "role": None,
        "confirmed": True,
        "suspended": is_cut_off,
        "silenced": False,
        "sensitized": False,
        "disabled": account is not None and account.disabled_at is not None,
        "approved": True,
        "locale": None,
        "invite_request": None,
        "ips": [],
        "created_by_application_id": None,
        "invited_by_account_id": None,
    }
    if account is not None:
        entity |= {
            "email": account.email,
            "role": accounts.role(Role(account.role)),
            "locale": account.locale or None,
        }
    return encoded(entity)[:-1] + b',"account":' + body + b"}"


def report(found: Report) -> dict[str, Any]:
    """Mastodon's Admin::Report without the people and the posts in it."""
    return reports.facts(found) | {"updated_at": instant(found.dealt_with_at or found.created_at), "rules": []}


def domain_allow(found: Partner) -> dict[str, Any]:
    """Mastodon's Admin::DomainAllow."""
    return {"id": str(found.id), "domain": found.host, "created_at": instant(found.since)}


def domain_block(found: Partner) -> dict[str, Any]:
    """Mastodon's Admin::DomainBlock: nothing comes from there, and nothing is published about it."""
    return {
        "id": str(found.id),
        "domain": found.host,
        "digest": hashlib.sha256(found.host.encode()).hexdigest(),
        "created_at": instant(found.changed_at),
        "severity": "suspend",
        "reject_media": True,
        "reject_reports": True,
        "private_comment": None,
        "public_comment": None,
        "obfuscate": False,
    }
