"""SIG-29 without a network: what a server asks for, and what it gets."""

from datetime import UTC, datetime

import pytest

from federation import signatures
from federation.signatures import Request, Wish, read_wish, rfc9421, sign
from federation.trust import ACCEPT_SIGNATURE
from tests.keys import rsa

KEY_ID = "https://local.example/ap/u/ada#main-key"
NOW = datetime(2026, 2, 1, 10, tzinfo=UTC)
PRIVATE = rsa()


def test_SIG_29_what_we_ask_of_others_we_would_do_ourselves():
    wish = read_wish(ACCEPT_SIGNATURE, key_id=KEY_ID)

    assert wish == Wish("sig1", ("@method", "@target-uri", "content-digest"))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sig1=?",
        "sig1=1",
        'sig1=("@method");alg="ed25519"',
        'sig1=("@method");keyid="https://local.example/other"',
        'sig1=("@method");alg="hmac-sha256"',
        'sig1=("' + "x" * 3000 + '")',
    ],
    ids=["none", "empty", "rubbish", "no-list", "other-kind", "other-key", "shared-secret", "long"],
)
def test_SIG_29_a_wish_that_does_not_fit_our_key_or_cannot_be_read_is_none(header):
    assert read_wish(header, key_id=KEY_ID) is None


def test_SIG_29_the_first_wish_that_fits_is_taken():
    header = 'a=("@method");alg="ed25519", b=("@path" "date");created;keyid;nonce="n";tag="t"'

    assert read_wish(header, key_id=KEY_ID) == Wish("b", ("@path", "date"), "n", "t")


def test_SIG_29_our_least_is_always_signed_and_what_is_unknown_is_passed_over():
    wish = Wish("theirs", ("@path", "x-unheard-of", "@status", "accept", "@method"), nonce="n1", tag="app")
    url = "https://there.example/o/1?page=2"

    headers = sign("GET", url, key_id=KEY_ID, private_key=PRIVATE, now=NOW, form="rfc9421", wish=wish)

    request = Request("GET", url, tuple(headers.items()))
    [signature] = rfc9421.parse(request)
    assert signature.label == "theirs"
    assert signature.components == (*rfc9421.GET_COMPONENTS, "@path", "accept")
    assert (signature.nonce, signature.covered.params["tag"]) == ("n1", "app")
    parsed = signatures.parse(request, hosts={"there.example"}, now=NOW)
    signatures.verify(parsed, PRIVATE.public_key(), now=NOW)


def test_SIG_29_a_delivery_takes_up_a_wish_too():
    wish = Wish("sig1", ("date",))
    headers = sign("POST", "https://there.example/inbox", b"{}", key_id=KEY_ID, private_key=PRIVATE, now=NOW,
                   form="rfc9421", also={"Date": "Sun, 01 Feb 2026 10:00:00 GMT"}, wish=wish)  # fmt: skip

    [signature] = rfc9421.parse(Request("POST", "https://there.example/inbox", tuple(headers.items()), b"{}"))

    assert signature.components == (*rfc9421.POST_COMPONENTS, "date")
