"""The one client for every outgoing request (R-30 to R-32): guarded, bounded, never surprised.

An address is judged where the socket is made, after the name was resolved and for literal addresses alike, so there is
no moment between looking and connecting. Redirects are followed by hand: each hop is checked, admitted and signed
anew. Bytes are counted after decompression while they arrive, and a wall clock ends what takes too long.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from multidict import CIMultiDictProxy
from yarl import URL

from federation.addresses import AddressRules
from federation.errors import ProtocolError
from federation.vocabulary import (
    ACCEPT,
    BadUrl,
    CheckedUrl,
    Document,
    checked_url,
    is_activity_media_type,
    parse_json,
    types_of,
)
from models.database import is_writing

MAX_REDIRECTS = 3
MAX_DOCUMENT = 1_048_576
MAX_POST_ANSWER = 65_536
CONNECT_SECONDS = 5.0
FETCH_SECONDS = 10.0
DELIVERY_SECONDS = 10.0
PER_HOST = 4
_COLLECTIONS = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DNS_THREADS = 32
_DNS_CACHE_SECONDS = 30
_KEEP_ALIVE_SECONDS = 15.0


class FetchRefused(ProtocolError):
    """This server's rules forbid the request or what it brought."""

    code = "fetch_refused"
    status = 403


class FetchFailed(ProtocolError):
    """The other server could not be reached or did not answer properly.

    `reason` is one of dns, connect, tls, timeout, too_large, redirect, answer, status; with status, `http_status` is
    what it answered, and `wish` what it wants signed (its `Accept-Signature`).
    """

    code = "fetch_failed"
    status = 502

    def __init__(
        self, *, reason: str, http_status: int | None = None, wish: str | None = None, **facts: object
    ) -> None:
        super().__init__(reason=reason, http_status=http_status, **facts)
        self.wish = wish
        self.reason = reason
        self.http_status = http_status

    @property
    def is_gone(self) -> bool:
        """Whether the other server says that there is nothing (404, 410)."""
        return self.http_status in (404, 410)


class Signer(Protocol):
    """Makes the signature headers of one hop; asked again for each."""

    def __call__(self, method: str, url: str, *, accept: str) -> Mapping[str, str]: ...


Admit = Callable[[CheckedUrl], bool]
Resolve = Callable[[str, int], list[str]]


class Answer(Struct, frozen=True):
    """What a server answered; `url` is where the answer came from after redirects."""

    status: int
    url: CheckedUrl
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")


class FetchedDocument(Struct, frozen=True):
    """An ActivityPub document that its own origin served under its own id; `body` has the bytes as received."""

    document: Document
    url: CheckedUrl
    body: bytes


class Fetcher:
    """Makes requests to servers that we do not trust. Use it as a context manager, or call `close`.

    `base_url` is our own address, named in the User-Agent. `limit` bounds all connections (0: no bound); `deadline` is
    how many seconds fetching takes at most, unless a call says otherwise (HTTP-9); `resolve` and `ssl_context` replace
    the system's name service and trust store.
    """

    def __init__(
        self,
        rules: AddressRules,
        *,
        base_url: str,
        limit: int = 2000,
        per_host: int = PER_HOST,
        deadline: float = FETCH_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self.rules = rules
        self._base_url = base_url
        self._limit = limit
        self._per_host = per_host
        self._deadline = deadline
        self._ssl_context = ssl_context
        self._resolver = _GuardedResolver(rules, resolve or _system_addresses)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._resolver.close()

    async def get(
        self,
        url: str,
        *,
        accept: str = ACCEPT,
        signer: Signer | None = None,
        admit: Admit | None = None,
        max_bytes: int = MAX_DOCUMENT,
        deadline: float | None = None,
    ) -> Answer:
        """Fetch an address, following up to three redirects; any status is an answer.

        `admit` says for each hop whether that host may be asked (peer policy); `deadline` is in seconds for all hops.

        Raises:
            FetchRefused: our rules forbid the address, a hop or a downgrade to http.
            FetchFailed: network, time, size or too many redirects.
        """
        at = self._permitted(url, admit)
        async with _bounded(self._deadline if deadline is None else deadline, at.host):
            for _ in range(MAX_REDIRECTS + 1):
                headers = {"Accept": accept, **(signer("GET", at.url, accept=accept) if signer else {})}
                async with self._open().get(
                    URL(at.url, encoded=True), headers=headers, allow_redirects=False
                ) as response:
                    location = response.headers.get("Location")
                    if response.status not in _REDIRECTS or location is None:
                        body = await _read(response, at, max_bytes)
                        return Answer(response.status, at, response.headers, body)
                    response.close()  # what a redirect says beside its location is not read
                at = self._hop(at, location, admit)
        raise FetchFailed(reason="redirect", host=at.host)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = DELIVERY_SECONDS
    ) -> Answer:
        """Deliver bytes once; redirects are not followed (R-31) and at most 64 KiB of the answer are kept.

        Raises:
            FetchRefused: our rules forbid the address.
            FetchFailed: network or time.
        """
        at = self._permitted(url, None)
        async with (
            _bounded(deadline, at.host),
            self._open().post(URL(at.url, encoded=True), data=body, headers=headers, allow_redirects=False) as response,
        ):
            kept, _ = await _read_at_most(response, MAX_POST_ANSWER)
            return Answer(response.status, at, response.headers, kept)

    async def judge(self, url: str) -> CheckedUrl:
        """Make sure that an address may be asked, by its form and by what its name stands for, without asking it.

        Raises:
            FetchRefused: our rules forbid it. FetchFailed: its name is not known.
        """
        at = self._permitted(url, None)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._resolver.resolve(at.host, at.origin.port)
        except _AddressRefusedError:
            raise FetchRefused(reason="address", host=at.host) from None
        except (OSError, TimeoutError):
            raise FetchFailed(reason="dns", host=at.host) from None
        return at

    async def get_activity_json(
        self,
        url: str,
        *,
        signer: Signer | None = None,
        admit: Admit | None = None,
        max_bytes: int = MAX_DOCUMENT,
        deadline: float | None = None,
    ) -> FetchedDocument:
        """Fetch an ActivityPub document and make sure that its own origin vouches for it (HTTP-3, HTTP-4, R-06, R-11).

        The document's id is the address it came from, or is the one asked for on the same origin. Otherwise the id is
        fetched, once, and must then be equal. A collection may have none. `deadline` in seconds counts for each of the
        two.

        Raises:
            FetchRefused: our rules, the media type, or an id that its address does not confirm.
            FetchFailed: network, or another status than 200.
            BadJson: the body is no acceptable JSON object.
        """
        asked = url
        for _ in range(2):
            answer = await self.get(
                asked, accept=ACCEPT, signer=signer, admit=admit, max_bytes=max_bytes, deadline=deadline
            )
            if answer.status != 200:
                wish = answer.headers.get("Accept-Signature")
                raise FetchFailed(reason="status", http_status=answer.status, host=answer.url.host, wish=wish)
            if not is_activity_media_type(answer.content_type):
                raise FetchRefused(reason="media_type", host=answer.url.host, content_type=answer.content_type[:64])
            document = parse_json(answer.body, max_bytes=max_bytes)
            claimed = document.get("id")
            if claimed is None and not _COLLECTIONS.isdisjoint(types_of(document)):
                claimed = document["id"] = asked  # NodeBB's outboxes have none; the address they are at is as good
            if not isinstance(claimed, str):
                raise FetchRefused(reason="id_missing", host=answer.url.host)
            if self._is_confirmed(claimed, asked, answer.url):
                return FetchedDocument(document, answer.url, answer.body)
            asked = claimed
        raise FetchRefused(reason="id_differs", host=answer.url.host)

    def _is_confirmed(self, claimed: str, asked: str, answered: CheckedUrl) -> bool:
        try:
            claim = checked_url(claimed, insecure=self.rules.insecure_hosts)
            question = checked_url(asked, insecure=self.rules.insecure_hosts)
        except BadUrl as error:
            raise FetchRefused(reason="id_malformed", detail=error.facts.get("reason")) from None
        if claim.origin != answered.origin:
            return False
        is_question = claim.origin == question.origin and claim.target == question.target
        return is_question or claim.target == answered.target

    def _permitted(self, url: str, admit: Admit | None) -> CheckedUrl:
        if is_writing():
            raise RuntimeError("a request inside writing() would hold the database for everybody else")
        try:
            at = checked_url(url, insecure=self.rules.insecure_hosts)
        except BadUrl as error:
            raise FetchRefused(reason="url", detail=error.facts.get("reason")) from None
        if not self.rules.permits_url(at):
            raise FetchRefused(reason="address", host=at.host, port=at.origin.port)
        if admit is not None and not admit(at):
            raise FetchRefused(reason="not_admitted", host=at.host)
        return at

    def _hop(self, at: CheckedUrl, location: str, admit: Admit | None) -> CheckedUrl:
        try:
            joined = urljoin(at.url, location)
        except ValueError:
            raise FetchRefused(reason="url", host=at.host) from None
        to = self._permitted(joined, admit)
        if at.origin.scheme == "https" and to.origin.scheme != "https":
            raise FetchRefused(reason="downgrade", host=at.host)
        return to

    def _open(self) -> aiohttp.ClientSession:
        if self._session is not None:
            return self._session
        connector = aiohttp.TCPConnector(
            limit=self._limit,
            limit_per_host=self._per_host,
            resolver=self._resolver,
            ttl_dns_cache=_DNS_CACHE_SECONDS,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            ssl=True if self._ssl_context is None else self._ssl_context,
            socket_factory=self._make_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"Kontor/{_version()} (+{self._base_url}/)", "Accept-Encoding": "gzip, deflate"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            trust_env=False,
        )
        return self._session

    def _make_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last look before a connection: the address that it goes to, however it was found."""
        family, kind, protocol, _, where = info
        if not self.rules.permits(str(where[0])):
            raise _AddressRefusedError(where[0])
        return socket.socket(family, kind, protocol)


class _AddressRefusedError(OSError):
    """Travels through aiohttp as a connection error and is told apart by its type."""


class _GuardedResolver(AbstractResolver):
    """Names to permitted addresses; the system's name service is asked in threads of its own, for it may be slow."""

    def __init__(self, rules: AddressRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._threads: ThreadPoolExecutor | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._rules.resolves_to_loopback(host, port):
            found = ["127.0.0.1"]
        else:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="dns")
            found = await asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, host, port)
        permitted = [address for address in found if self._rules.permits(address)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not permitted:
            raise _AddressRefusedError(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in permitted
        ]

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _system_addresses(host: str, port: int) -> list[str]:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _version() -> str:
    try:
        return version("kontor")
    except PackageNotFoundError:
        return "0"


@asynccontextmanager
async def _bounded(seconds: float, host: str) -> AsyncIterator[None]:
    """End what takes longer than the wall clock allows, and turn every network exception into ours."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise FetchFailed(reason="timeout", host=host) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, _AddressRefusedError):
            raise FetchRefused(reason="address", host=host) from None
        raise FetchFailed(reason=_connect_reason(error), host=host, detail=str(error)[:200]) from None
    except aiohttp.ClientSSLError as error:
        raise FetchFailed(reason="tls", host=host, detail=str(error)[:200]) from None
    except aiohttp.InvalidURL:
        raise FetchRefused(reason="url", host=host) from None
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise FetchFailed(reason="connect", host=host, detail=str(error)[:200]) from None
    except aiohttp.ClientError as error:
        raise FetchFailed(reason="answer", host=host, detail=str(error)[:200]) from None


def _connect_reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    return "tls" if isinstance(error, aiohttp.ClientSSLError) else "connect"


async def _read(response: aiohttp.ClientResponse, at: CheckedUrl, max_bytes: int) -> bytes:
    body, is_whole = await _read_at_most(response, max_bytes)
    if not is_whole:
        raise FetchFailed(reason="too_large", host=at.host, limit=max_bytes)
    return body


async def _read_at_most(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """The first `limit` bytes after decompression, and whether that was all; the rest is never read (R-40)."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            response.close()
            return bytes(body[:limit]), False
    return bytes(body), True
