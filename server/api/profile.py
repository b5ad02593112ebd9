"""The person behind the token: who they are, how their profile reads, what their clients keep for them."""

from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import actors, markers, notifications, relations
from models.accounts import set_beginning
from models.instance import instance_of
from models.tables import Account, Role
from models.viewers import Staff
from server import uploads
from server.api import answers, drafting, params
from server.api.entities import accounts, collections
from server.api.entities.shelf import SHELF
from server.api.routing import Call, Routes
from server.images import Crop

routes = Routes()

_CHANGEABLE = ("display_name", "note", "locked", "bot", "discoverable", "fields_attributes", "avatar", "header")


@routes.get("/api/v1/accounts/verify_credentials", "profile", "read:accounts")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        return answers.answer_bytes(await credential_account(call, session))


async def credential_account(call: Call, session: AsyncSession) -> bytes:
    """One's own Account with `source` and `role`."""
    account = await session.get_one(Account, call.staff.account_id, options=[joinedload(Account.actor)])
    waiting = relations.requests(call.staff).with_only_columns(func.count())
    body = await call.app[SHELF].account(session, call.viewer, account.actor)
    more = {
        "source": accounts.source(
            account.actor,
            privacy=drafting.begins_for(session, account.posts_for),
            is_sensitive=account.posts_sensitive,
            language=_begins_in(account),
            requests=await session.scalar(waiting) or 0,
        ),
        "role": accounts.role(Role(account.role)),
    }
    return body[:-1] + b"," + answers.encoded(more)[1:]


def _begins_in(account: Account) -> str | None:
    return account.posts_language or account.locale or None


@routes.patch("/api/v1/accounts/update_credentials", "write:accounts")
async def update(call: Call) -> web.Response:
    """Change one's profile: only what is listed here, whatever else is sent (R-86)."""
    sent = call.params
    avatar_id = await _picture(call, "avatar", crop=Crop.AVATAR)
    header_id = await _picture(call, "header", crop=Crop.HEADER)
    rows = sent.tables("fields_attributes")
    source = sent.table("source")
    async with call.writing() as session:
        if source is not None:
            await _set_beginning(session, source, by=call.staff)
        if any(sent.has(name) for name in _CHANGEABLE):
            await actors.change_profile(
                session,
                by=call.staff,
                display_name=sent.maybe_text("display_name"),
                about=sent.maybe_text("note"),
                fields=None if rows is None else [_field(row) for row in rows if row.text("name").strip()],
                is_locked=sent.maybe_flag("locked"),
                is_bot=sent.maybe_flag("bot"),
                is_discoverable=sent.maybe_flag("discoverable"),
                avatar_id=avatar_id,
                header_id=header_id,
            )
    async with call.reading() as session:
        return answers.answer_bytes(await credential_account(call, session))


async def _set_beginning(session: AsyncSession, source: params.Params, *, by: Staff) -> None:
    word, leaves = source.text("privacy"), instance_of(session).clients_public_leaves
    await set_beginning(
        session,
        by=by,
        visibility=drafting.visibility_of(word, leaves=leaves) if word else None,
        is_sensitive=source.maybe_flag("sensitive"),
        language=drafting.language_of(source) if source.has("language") else None,
    )


def _field(row: params.Params) -> dict[str, Any]:
    return {"name": row.text("name"), "value": row.text("value")}


async def _picture(call: Call, name: str, *, crop: Crop) -> int | None:
    file = call.params.file(name)
    if file is None:
        return None
    return (await uploads.store_picture(call.app, file.data, by=call.staff, crop=crop)).id


@routes.get("/api/v1/profile", "profile", "read:accounts")
async def profile(call: Call) -> web.Response:
    """One's profile as one typed it."""
    return answers.answer(await _profile(call))


@routes.patch("/api/v1/profile", "write:accounts")
async def change(call: Call) -> web.Response:
    """The same as `update_credentials`, answered with the profile."""
    await update(call)
    return answers.answer(await _profile(call))


async def _profile(call: Call) -> dict[str, Any]:
    async with call.reading() as session:
        account = await session.get_one(Account, call.staff.account_id, options=[joinedload(Account.actor)])
        shown = msgspec.json.decode(await call.app[SHELF].account(session, call.viewer, account.actor))
    return accounts.profile(account.actor, shown)


@routes.get("/oauth/userinfo", "profile", "read:accounts")
async def userinfo(call: Call) -> web.Response:
    """Who somebody is, for applications that sign people in with us (OpenID Connect §5.3)."""
    async with call.reading() as session:
        account = await session.get_one(Account, call.staff.account_id, options=[joinedload(Account.actor)])
        shown = msgspec.json.decode(await call.app[SHELF].account(session, call.viewer, account.actor))
    actor = account.actor
    return answers.answer(
        {
            "iss": f"{call.config.base_url}/",
            "sub": actor.uri,
            "name": actor.shown_name,
            "preferred_username": actor.username,
            "profile": actor.url,
            "picture": shown["avatar"],
        }
    )


@routes.delete("/api/v1/profile/avatar", "write:accounts")
async def remove_avatar(call: Call) -> web.Response:
    return await _remove(call, avatar=True)


@routes.delete("/api/v1/profile/header", "write:accounts")
async def remove_header(call: Call) -> web.Response:
    return await _remove(call, avatar=False)


async def _remove(call: Call, *, avatar: bool) -> web.Response:
    async with call.writing() as session:
        await actors.remove_picture(session, by=call.staff, avatar=avatar)
    async with call.reading() as session:
        return answers.answer_bytes(await credential_account(call, session))


@routes.get("/api/v1/preferences", "read:accounts")
async def preferences(call: Call) -> web.Response:
    async with call.reading() as session:
        account = await session.get_one(Account, call.staff.account_id)
        return answers.answer(
            {
                "posting:default:visibility": drafting.begins_for(session, account.posts_for),
                "posting:default:sensitive": account.posts_sensitive,
                "posting:default:language": _begins_in(account),
                "posting:default:quote_policy": accounts.QUOTE_POLICY,
                "reading:expand:media": "default",
                "reading:expand:spoilers": False,
                "reading:autoplay:gifs": False,
            }
        )


# Markers


@routes.get("/api/v1/markers", "read:statuses")
async def show_markers(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await markers.of_account(session, call.staff, call.params.texts("timeline"))
    return answers.answer({name: collections.marker(marker) for name, marker in found.items()})


@routes.post("/api/v1/markers", "write:statuses")
async def move_markers(call: Call) -> web.Response:
    places: dict[str, int] = {}
    for name in markers.TIMELINES:
        row = call.params.table(name)
        last_read_id = row.id("last_read_id") if row is not None else None
        if last_read_id is not None:
            places[name] = last_read_id
    async with call.writing() as session:
        moved = await markers.move(session, places, by=call.staff)
        if "notifications" in places:
            await notifications.mark_read(session, by=call.staff, up_to=places["notifications"])
    return answers.answer({name: collections.marker(marker) for name, marker in moved.items()})
