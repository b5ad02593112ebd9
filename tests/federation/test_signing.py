"""Signatures of deliveries that another process makes: the same bytes, and nothing lost when it is gone (SIG-1)."""

import asyncio
import os
import signal

from federation.delivery.signing import Signing
from federation.signatures.keys import sign_bytes
from tests.keys import rsa


async def test_many_signatures_are_made_beside_us_and_are_the_same() -> None:
    signing = Signing(beside=True)
    asked = [(rsa(number % 2), f"delivery {number}".encode()) for number in range(40)]
    wanted = [sign_bytes(key, data) for key, data in asked]

    async def all_signed() -> list[bytes]:
        return await asyncio.gather(*(signing.sign(key, data) for key, data in asked))

    try:
        assert await all_signed() == wanted
        assert signing._start is not None
        while signing._helper is None:  # noqa: ASYNC110 - there is nothing to wait for but the process itself
            await asyncio.sleep(0.01)
        process = signing._helper._process
        assert await all_signed() == wanted
        assert len(signing._helper._numbers) == 2

        os.kill(process.pid, signal.SIGKILL)
        assert await all_signed() == wanted
        await process.wait()
    finally:
        await signing.close()
    assert signing._helper is None


async def test_few_signatures_are_made_here() -> None:
    signing = Signing(beside=True)
    made = await asyncio.gather(*(signing.sign(rsa(0), b"one") for _ in range(3)))

    assert made == [sign_bytes(rsa(0), b"one")] * 3
    assert signing._start is None


async def test_whoever_has_a_signature_goes_on_before_the_next_one_is_made() -> None:
    signing = Signing(beside=False)
    said: list[str] = []

    async def sends(number: int) -> None:
        await signing.sign(rsa(0), b"%d" % number)
        said.append(f"signed {number}")
        await asyncio.sleep(0)
        said.append(f"sent {number}")

    await asyncio.gather(*(sends(number) for number in range(3)))
    assert said.index("sent 0") < said.index("signed 2")
