"""Choosing and checking passwords (R-84)."""

import pytest

from server.auth import passwords
from server.auth.passwords import (
    PasswordIsTheName,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    check,
    hash_password,
    needs_rehash,
    verify,
)


async def test_R_84_a_hash_is_made_with_the_work_that_rfc_9106_recommends() -> None:
    hashed = await hash_password("korrekt pferd batterie")

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await verify(hashed, "korrekt pferd batterie")
    assert not needs_rehash(hashed)


async def test_a_hash_verifies_its_password_and_no_other(quick_secrets: None) -> None:
    hashed = await hash_password("korrekt pferd batterie")

    assert await verify(hashed, "korrekt pferd batterie")
    assert not await verify(hashed, "korrekt pferd batteriE")
    assert not await verify(hashed, "")


async def test_the_same_password_has_another_hash_each_time(quick_secrets: None) -> None:
    assert await hash_password("korrekt pferd batterie") != await hash_password("korrekt pferd batterie")


async def test_letters_typed_on_another_keyboard_are_the_same_password(quick_secrets: None) -> None:
    assert await verify(await hash_password("Bu\u0308cherregal"), "B\u00fccherregal")


async def test_R_84_an_unknown_account_costs_the_same_verification_and_is_refused(monkeypatch, quick_secrets):
    verified = []
    real = passwords._hasher

    class Counting:
        hash = staticmethod(real.hash)

        @staticmethod
        def verify(hashed, password):
            verified.append(hashed.split("$")[3])
            return real.verify(hashed, password)

    hashed = await hash_password("korrekt pferd batterie")
    monkeypatch.setattr(passwords, "_hasher", Counting)
    assert not await verify(None, "korrekt pferd batterie")
    assert await verify(hashed, "korrekt pferd batterie")
    assert verified == [hashed.split("$")[3]] * 2


@pytest.mark.parametrize("hashed", ["", "x", "$argon2id$v=19$m=1,t=1,p=1$x$y"])
async def test_a_damaged_hash_verifies_nothing(hashed, quick_secrets):
    assert not await verify(hashed, "korrekt pferd batterie")


async def test_a_giant_or_broken_password_is_just_wrong(quick_secrets: None) -> None:
    hashed = await hash_password("korrekt pferd batterie")
    assert not await verify(hashed, "x" * 1_000_000)
    assert not await verify(hashed, "\ud800")


def test_an_older_hash_asks_for_a_new_one():
    assert needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("", PasswordTooShort),
        ("kurz12345", PasswordTooShort),
        ("x" * 1001, PasswordTooLong),
        ("anna.berger", PasswordIsTheName),
        ("Anna.Berger2026!", PasswordIsTheName),
        ("anna@muster.example", PasswordIsTheName),
        ("Password123!", PasswordTooCommon),
        ("passwort2026", PasswordTooCommon),
        ("1234567890", PasswordTooCommon),
        ("aaaaaaaaaaaa", PasswordTooCommon),
        ("abcdefghijkl", PasswordTooCommon),
        ("willkommen1", PasswordTooCommon),
    ],
)
def test_what_anybody_would_guess_is_refused(password, refusal):
    with pytest.raises(refusal) as refused:
        check(password, username="anna.berger", email="anna@muster.example")
    assert refused.value.facts["field"] == "password"
    assert refused.value.code.startswith("password_")


@pytest.mark.parametrize(
    "password", ["korrekt pferd batterie", "zwölf Boxkämpfer", "m7Kq-2xVt9", "anna.berger mag Tee"]
)
def test_what_is_long_enough_is_accepted(password):
    check(password, username="anna.berger", email="anna@muster.example")
