"""The digest by which two servers compare who follows whom (FEP-8fcf, COL-9)."""

import hashlib
import re
from collections.abc import Iterable

from msgspec import Struct

from federation.signatures.cavage import parse_parameters
from federation.signatures.refusals import SignatureMalformed

HEADER = "Collection-Synchronization"
_HEX = re.compile(r"[0-9a-f]{64}")


class Synchronization(Struct, frozen=True):
    """What the header says: whose followers, where the part of our origin is listed, and its digest in hex."""

    collection_id: str
    url: str
    digest: str


def digest(followers: Iterable[str]) -> str:
    """XOR of the SHA-256 of each follower id, as lower-case hex; the order does not matter, each id counts once."""
    total = 0
    for follower in set(followers):
        total ^= int.from_bytes(hashlib.sha256(follower.encode("utf-8")).digest(), "big")
    return f"{total:064x}"


def header_value(synchronization: Synchronization) -> str:
    """The header's text; sign it (`also=` of `sign`)."""
    return (
        f'collectionId="{synchronization.collection_id}", url="{synchronization.url}", '
        f'digest="{synchronization.digest}"'
    )


def parse_header(value: str) -> Synchronization:
    """Read the header of a signed delivery; that it was signed and whose it is remain to be checked.

    Raises:
        SignatureMalformed: it cannot be read.
    """
    params = parse_parameters(value)
    if not {"collectionId", "url", "digest"} <= params.keys() or not _HEX.fullmatch(params["digest"]):
        raise SignatureMalformed(reason="synchronization")
    return Synchronization(params["collectionId"], params["url"], params["digest"])
