import json
from pathlib import Path

import pytest

from federation.signatures import DigestRefused, digests

VECTORS = json.loads((Path(__file__).parents[2] / "wire/vectors/rfc9530.json").read_text())
BODY = b'{"hello": "world"}'
OTHER = digests.sha256_base64(b"other")
OURS = digests.sha256_base64(BODY)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["id"])
def test_SIG_19_published_content_digests_count_only_with_a_supported_algorithm(case):
    body = bytes.fromhex(case["input_hex"])

    if case["algorithm"] in ("sha-256", "sha-512"):
        digests.check_content_digest(case["field"], body)
        with pytest.raises(DigestRefused):
            digests.check_content_digest(case["field"], body + b" ")
    else:
        with pytest.raises(DigestRefused) as refused:
            digests.check_content_digest(case["field"], body)
        assert refused.value.facts["reason"] == "unsupported"


@pytest.mark.parametrize("case", VECTORS["legacy_digest_header"], ids=lambda case: case["header"][:7])
def test_SIG_13_published_digest_headers_match(case):
    body = case["body_text"].encode()

    digests.check_digest(case["header"], body)
    with pytest.raises(DigestRefused):
        digests.check_digest(case["header"], body[:-1])


def test_SIG_3_the_digests_we_send_are_the_published_ones():
    assert digests.digest_header(OURS) == VECTORS["legacy_digest_header"][0]["header"]
    assert digests.content_digest_header(OURS) == VECTORS["cases"][1]["field"]
    assert digests.sha256_base64(b"") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("SHA-256=", id="no value"),
        pytest.param("SHA-256", id="no equals sign"),
        pytest.param("MD5=Sd/dVLAcvNLSq16eXua5uQ==", id="only MD5"),
        pytest.param(f"SHA-256={OTHER}", id="another body"),
        pytest.param(f"SHA-256={OURS},SHA-256={OURS}", id="twice"),
        pytest.param(f"SHA-256={OURS},SHA-256={OTHER}", id="two values"),
        pytest.param(f"SHA-256={OTHER},MD5=Sd/dVLAcvNLSq16eXua5uQ==", id="wrong beside MD5"),
        pytest.param(f"SHA-256={OURS}, sha-512={OURS}", id="second one wrong"),
        pytest.param(f"SHA-256={OURS[:-1]}", id="no padding"),
        pytest.param("SHA-256=*" + OURS[1:], id="not base64"),
    ],
)
def test_R_01_a_digest_that_does_not_bind_the_body_is_refused(value):
    with pytest.raises(DigestRefused):
        digests.check_digest(value, BODY)


def test_SIG_13_an_unknown_digest_beside_a_right_one_does_no_harm():
    digests.check_digest(f"unixsum=12, SHA-256={OURS}", BODY)
    with pytest.raises(DigestRefused):
        digests.check_digest("unixsum=12", BODY)


@pytest.mark.parametrize(
    "value", ["sha-256", "sha-256=1", "sha-256=:aa:, sha-256=:aa:", "sha-256=(:aa:)", "=:aa:", "é"]
)
def test_SIG_19_a_malformed_content_digest_is_refused(value):
    with pytest.raises(DigestRefused):
        digests.check_content_digest(value, BODY)
