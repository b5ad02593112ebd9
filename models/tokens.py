"""Client applications and their tokens (OAuth 2, RFC 6749 and 7636). The HTTP side is `server.auth.oauth`."""

import base64
import functools
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple, cast

from msgspec import Struct
from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import journal
from models.accounts import Beginning, hash_token
from models.base import UtcDateTime, insert_for, now
from models.direct import Direct
from models.errors import DomainError, NotFound
from models.tables import AccessToken, Account, Actor, Application, AuthorizationCode, IdempotencyKey, Role
from models.text.clean import clean_line
from models.viewers import Staff
from models.written import tables_named

CODE_LASTS = timedelta(seconds=60)
COPIED_CODE_LASTS = timedelta(minutes=10)
"""For a code that a person carries from the page to the application by hand."""
_TOUCH_EVERY = timedelta(hours=1)
_KEYS_LAST = timedelta(days=1)


class BadClient(DomainError):
    """This application is not known here, or its secret is wrong."""

    code = "invalid_client"
    status = 401


class BadGrant(DomainError):
    """This code is used up, too old, or was given to another application or address."""

    code = "invalid_grant"
    status = 400


async def register(
    session: AsyncSession, *, name: str, website: str | None, redirect_uris: Iterable[str], scopes: str
) -> tuple[Application, str]:
    """A new client and its secret, which is shown this once."""
    secret = secrets.token_urlsafe(32)
    application = Application(
        client_id=secrets.token_urlsafe(32),
        secret_hash=hash_token(secret),
        name=clean_line(name, limit=200),
        website=website,
        redirect_uris=list(redirect_uris),
        scopes=scopes,
    )
    session.add(application)
    await session.flush()
    return application, secret


async def application_of(session: AsyncSession, client_id: str) -> Application:
    application = await session.scalar(select(Application).where(Application.client_id == client_id))
    if application is None:
        raise BadClient(client_id=client_id)
    return application


async def authenticate(session: AsyncSession, client_id: str, secret: str) -> Application:
    """The application that knows its secret. Raises BadClient."""
    application = await application_of(session, client_id)
    if not hmac.compare_digest(application.secret_hash, hash_token(secret)):
        raise BadClient(client_id=client_id)
    return application


async def grant_code(
    session: AsyncSession,
    application: Application,
    *,
    by: Staff,
    redirect_uri: str,
    scopes: str,
    challenge: str | None,
    lasts: timedelta = CODE_LASTS,
) -> str:
    """A code that `by` agreed to: good for a minute, once, for that application and address only."""
    code = secrets.token_urlsafe(32)
    session.add(
        AuthorizationCode(
            code_hash=hash_token(code),
            application_id=application.id,
            account_id=by.account_id,
            redirect_uri=redirect_uri,
            scopes=scopes,
            challenge=challenge,
            expires_at=now() + lasts,
        )
    )
    return code


class Granted(Struct, frozen=True):
    """A new token as text, which is stored nowhere, and its row."""

    text: str
    row: AccessToken


class Reused(Exception):
    """A code came a second time: whoever holds the token of the first time may be a thief (RFC 6749 §4.1.2)."""

    def __init__(self, code_id: int) -> None:
        super().__init__()
        self.code_id = code_id


async def redeem(
    session: AsyncSession,
    application: Application,
    *,
    code: str,
    redirect_uri: str,
    verifier: str | None,
    is_public: bool = False,
) -> Granted:
    """Turn a code into a token, once: of many that try at the same time one wins.

    Raises:
        BadGrant: unknown, too old, of another application or address, or without its PKCE verifier (RFC 7636 §4.6);
            also without a challenge when `is_public`, for a client that did not show its secret (RFC 9700 §2.1.1).
        Reused: it was redeemed before; the caller must then `revoke_of_code` in a transaction of its own.
    """
    row = await session.scalar(
        select(AuthorizationCode).where(AuthorizationCode.code_hash == hash_token(code)).with_for_update()
    )
    if row is None or row.application_id != application.id:
        raise BadGrant
    if row.used_at is not None:
        raise Reused(row.id)
    if row.expires_at < now() or row.redirect_uri != redirect_uri or not _proves(row.challenge, verifier):
        raise BadGrant
    if is_public and row.challenge is None:
        raise BadGrant
    if await session.scalar(select(Account.disabled_at).where(Account.id == row.account_id)) is not None:
        raise BadGrant
    row.used_at = now()
    return await grant(session, application, account_id=row.account_id, scopes=row.scopes, code_id=row.id)


def _proves(challenge: str | None, verifier: str | None) -> bool:
    if challenge is None:
        return not verifier  # who proves what was never asked for had its challenge taken away (RFC 9700 §2.1.1)
    if not verifier:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)


async def revoke_of_code(session: AsyncSession, code_id: int) -> None:
    tokens = select(AccessToken).where(AccessToken.code_id == code_id, AccessToken.revoked_at.is_(None))
    for token in await session.scalars(tokens):
        _end(session, token)


async def grant(
    session: AsyncSession, application: Application, *, account_id: int | None, scopes: str, code_id: int | None = None
) -> Granted:
    """A new token for a person, or for the application alone when `account_id` is None."""
    text = secrets.token_urlsafe(32)
    token = AccessToken(
        token_hash=hash_token(text),
        application_id=application.id,
        account_id=account_id,
        scopes=scopes,
        code_id=code_id,
    )
    session.add(token)
    await session.flush()
    return Granted(text, token)


class Sender(NamedTuple):
    """What is told of an application under posts."""

    name: str
    website: str | None


class Held(NamedTuple):
    """What a token allows, and whom it speaks for: `staff` is None when that is an application alone."""

    token_id: int
    application_id: int
    scopes: str
    is_stale: bool
    """The note of when it was used is more than an hour old."""
    staff: Staff | None
    locale: str
    actor_version: int | None
    application: Sender
    beginning: Beginning


async def holder(session: AsyncSession, text: str) -> Held | None:
    """Whose token `text` is; None when it never was one, was revoked, or its person was disabled."""
    rows = await _ASK_HOLDER(session, {"hash": hash_token(text)})
    if not rows:
        return None
    [row] = rows
    token_id, application_id, scopes, used_at, wanted_id, account_id, actor_id, username, role, *more = row
    filters, sorts, locale, posts_for, sensitive, language, version, name, website = more
    if wanted_id is not None and account_id is None:
        return None
    by = (
        Staff(
            account_id=account_id,
            actor_id=actor_id,
            username=username,
            role=Role(role),
            filter_version=filters,
            sorts_home=sorts,
        )
        if account_id is not None
        else None
    )
    beginning = Beginning(posts_for, sensitive, language) if by is not None else Beginning()
    is_stale = used_at is None or now() - used_at > _TOUCH_EVERY
    sender = Sender(name, website)
    return Held(token_id, application_id, scopes, is_stale, by, locale or "", version, sender, beginning)


_HOLDER = (
    select(
        AccessToken.id,
        AccessToken.application_id,
        AccessToken.scopes,
        AccessToken.used_at,
        AccessToken.account_id,
        Account.id,
        Account.actor_id,
        Actor.username,
        Account.role,
        Account.filter_version,
        Account.sorts_home,
        Account.locale,
        Account.posts_for,
        Account.posts_sensitive,
        Account.posts_language,
        Actor.version,
        Application.name,
        Application.website,
    )
    .join(Application, Application.id == AccessToken.application_id)
    .outerjoin(Account, (Account.id == AccessToken.account_id) & Account.disabled_at.is_(None))
    .outerjoin(Actor, Actor.id == Account.actor_id)
    .where(AccessToken.token_hash == bindparam("hash"), AccessToken.revoked_at.is_(None))
)
_ASK_HOLDER = Direct(_HOLDER)
HELD_IN = tables_named(str(_HOLDER))
"""The tables from which follows what `holder` says."""


async def live(session: AsyncSession, token_ids: Iterable[int]) -> dict[int, Role]:
    """Those of `token_ids` whose access has not ended, and the role that their person has now."""
    found = await session.execute(
        select(AccessToken.id, Account.role)
        .join(Account, Account.id == AccessToken.account_id)
        .where(AccessToken.id.in_(list(token_ids)), AccessToken.revoked_at.is_(None), Account.disabled_at.is_(None))
    )
    return dict(found.all())


async def touch(session: AsyncSession, token_id: int) -> None:
    """Note that a token is in use."""
    await session.execute(update(AccessToken).where(AccessToken.id == token_id).values(used_at=now()))


async def revoke(session: AsyncSession, application: Application, text: str) -> None:
    """End a token of that application; silent when there is none (RFC 7009 §2.2)."""
    token = await session.scalar(
        select(AccessToken).where(
            AccessToken.token_hash == hash_token(text), AccessToken.application_id == application.id
        )
    )
    if token is not None and token.revoked_at is None:
        _end(session, token)


def _end(session: AsyncSession, token: AccessToken) -> None:
    token.revoked_at = now()
    if token.account_id is not None:
        journal.record(session, journal.AccessEnded(token.account_id, token_id=token.id))


def of_account(by: Staff) -> Select[AccessToken]:
    """Live tokens of one's own, with their applications: for the settings page."""
    return (
        select(AccessToken)
        .where(AccessToken.account_id == by.account_id, AccessToken.revoked_at.is_(None))
        .options(joinedload(AccessToken.application))
        .order_by(AccessToken.id.desc())
    )


async def revoke_own(session: AsyncSession, *, by: Staff, token_id: int) -> None:
    token = await session.scalar(of_account(by).where(AccessToken.id == token_id))
    if token is None:
        raise NotFound(token_id=token_id)
    _end(session, token)


# Repeated requests


async def answered_before(session: AsyncSession, *, by: Staff, key: str) -> int | None:
    """The post that an earlier request with this key made, within a day.

    Nobody makes a second one between this and `remember_answer` in the same transaction: on SQLite there is one writer,
    on PostgreSQL what one person does waits for one another (`turns.of_person`).
    """
    found = await _ANSWERED(session, {"by": by.account_id, "asked": key, "since": now() - _KEYS_LAST})
    return found[0][0] if found else None


async def remember_answer(session: AsyncSession, *, by: Staff, key: str, post_id: int) -> None:
    """Say which post the request with `key` made."""
    await _remember(session.get_bind().dialect.name)(
        session, {"account_id": by.account_id, "key": key, "post_id": post_id, "created_at": now()}
    )


_ANSWERED = Direct(
    select(IdempotencyKey.post_id).where(
        IdempotencyKey.account_id == bindparam("by"),
        IdempotencyKey.key == bindparam("asked"),
        IdempotencyKey.created_at > bindparam("since", type_=UtcDateTime),
    )
)


@functools.cache
def _remember(dialect: str) -> Direct:
    statement = insert_for(dialect, cast(Table, IdempotencyKey.__table__))
    statement = statement.values({name: bindparam(name) for name in ("account_id", "key", "post_id", "created_at")})
    told = statement.excluded
    return Direct(
        statement.on_conflict_do_update(  # the key of somebody who sends the same after more than a day
            index_elements=[IdempotencyKey.account_id, IdempotencyKey.key],
            set_={"post_id": told.post_id, "created_at": told.created_at},
        )
    )
