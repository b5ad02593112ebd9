"""The staff: making accounts, finding who signs in, and the browsers they are signed in with.

Passwords arrive here as hashes already (`server.auth.passwords`); tokens are kept as SHA-256 of 256 random bits.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Select, String, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from models import actors, audit, journal, policy
from models.base import UtcDateTime, now
from models.errors import Invalid, NotAllowed, NotFound
from models.tables import AccessToken, Account, Actor, ActorType, Role, SignIn, Theme, Visibility
from models.text.clean import clean_line
from models.viewers import Staff


class BadAddress(Invalid):
    """This is not an e-mail address."""

    code = "bad_address"


class AddressTaken(Invalid):
    """Somebody has this e-mail address already."""

    code = "address_taken"
    status = 409


class LastAdmin(NotAllowed):
    """This is the last admin: make somebody else admin first."""

    code = "last_admin"


class ChangesOwnRole(NotAllowed):
    """Nobody changes their own role: another admin does."""

    code = "changes_own_role"


class DisablesSelf(NotAllowed):
    """Nobody ends their own access: another admin does."""

    code = "disables_self"


async def create(
    session: AsyncSession,
    *,
    username: str,
    email: str,
    password_hash: str,
    role: Role = Role.STAFF,
    display_name: str = "",
    locale: str = "",
) -> Account:
    """A new person of this company.

    Raises:
        BadName, NameTaken: see `actors.create_local`.
        BadAddress, AddressTaken: the e-mail address does not look like one, or is in use.
    """
    email = clean_line(email, limit=254)
    local, at, domain = email.rpartition("@")
    if not (local and at and domain) or " " in email:
        raise BadAddress(field="email")
    if await session.scalar(select(Account.id).where(Account.email_key == email.casefold())) is not None:
        raise AddressTaken(field="email")
    actor = await actors.create_local(
        session, type=ActorType.PERSON, username=username, display_name=display_name or username.capitalize()
    )
    account = Account(
        actor_id=actor.id,
        email=email,
        email_key=email.casefold(),
        password_hash=password_hash,
        role=role,
        locale=locale,
    )
    account.actor = actor
    session.add(account)
    audit.note(session, "person_added", username=actor.username, role=str(role))
    await session.flush()
    return account


_MEANT = (
    select(Account)
    .join(Actor, Actor.id == Account.actor_id)
    .where(
        or_(
            Account.email_key == bindparam("address", type_=String),
            Actor.username_key == bindparam("name", type_=String),
        )
    )
    .options(joinedload(Account.actor))
)


async def by_login(session: AsyncSession, login: str) -> Account | None:
    """Who means `login`, a name or an e-mail address; also somebody disabled."""
    key = login.strip().casefold()
    return await session.scalar(_MEANT, {"address": key, "name": key.removeprefix("@")})


async def by_username(session: AsyncSession, username: str) -> Account:
    account = await by_login(session, username)
    if account is None:
        raise NotFound(username=username)
    return account


def staff(account: Account) -> Staff:
    """The viewer that a person who is signed in becomes; `account.actor` must be loaded."""
    return Staff(
        account_id=account.id,
        actor_id=account.actor_id,
        username=account.actor.username,
        role=Role(account.role),
        filter_version=account.filter_version,
        sorts_home=account.sorts_home,
    )


async def as_of_now(session: AsyncSession, known: Staff) -> Staff | None:
    """The same person with the role they have at this moment, and as they sort now; None once they were disabled."""
    row = (await session.execute(_AS_OF_NOW, {"id": known.account_id})).first()
    return None if row is None else replace(known, role=Role(row[0]), filter_version=row[1], sorts_home=row[2])


_AS_OF_NOW = select(Account.role, Account.filter_version, Account.sorts_home).where(
    Account.id == bindparam("id"), Account.disabled_at.is_(None)
)


async def disable(session: AsyncSession, account: Account, *, by: Staff | None = None) -> None:
    """End somebody's access now: sign-ins, tokens, streams. What they wrote stays. `by` is None for the command line.

    Raises:
        NotAllowed: `by` does not administer. DisablesSelf. LastAdmin.
    """
    if by is not None:
        policy.must_administer(by)
        if by.account_id == account.id:
            raise DisablesSelf
    if account.disabled_at is not None:
        return
    if account.role is Role.ADMIN and not await _other_admin(session, account.id):
        raise LastAdmin(username=account.actor.username)
    account.disabled_at = now()
    await session.execute(delete(SignIn).where(SignIn.account_id == account.id))
    await session.execute(
        update(AccessToken)
        .where(AccessToken.account_id == account.id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    audit.note(session, "person_disabled", by=by, username=account.actor.username)
    journal.record(session, journal.AccessEnded(account.id))


async def enable(session: AsyncSession, account: Account, *, by: Staff | None = None) -> None:
    """Let somebody sign in again, with the password they had; what ended with their access stays ended.

    Raises NotAllowed for who does not administer.
    """
    policy.must_administer(by)
    if account.disabled_at is not None:
        account.disabled_at = None
        audit.note(session, "person_enabled", by=by, username=account.actor.username)


async def set_role(session: AsyncSession, account: Account, role: Role, *, by: Staff | None = None) -> None:
    """Give somebody another role from their next request on; open streams begin anew. `by` is None for the command
    line. The same role again changes nothing.

    Raises:
        NotAllowed: `by` does not administer. ChangesOwnRole. LastAdmin.
    """
    policy.must_administer(by)
    if by is not None and by.account_id == account.id:
        raise ChangesOwnRole
    before = Role(account.role)
    if before is role:
        return
    if before is Role.ADMIN and account.disabled_at is None and not await _other_admin(session, account.id):
        raise LastAdmin(username=account.actor.username)
    account.role = role
    facts = {"username": account.actor.username, "before": str(before), "after": str(role)}
    audit.note(session, "person_role_changed", by=by, **facts)
    journal.record(session, journal.AccessEnded(account.id))


async def _other_admin(session: AsyncSession, account_id: int) -> bool:
    """Whether somebody else administers; two who end each other's role at the same moment wait for one another."""
    admins = select(Account.id).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None))
    found = await session.scalars(admins.order_by(Account.id).with_for_update())
    return any(each != account_id for each in found.all())


async def set_password(session: AsyncSession, account: Account, password_hash: str, *, keep: int | None = None) -> None:
    """Store a new password and end every sign-in but `keep`."""
    account.password_hash = password_hash
    ended = delete(SignIn).where(SignIn.account_id == account.id)
    await session.execute(ended if keep is None else ended.where(SignIn.id != keep))
    journal.record(session, journal.AccessEnded(account.id))


class Beginning(NamedTuple):
    """How somebody's posts begin where a client does not say; without `visibility` they are for the company."""

    visibility: Visibility | None = None
    is_sensitive: bool = False
    language: str = ""


async def set_beginning(
    session: AsyncSession,
    *,
    by: Staff,
    visibility: Visibility | None = None,
    is_sensitive: bool | None = None,
    language: str | None = None,
) -> None:
    """Change how one's posts begin; None leaves things as they are."""
    account = await session.get_one(Account, by.account_id)
    if visibility is not None:
        account.posts_for = visibility
    if is_sensitive is not None:
        account.posts_sensitive = is_sensitive
    if language is not None:
        account.posts_language = language


async def set_preferences(session: AsyncSession, *, by: Staff, locale: str, theme: Theme) -> None:
    account = await session.get_one(Account, by.account_id)
    account.locale = locale
    account.theme = theme


# Sign-ins


def hash_token(token: str) -> bytes:
    """What is stored of a secret of 256 random bits; fast on purpose, since nobody can guess one."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(session: AsyncSession, account: Account, *, browser: str, lasts: timedelta) -> str:
    """Start a sign-in; the token for the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            account_id=account.id,
            token_hash=hash_token(token),
            browser=clean_line(browser[:400], limit=400),
            expires_at=now() + lasts,
        )
    )
    return token


async def signed_in(session: AsyncSession, token: str) -> tuple[SignIn, Account] | None:
    """Whose browser shows `token`; None when it ended, or the person was disabled."""
    row = (await session.execute(_SIGNED_IN, {"token_hash": hash_token(token), "moment": now()})).first()
    return (row[0], row[1]) if row else None


_SIGNED_IN = (
    select(SignIn, Account)
    .join(Account, Account.id == SignIn.account_id)
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.expires_at > bindparam("moment", type_=UtcDateTime),
        Account.disabled_at.is_(None),
    )
    .options(joinedload(Account.actor))
)


async def stay_signed_in(session: AsyncSession, sign_in_id: int, *, lasts: timedelta) -> None:
    """Note that a browser was used: its sign-in lasts from now on."""
    moment = now()
    await session.execute(
        update(SignIn).where(SignIn.id == sign_in_id).values(used_at=moment, expires_at=moment + lasts)
    )


async def sign_out(session: AsyncSession, *, by: Staff, sign_in_id: int) -> None:
    """End one of one's own sign-ins."""
    ended = await session.execute(
        delete(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == by.account_id).returning(SignIn.id)
    )
    if ended.first() is None:
        raise NotFound(sign_in_id=sign_in_id)
    journal.record(session, journal.AccessEnded(by.account_id))


async def sign_out_others(session: AsyncSession, *, by: Staff, keep: int) -> None:
    """End all of one's own sign-ins but the one numbered `keep`."""
    await session.execute(delete(SignIn).where(SignIn.account_id == by.account_id, SignIn.id != keep))
    journal.record(session, journal.AccessEnded(by.account_id))


async def is_signed_in(session: AsyncSession, sign_in_id: int) -> bool:
    """Whether a sign-in still holds: it was not ended, it has not run out, its person was not disabled."""
    found = (
        select(SignIn.id)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.id == sign_in_id, SignIn.expires_at > now(), Account.disabled_at.is_(None))
    )
    return await session.scalar(found) is not None


def sign_ins(by: Staff) -> Select[SignIn]:
    """The browsers somebody is signed in with, the latest used first."""
    return select(SignIn).where(SignIn.account_id == by.account_id).order_by(SignIn.used_at.desc(), SignIn.id.desc())


# The staff as others see them


async def of_actors(session: AsyncSession, actor_ids: Iterable[int]) -> dict[int, Account]:
    """The accounts behind some actors, by the actor's id; those elsewhere have none here."""
    found = await session.scalars(select(Account).where(Account.actor_id.in_(list(actor_ids))))
    return {account.actor_id: account for account in found}


def newest(*, since: timedelta) -> Select[Account]:
    """Who came to the company lately, the newest first."""
    return (
        select(Account)
        .where(Account.created_at > now() - since, Account.disabled_at.is_(None))
        .options(joinedload(Account.actor).joinedload(Actor.avatar))
        .order_by(Account.id.desc())
    )
