"""Passwords: hashed with argon2id, compared in constant work, and judged when somebody chooses one.

Hashing takes memory and tens of milliseconds on purpose, so it runs in threads of its own, few at a time: a flood of
sign-ins waits for its turn instead of taking the machine. An unknown account costs the same work as a wrong password
(R-84): pass `None` as its hash.
"""

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import Invalid

SHORTEST = 10
LONGEST = 1000

_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)  # RFC 9106 §4, second recommended option
_threads = ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1)), thread_name_prefix="passwords")

_COMMON = frozenset(
    """0123456789 1234567890 12345678910 123456789 0987654321 9876543210 1q2w3e4r5t 1qaz2wsx3edc abcdefghij
    administrator admin changeme chelsea dragon football geheim hallo hallowelt iloveyou letmein liverpool
    login master michael monkey nichtsicher p@ssw0rd p@ssword passw0rd passwd password passwort princess
    qwerty qwertyuiop qwertz qwertzuiop schalke schatz secret sommer sonnenschein start sunshine superman test
    trustno1 welcome wilkommen willkommen winter asdfghjkl asdfghjklö yxcvbnm zxcvbnm fussball herbst frühling
    kontor firma company hunter guest gast user benutzer
    """.split()  # noqa: SIM905 - thirty lines of quotes would say no more
)
_ADDED = "0123456789!?.,;:-_+*#$%&/()= "


class PasswordTooShort(Invalid):
    """A password needs at least 10 characters."""

    code = "password_too_short"


class PasswordTooLong(Invalid):
    """A password has at most 1000 characters."""

    code = "password_too_long"


class PasswordIsTheName(Invalid):
    """The password must not be made of the name or the e-mail address."""

    code = "password_is_the_name"


class PasswordTooCommon(Invalid):
    """This password is among the first that anybody would try."""

    code = "password_too_common"


def check(password: str, *, username: str = "", email: str = "") -> None:
    """Accept `password` for the person called `username`.

    Length counts most, so there are no rules about digits or signs (NIST SP 800-63B §5.1.1.2).

    Raises:
        PasswordTooShort, PasswordTooLong, PasswordIsTheName, PasswordTooCommon
    """
    if len(password) > LONGEST:
        raise PasswordTooLong(field="password", length=len(password))
    folded = _normal(password).casefold()
    if len(folded) < SHORTEST:
        raise PasswordTooShort(field="password", length=len(folded))
    stem = folded.strip(_ADDED)
    names = {username.casefold(), email.casefold(), email.casefold().partition("@")[0]} - {""}
    if stem in names or folded in names:
        raise PasswordIsTheName(field="password")
    if stem in _COMMON or folded in _COMMON or _is_monotonous(folded):
        raise PasswordTooCommon(field="password")


async def hash_password(password: str) -> str:
    """The argon2id hash of `password`, with its parameters and a salt of its own."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hash, password)


async def verify(hashed: str | None, password: str) -> bool:
    """Whether `hashed` is the hash of `password`; with `None` (no such account) the same work, and no."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, hashed, password)


def needs_rehash(hashed: str) -> bool:
    """Whether `hashed` was made with weaker parameters than today's; hash anew after the next successful sign-in."""
    return _hasher.check_needs_rehash(hashed)


def _hash(password: str) -> str:
    return _hasher.hash(_bytes(password))


def _verify(hashed: str | None, password: str) -> bool:
    if len(password) > LONGEST:
        password = ""  # nobody has this one; the work stays the same
    try:
        return _hasher.verify(hashed or _nobodys(), _bytes(password)) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash(os.urandom(32))


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", errors="surrogatepass")


def _normal(password: str) -> str:
    """One form for what different keyboards send for the same letters."""
    return unicodedata.normalize("NFKC", password)


def _is_monotonous(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(set(text)) <= 3 or (len(steps) == 1 and steps <= {1, -1})
