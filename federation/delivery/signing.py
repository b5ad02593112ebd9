"""Signs deliveries, beside this process when there are many.

An RSA signature takes more time than everything else about a delivery, and holds the interpreter while it is made. So
as soon as `_FROM` are wanted at the same time a process is started that does nothing else (`signing_process`); a while
after the last one it ends. Keys go to it through a pipe and are written nowhere. What it was asked when it failed is
signed here, and so is everything where there is but one processor.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections import OrderedDict, deque
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from federation.delivery import signing_process
from federation.delivery.signing_process import ANSWER, REQUEST
from federation.signatures.keys import PrivateKey, sign_bytes

log = logging.getLogger(__name__)

_PROGRAM = Path(signing_process.__file__)
_FROM = 16
_IDLE_SECONDS = 60.0
_AFTER_A_FAULT = 60.0
_KEYS = 256


class Signing:
    """Makes signatures for one worker of the queue; `beside` says whether another process may be started for them."""

    def __init__(self, *, beside: bool | None = None) -> None:
        self._beside = (os.cpu_count() or 1) > 1 if beside is None else beside
        self._helper: _Helper | None = None
        self._start: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._wanted = 0
        self._turn = asyncio.Lock()

    async def sign(self, key: PrivateKey, data: bytes) -> bytes:
        """The signature of `data` by `key`."""
        self._wanted += 1
        try:
            if (signature := await self._signed_beside(key, data)) is not None:
                return signature
            if self._wanted >= _FROM and self._helper is None:
                self._begin()
            async with self._turn:  # one after the other: what is signed leaves meanwhile
                await asyncio.sleep(0)
                if self._helper is None:
                    return sign_bytes(key, data)
            signature = await self._signed_beside(key, data)
            return signature if signature is not None else sign_bytes(key, data)
        finally:
            self._wanted -= 1

    async def _signed_beside(self, key: PrivateKey, data: bytes) -> bytes | None:
        helper = self._helper
        if helper is None or not helper.is_alive or not isinstance(key, RSAPrivateKey):
            return None
        with contextlib.suppress(_Failed):
            return await helper.sign(key, data)
        return None

    def _begin(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._beside and self._start is None and now >= self._not_before:
            self._not_before = now + _AFTER_A_FAULT
            self._start = asyncio.create_task(self._run(), name="signing process")

    async def _run(self) -> None:
        try:
            self._helper = await _Helper.started()
            await self._helper.read()
        except Exception:
            log.exception("signing process failed")
        finally:
            helper, self._helper, self._start = self._helper, None, None
            if helper is not None:
                await helper.end()

    async def close(self) -> None:
        """End the process."""
        if self._start is not None:
            self._start.cancel()
            await asyncio.gather(self._start, return_exceptions=True)


class _Failed(Exception):
    """There is no signature: the process is gone."""


class _Helper:
    """One such process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both are pipes
        self._process = process
        self._asked, self._said = process.stdin, process.stdout
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._numbers: OrderedDict[RSAPrivateKey, int] = OrderedDict()

    @classmethod
    async def started(cls) -> "_Helper":
        pipe = asyncio.subprocess.PIPE
        program = (sys.executable, "-I", str(_PROGRAM))
        return cls(await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe, start_new_session=True))

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None and not self._asked.is_closing()

    async def sign(self, key: RSAPrivateKey, data: bytes) -> bytes:
        number = self._number_of(key)
        self._asked.write(REQUEST.pack(number, len(data)) + data)
        made: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(made)
        return await made

    def _number_of(self, key: RSAPrivateKey) -> int:
        number = self._numbers.get(key)
        if number is not None:
            self._numbers.move_to_end(key)
            return number
        # the numbers go round: what was asked with the former key of a number is signed before the new one is read
        number = 2 * len(self._numbers) if len(self._numbers) < _KEYS else self._numbers.popitem(last=False)[1]
        self._numbers[key] = number
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._asked.write(REQUEST.pack(number + 1, len(plain)) + plain)
        return number

    async def read(self) -> None:
        """Hand out signatures until there is nothing to do for a while, or the process ends."""
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    head = await self._said.readexactly(ANSWER.size)
            except (TimeoutError, asyncio.IncompleteReadError):
                return
            signature = await self._said.readexactly(*ANSWER.unpack(head))
            made = self._waiting.popleft()
            if not made.done():  # whoever asked may have been cancelled
                made.set_result(signature)

    async def end(self) -> None:
        self._asked.close()
        for made in self._waiting:
            if not made.done():
                made.set_exception(_Failed())
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
