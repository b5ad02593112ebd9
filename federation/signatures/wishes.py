"""What a server wishes a signature to be like: the header `Accept-Signature` (RFC 9421 §5)."""

from msgspec import Struct

from federation.signatures.refusals import SignatureMalformed
from federation.signatures.structured import InnerList, parse_dictionary

_ALGORITHM = "rsa-v1_5-sha256"
_LONGEST = 2048


class Wish(Struct, frozen=True):
    """A signature that somebody would accept: under which label, over which components, with which words of theirs."""

    label: str
    components: tuple[str, ...]
    nonce: str | None = None
    tag: str | None = None


def read_wish(header: str | None, *, key_id: str) -> Wish | None:
    """The first wish that our RSA key can fulfil (SIG-29); None when there is none, or it cannot be read.

    Components with parameters are left out: nobody signs with them (see `rfc9421`).
    """
    if header is None or len(header) > _LONGEST:
        return None
    try:
        wishes = parse_dictionary(header)
    except SignatureMalformed:
        return None
    for label, wished in wishes.items():
        if not isinstance(wished, InnerList):
            continue
        algorithm, key = wished.params.get("alg"), wished.params.get("keyid")
        if algorithm not in (None, True, _ALGORITHM) or key not in (None, True, key_id):
            continue
        nonce, tag = wished.params.get("nonce"), wished.params.get("tag")
        return Wish(
            label,
            tuple(str(item.value) for item in wished.items if isinstance(item.value, str) and not item.params),
            nonce if isinstance(nonce, str) else None,
            tag if isinstance(tag, str) else None,
        )
    return None
