import json
from pathlib import Path

import pytest

from federation.signatures import SignatureMalformed
from federation.signatures.followers_digest import Synchronization, digest, header_value, parse_header

CASES = json.loads((Path(__file__).parents[2] / "wire/vectors/fep8fcf.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=["worked example", "nobody"])
def test_COL_9_the_digest_is_the_published_one_in_any_order(case):
    assert digest(case["partial"]) == case["digest_hex"]
    assert digest(reversed(case["partial"] * 2)) == case["digest_hex"]


def test_COL_9_the_header_is_read_and_written():
    text = CASES[0]["header"]

    read = parse_header(text)

    assert header_value(read) == text
    assert read == Synchronization(
        "https://example.org/users/1/followers",
        "https://example.org/users/1/followers_synchronization",
        CASES[0]["digest_hex"],
    )


@pytest.mark.parametrize("text", ["", "x", 'collectionId="a", url="b"', 'collectionId="a", url="b", digest="zz"'])
def test_COL_9_a_malformed_header_is_refused(text):
    with pytest.raises(SignatureMalformed):
        parse_header(text)
