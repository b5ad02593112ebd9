"""The one client, against real servers on this machine."""

import asyncio
import gzip
import json
import socket
import ssl
import zlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from federation import signatures
from federation.addresses import AddressRules
from federation.fetch import Fetcher, FetchFailed, FetchRefused
from federation.vocabulary import AS_JSON, BadJson
from tests.keys import rsa

OURS = "https://a.example"
LOOPBACK = (ip_network("127.0.0.0/8"),)
RULES = AddressRules(insecure_hosts=("*.localhost",), allowed_networks=LOOPBACK)
NOW = datetime(2026, 2, 1, 10, tzinfo=UTC)


def _no_names(host, port):
    raise AssertionError(f"{host} was looked up")


def _fetcher(rules=RULES, **options):
    return Fetcher(rules, base_url=OURS, **({"resolve": _no_names} | options))


@asynccontextmanager
async def _peer(handler, *, ssl_context=None):
    """A server that answers every request with `handler`; yields its port and the requests it saw."""
    seen = []

    async def note(request):
        seen.append(request)
        return await handler(request)

    runner = web.ServerRunner(web.Server(note), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context)
    await site.start()
    try:
        yield runner.addresses[0][1], seen
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _raw_peer(talk):
    """A server below HTTP; yields its port and how many connections it saw."""
    seen = []

    async def note(reader, writer):
        seen.append(writer)
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        for writer in seen:
            writer.close()


async def _hello(_request):
    return web.Response(text="hello", headers={"Set-Cookie": "a=b"})


def _document(**members):
    async def answer(request):
        text = json.dumps({"id": f"http://{request.host}{request.path_qs}", "type": "Note"} | members)
        return web.Response(text=text, content_type=AS_JSON)

    return answer


def _nameless(type):
    async def answer(request):
        return web.Response(text=json.dumps({"type": type, "orderedItems": []}), content_type=AS_JSON)

    return answer


def _routes(**answers):
    async def answer(request):
        found = answers.get(request.path.strip("/") or "root")
        if found is None:
            raise web.HTTPNotFound
        return await found(request)

    return answer


def _redirect(to, status=302):
    async def answer(request):
        return web.Response(status=status, headers={"Location": to.format(port=request.url.port)})

    return answer


async def test_an_answer_arrives_with_its_address_headers_and_bytes():
    async with _peer(_hello) as (port, seen), _fetcher() as fetcher:
        answer = await fetcher.get(f"http://peer.localhost:{port}/x?y=%2F#z")

        assert (answer.status, answer.body, answer.content_type) == (200, b"hello", "text/plain; charset=utf-8")
        assert answer.url.url == f"http://peer.localhost:{port}/x?y=%2F"
        assert seen[0].raw_path == "/x?y=%2F"
        assert seen[0].host == f"peer.localhost:{port}"


async def test_HTTP_9_we_say_who_we_are_and_keep_no_cookies():
    async with _peer(_hello) as (port, seen), _fetcher() as fetcher:
        for _ in range(2):
            await fetcher.get(f"http://peer.localhost:{port}/")

    agent = seen[0].headers["User-Agent"]
    assert agent.startswith("Kontor/")
    assert agent.endswith(" (+https://a.example/)")
    assert "Cookie" not in seen[1].headers


async def test_21_14_both_activity_types_are_asked_for():
    async with _peer(_hello) as (port, seen), _fetcher() as fetcher:
        await fetcher.get(f"http://peer.localhost:{port}/")

    assert seen[0].headers["Accept"] == (
        'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
    )


async def test_environment_proxies_are_not_used(monkeypatch):
    async with _peer(_hello) as (proxy, through_proxy), _peer(_hello) as (port, direct), _fetcher() as fetcher:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        await fetcher.get(f"http://peer.localhost:{port}/")

        assert (len(direct), len(through_proxy)) == (1, 0)


# ---- addresses: R-30


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
     "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "①②⑦.0.0.1", "localhost",
     "a.localhost", "LOCALHOST.", "user@127.0.0.1", "127.0.0.1.", "[fe80::1%25lo]", "127。0。0。1"],
)  # fmt: skip
async def test_R_30_no_spelling_of_this_machine_is_connected_to(host):
    rules = AddressRules(insecure_hosts=("*",))  # any name and port, but no network beside the global ones
    async with _raw_peer(_hello) as (port, seen), Fetcher(rules, base_url=OURS) as fetcher:
        for scheme in ("http", "https"):
            with pytest.raises(FetchRefused):
                await fetcher.get(f"{scheme}://{host}:{port}/")
            with pytest.raises(FetchRefused):
                await fetcher.post(f"{scheme}://{host}:{port}/", b"{}", {})

        assert seen == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.1", "::1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]], ids=str
)
async def test_R_30_a_name_that_resolves_to_a_forbidden_address_is_refused(addresses):
    rules = AddressRules(insecure_hosts=("*",))
    async with _raw_peer(_hello) as (port, seen), _fetcher(rules, resolve=lambda *_: addresses) as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get(f"http://rebound.example:{port}/")

        assert refused.value.facts["reason"] == "address"
        assert seen == []


async def test_R_30_of_several_addresses_only_the_permitted_ones_are_used():
    rules = AddressRules(insecure_hosts=("peer.example",), allowed_networks=LOOPBACK)
    addresses = ["10.0.0.1", "::1", "127.0.0.1"]
    async with _peer(_hello) as (port, seen), _fetcher(rules, resolve=lambda *_: addresses) as fetcher:
        answer = await fetcher.get(f"http://peer.example:{port}/")

        assert answer.status == 200
        assert len(seen) == 1


async def test_R_30_the_address_is_judged_again_where_the_socket_is_made():
    class Forgetful(AddressRules):
        """Lets every URL through, as if the check before the connection had a hole."""

        def permits_url(self, url):
            return True

    rules = Forgetful(insecure_hosts=("*",))
    async with _raw_peer(_hello) as (port, seen), _fetcher(rules) as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get(f"http://127.0.0.1:{port}/")

        assert refused.value.facts["reason"] == "address"
        assert seen == []


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "https://a.example:22/", "http://a.example/", "x", ""]
)
async def test_R_20_what_is_no_permitted_url_is_refused(url):
    async with _fetcher() as fetcher:
        with pytest.raises(FetchRefused):
            await fetcher.get(url)
        with pytest.raises(FetchRefused):
            await fetcher.post(url, b"", {})


# ---- redirects: R-31


async def test_R_31_three_redirects_are_followed_and_a_fourth_is_not():
    hops = _routes(a=_redirect("/b"), b=_redirect("c", 301), c=_redirect("http://peer.localhost:{port}/d", 308),
                   d=_hello, start=_redirect("/a", 307))  # fmt: skip
    async with _peer(hops) as (port, seen), _fetcher() as fetcher:
        answer = await fetcher.get(f"http://peer.localhost:{port}/a")
        assert (answer.body, answer.url.url) == (b"hello", f"http://peer.localhost:{port}/d")

        seen.clear()
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/start")
        assert failed.value.reason == "redirect"
        assert len(seen) == 4


async def test_R_31_a_loop_ends():
    async with _peer(_redirect("/again")) as (port, seen), _fetcher() as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.get(f"http://peer.localhost:{port}/again")

        assert len(seen) == 4


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/x", "http://10.0.0.1/", "http://169.254.169.254/latest/", "http://other.example/",
     "https://other.localhost.example:22/", "file:///etc/passwd", "ftp://peer.localhost/", "gopher://x",
     "javascript:alert(1)", "data:,x", "//[::1]:{port}/", "http://user@peer.localhost:{port}/", "http://[::1",
     "\\\\evil"],
)  # fmt: skip
async def test_R_31_a_redirect_to_a_forbidden_place_is_refused(location):
    routes = _routes(go=_redirect(location), x=_hello)
    async with _peer(routes) as (port, seen), _fetcher() as fetcher:
        with pytest.raises((FetchRefused, FetchFailed)) as refused:
            await fetcher.get(f"http://peer.localhost:{port}/go")

        assert (
            isinstance(refused.value, FetchRefused) or refused.value.http_status is not None or location == "\\\\evil"
        )
        assert [request.path for request in seen] == ["/go"]


async def test_R_31_each_hop_is_signed_anew_for_its_own_address():
    asked = []

    def signer(method, url, *, accept):
        asked.append((method, url))
        return {"Signature": f"for {url}", "Accept": accept}

    routes = _routes(a=_redirect("http://two.localhost:{port}/b"), b=_hello)
    async with _peer(routes) as (port, seen), _fetcher() as fetcher:
        await fetcher.get(f"http://one.localhost:{port}/a", signer=signer)

    one, two = f"http://one.localhost:{port}/a", f"http://two.localhost:{port}/b"
    assert asked == [("GET", one), ("GET", two)]
    assert [request.headers["Signature"] for request in seen] == [f"for {one}", f"for {two}"]


async def test_HTTP_3_each_hop_is_admitted():
    routes = _routes(a=_redirect("http://blocked.localhost:{port}/b"), b=_hello)
    async with _peer(routes) as (port, seen), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get(f"http://one.localhost:{port}/a", admit=lambda url: not url.host.startswith("blocked"))

    assert refused.value.facts == {"reason": "not_admitted", "host": "blocked.localhost"}
    assert len(seen) == 1


async def test_a_redirect_status_without_location_is_an_answer():
    async def answer(_request):
        return web.Response(status=302, text="where?")

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        assert (await fetcher.get(f"http://peer.localhost:{port}/")).status == 302


# ---- TLS


def _certificate(tmp_path, name):
    private = rsa()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, SHA256())
    )
    path = tmp_path / "server.pem"
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path.write_text(pem + certificate.public_bytes(Encoding.PEM).decode())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())
    return serving, trusting


async def test_https_works_with_a_trusted_certificate_and_never_falls_back_to_http(tmp_path):
    serving, trusting = _certificate(tmp_path, "peer.localhost")
    async with _peer(_hello) as (plain, plain_seen):
        routes = _routes(x=_hello, down=_redirect(f"http://peer.localhost:{plain}/"))
        async with _peer(routes, ssl_context=serving) as (port, _), _fetcher(ssl_context=trusting) as fetcher:
            assert (await fetcher.get(f"https://peer.localhost:{port}/x")).body == b"hello"
            with pytest.raises(FetchRefused) as refused:
                await fetcher.get(f"https://peer.localhost:{port}/down")

        assert refused.value.facts["reason"] == "downgrade"
        assert plain_seen == []


async def test_R_31_a_redirect_may_go_up_to_https(tmp_path):
    serving, trusting = _certificate(tmp_path, "peer.localhost")
    async with (
        _peer(_hello, ssl_context=serving) as (secure, _),
        _peer(_redirect(f"https://peer.localhost:{secure}/")) as (port, _),
        _fetcher(ssl_context=trusting) as fetcher,
    ):
        assert (await fetcher.get(f"http://peer.localhost:{port}/")).body == b"hello"


@pytest.mark.parametrize("host", ["peer.localhost", "other.localhost"], ids=["untrusted", "for another name"])
async def test_a_certificate_that_does_not_hold_is_a_tls_failure(tmp_path, host):
    serving, trusting = _certificate(tmp_path, "peer.localhost")
    options = {} if host == "peer.localhost" else {"ssl_context": trusting}
    async with _peer(_hello, ssl_context=serving) as (port, seen), _fetcher(**options) as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"https://{host}:{port}/")

        assert failed.value.reason == "tls"
        assert seen == []


# ---- limits and failures


async def test_R_40_an_answer_up_to_the_limit_is_read_and_one_byte_more_is_not():
    async def answer(request):
        return web.Response(body=b"x" * int(request.query["n"]))

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        assert len((await fetcher.get(f"http://peer.localhost:{port}/?n=5000", max_bytes=5000)).body) == 5000
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/?n=5001", max_bytes=5000)

    assert failed.value.reason == "too_large"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_R_40_bytes_are_counted_after_decompression(encoding):
    bomb = gzip.compress(b"\0" * 30_000_000) if encoding == "gzip" else zlib.compress(b"\0" * 30_000_000)

    async def answer(_request):
        return web.Response(body=bomb, headers={"Content-Encoding": encoding})

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/")

    assert len(bomb) < 100_000
    assert failed.value.reason == "too_large"


async def test_R_40_an_endless_answer_is_cut_off():
    cut = asyncio.Event()

    async def answer(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except (ConnectionError, asyncio.CancelledError):
            cut.set()
            raise

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/")
        await asyncio.wait_for(cut.wait(), 5)

    assert failed.value.reason == "too_large"


async def _silent(_reader, _writer):
    await asyncio.Event().wait()


async def _drip(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _drip_headers(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("talk", [_silent, _drip, _drip_headers])
async def test_R_41_a_wall_clock_ends_a_slow_answer(talk):
    async with _raw_peer(talk) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/", deadline=0.2)
        with pytest.raises(FetchFailed) as failed_too:
            await fetcher.post(f"http://peer.localhost:{port}/inbox", b"{}", {}, deadline=0.2)

    assert (failed.value.reason, failed_too.value.reason) == ("timeout", "timeout")


async def test_R_41_how_long_fetching_may_take_is_a_setting():
    async with _raw_peer(_silent) as (port, _), _fetcher(deadline=0.2) as fetcher:
        for ask in (fetcher.get, fetcher.get_activity_json):
            with pytest.raises(FetchFailed) as failed:
                await ask(f"http://peer.localhost:{port}/")
            assert failed.value.reason == "timeout"


async def _garbage(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def _hang_up(reader, _writer):
    await reader.readuntil(b"\r\n\r\n")


async def _break_off(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")


@pytest.mark.parametrize(("talk", "reason"), [(_garbage, "answer"), (_hang_up, "connect"), (_break_off, "answer")])
async def test_a_peer_that_does_not_speak_http_is_a_failure_with_a_reason(talk, reason):
    async with _raw_peer(talk) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(f"http://peer.localhost:{port}/")

    assert (failed.value.reason, failed.value.is_gone) == (reason, False)


async def test_a_closed_port_and_an_unknown_name_are_failures_with_a_reason():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

    def unknown(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async with _fetcher(resolve=unknown) as fetcher:
        with pytest.raises(FetchFailed) as closed:
            await fetcher.get(f"http://peer.localhost:{port}/")
        with pytest.raises(FetchFailed) as nameless:
            await fetcher.get("https://nowhere.example/")

    assert (closed.value.reason, nameless.value.reason) == ("connect", "dns")


async def test_a_name_without_addresses_is_a_dns_failure():
    async with _fetcher(resolve=lambda *_: []) as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get("https://nowhere.example/")

    assert failed.value.reason == "dns"


# ---- deliveries


async def test_a_delivery_sends_the_bytes_and_headers_as_they_are():
    body = b'{"type": "Create"}'
    received = []

    async def inbox(request):
        received.append(await request.read())
        return web.Response(status=202, headers={"Retry-After": "7"})

    async with _peer(inbox) as (port, seen), _fetcher() as fetcher:
        answer = await fetcher.post(f"http://peer.localhost:{port}/inbox", body, {"Content-Type": AS_JSON, "X-A": "b"})

    assert received == [body]
    assert (seen[0].headers["Content-Type"], seen[0].headers["X-A"]) == (AS_JSON, "b")
    assert "Content-Encoding" not in seen[0].headers
    assert (answer.status, answer.headers["Retry-After"], answer.body) == (202, "7", b"")


async def test_R_31_a_delivery_never_follows():
    routes = _routes(inbox=_redirect("/elsewhere", 307), elsewhere=_hello)
    async with _peer(routes) as (port, seen), _fetcher() as fetcher:
        answer = await fetcher.post(f"http://peer.localhost:{port}/inbox", b"{}", {})

    assert answer.status == 307
    assert len(seen) == 1


async def test_R_40_of_the_answer_to_a_delivery_64_KiB_are_kept():
    async def answer(_request):
        return web.Response(status=500, body=b"x" * 10_000_000)

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        kept = await fetcher.post(f"http://peer.localhost:{port}/inbox", b"{}", {})

    assert (kept.status, len(kept.body)) == (500, 65_536)


@pytest.mark.parametrize("form", ["cavage", "rfc9421"])
async def test_what_we_sign_and_send_is_what_a_server_verifies(form):
    private = rsa()
    verified = []

    async def answer(request):
        received = signatures.Request(
            request.method, f"http://{request.host}{request.raw_path}", request.headers, await request.read()
        )
        parsed = signatures.parse(received, hosts={request.host}, now=NOW)
        verified.append(signatures.verify(parsed, private.public_key(), now=NOW).key_id)
        return web.Response(status=202)

    def sign(method, url, body=b"", **options):
        return signatures.sign(method, url, body, key_id="k", private_key=private, now=NOW, form=form, **options)

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        inbox = f"http://peer.localhost:{port}/inbox"
        await fetcher.post(inbox, b"{}", sign("POST", inbox, b"{}"))
        await fetcher.get(f"http://peer.localhost:{port}/o/1?page=%C3%A4&x=1#frag", signer=sign)

    assert verified == ["k", "k"]
    assert len(seen) == 2


# ---- ActivityPub documents


async def test_HTTP_3_a_document_under_its_own_id_is_taken():
    async with _peer(_document(content="ä")) as (port, seen), _fetcher() as fetcher:
        url = f"http://peer.localhost:{port}/o/1?x=1"
        fetched = await fetcher.get_activity_json(url)

    assert fetched.document == {"id": url, "type": "Note", "content": "ä"}
    assert json.loads(fetched.body) == fetched.document
    assert len(seen) == 1


@pytest.mark.parametrize("type", ["Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"])
async def test_COL_8_a_collection_without_an_id_has_the_address_it_is_at(type):
    routes = _routes(a=_nameless(type), b=_redirect("http://two.localhost:{port}/a"))
    async with _peer(routes) as (port, _), _fetcher() as fetcher:
        url = f"http://peer.localhost:{port}/a"
        fetched = await fetcher.get_activity_json(url)
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/b")

    assert fetched.document == {"id": url, "type": type, "orderedItems": []}
    assert refused.value.facts["reason"] == "id_differs"


@pytest.mark.parametrize("type", ["Note", "Person", "Create"])
async def test_HTTP_4_anything_else_without_an_id_is_refused(type):
    async with _peer(_nameless(type)) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

    assert refused.value.facts["reason"] == "id_missing"


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "image/png", "application/octet-stream", "application/json", "application/ld+json", ""],
)
async def test_R_11_the_same_json_under_another_media_type_is_refused(content_type):
    async def answer(request):
        text = json.dumps({"id": str(request.url), "type": "Note"})
        return web.Response(body=text.encode(), headers={"Content-Type": content_type})

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

    assert refused.value.facts["reason"] == "media_type"


@pytest.mark.parametrize(("status", "is_gone"), [(404, True), (410, True), (401, False), (500, False), (202, False)])
async def test_HTTP_3_another_status_than_200_is_a_failure_that_names_it(status, is_gone):
    async def answer(request):
        return web.Response(status=status, text=json.dumps({"id": str(request.url)}), content_type=AS_JSON)

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

    assert (failed.value.reason, failed.value.http_status, failed.value.is_gone) == ("status", status, is_gone)


async def test_HTTP_4_a_document_of_another_id_is_fetched_once_more_there():
    async def alias(request):
        return await _document(id=f"http://peer.localhost:{request.url.port}/o/1")(request)

    async with _peer(alias) as (port, seen), _fetcher() as fetcher:
        fetched = await fetcher.get_activity_json(f"http://peer.localhost:{port}/@anna/1")

    assert fetched.document["id"] == f"http://peer.localhost:{port}/o/1"
    assert [request.path for request in seen] == ["/@anna/1", "/o/1"]


async def test_HTTP_4_an_id_that_changes_again_is_refused():
    async def endless(request):
        return await _document(id=f"{request.url}x")(request)

    async with _peer(endless) as (port, seen), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

    assert refused.value.facts["reason"] == "id_differs"
    assert len(seen) == 2


async def test_R_06_a_foreign_id_is_believed_only_from_its_own_origin():
    async def answer(request):
        victim = f"http://victim.localhost:{request.url.port}/o/1"
        is_victim = request.host.startswith("victim")
        return await _document(id=victim, content="true" if is_victim else "forged")(request)

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        fetched = await fetcher.get_activity_json(f"http://mallory.localhost:{port}/forged")

    assert fetched.document["content"] == "true"
    assert [request.host.split(".")[0] for request in seen] == ["mallory", "victim"]


async def test_R_06_an_open_redirect_on_the_victims_host_to_a_forgery_is_refused():
    async def answer(request):
        victim = f"http://victim.localhost:{request.url.port}/redirect"
        if request.host.startswith("victim"):
            return await _redirect("http://mallory.localhost:{port}/forged")(request)
        return await _document(id=victim)(request)

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(f"http://victim.localhost:{port}/redirect")

    assert refused.value.facts["reason"] == "id_differs"


async def test_R_06_a_redirect_inside_the_origin_keeps_the_id():
    async def answer(request):
        if request.path == "/o/1":
            return await _redirect("/v2/o/1")(request)
        return await _document(id=f"http://peer.localhost:{request.url.port}/o/1")(request)

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        fetched = await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1#part")

    assert fetched.url.target == "/v2/o/1"
    assert len(seen) == 2


async def test_SIG_35_the_host_of_a_claimed_id_is_admitted_before_it_is_asked():
    async def answer(request):
        return await _document(id=f"http://stranger.localhost:{request.url.port}/o/1")(request)

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get_activity_json(
                f"http://peer.localhost:{port}/o/1", admit=lambda url: url.host == "peer.localhost"
            )

    assert refused.value.facts["reason"] == "not_admitted"
    assert len(seen) == 1


@pytest.mark.parametrize("claimed", [None, 5, "", "x", "javascript:alert(1)", "http://10.0.0.1/o/1", ["a"]], ids=repr)
async def test_HTTP_4_an_id_that_is_no_address_is_refused(claimed):
    async with _peer(_document(id=claimed)) as (port, seen), _fetcher() as fetcher:
        with pytest.raises(FetchRefused):
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

        assert len(seen) == 1


async def test_GEN_6_a_document_that_is_no_strict_json_is_refused():
    async def answer(_request):
        return web.Response(text='{"id":"a","id":"b"}', content_type=AS_JSON)

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        with pytest.raises(BadJson):
            await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")


async def test_R_33_contexts_are_never_fetched():
    async def answer(request):
        return await _document(**{"@context": f"http://{request.host}/context"})(request)

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        await fetcher.get_activity_json(f"http://peer.localhost:{port}/o/1")

    assert [request.path for request in seen] == ["/o/1"]


# ---- many at once


async def test_a_hundred_and_fifty_hosts_are_asked_at_the_same_time():
    hosts = 150  # more than the connector's own limit
    everybody = asyncio.Event()
    arrived = 0

    async def answer(_request):
        nonlocal arrived
        arrived += 1
        if arrived == hosts:
            everybody.set()
        await everybody.wait()
        return web.Response()

    async with _peer(answer) as (port, _), _fetcher() as fetcher:
        answers = await asyncio.gather(*(fetcher.get(f"http://h{n}.localhost:{port}/") for n in range(hosts)))

    assert {answer.status for answer in answers} == {200}


async def test_R_44_four_requests_at_most_go_to_one_host():
    full, go_on = asyncio.Event(), asyncio.Event()
    at_once = peak = 0

    async def answer(request):
        nonlocal at_once, peak
        if request.host.startswith("other"):
            return web.Response()
        at_once += 1
        peak = max(peak, at_once)
        if at_once == 4:
            full.set()
        await go_on.wait()
        at_once -= 1
        return web.Response()

    async with _peer(answer) as (port, seen), _fetcher() as fetcher:
        requests = [asyncio.create_task(fetcher.get(f"http://peer.localhost:{port}/{n}")) for n in range(12)]
        await full.wait()
        for _ in range(5):  # round trips in which a fifth request would have had its chance
            await fetcher.get(f"http://other.localhost:{port}/")
        go_on.set()
        await asyncio.gather(*requests)

    assert peak == 4
    assert len(seen) == 17


async def test_a_closed_fetcher_can_be_used_again():
    async with _peer(_hello) as (port, _):
        fetcher = _fetcher()
        await fetcher.get(f"http://peer.localhost:{port}/")
        await fetcher.close()

        assert (await fetcher.get(f"http://peer.localhost:{port}/")).status == 200
        await fetcher.close()
