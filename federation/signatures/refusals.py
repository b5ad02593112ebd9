"""Why a signature, a digest, a key or a proof is not believed."""

from federation.errors import ProtocolError


class SignatureRefused(ProtocolError):
    """The request's signature is not accepted."""

    code = "signature_refused"
    status = 401


class SignatureMissing(SignatureRefused):
    """The request is not signed."""

    code = "signature_missing"


class SignatureMalformed(SignatureRefused):
    """The signature header cannot be read."""

    code = "signature_malformed"
    status = 400


class HeaderRepeated(SignatureRefused):
    """A header that must be there once was sent more than once."""

    code = "header_repeated"
    status = 400


class CoverageTooSmall(SignatureRefused):
    """The signature leaves out a part of the request that it must cover."""

    code = "coverage_too_small"


class AlgorithmRefused(SignatureRefused):
    """The signature's algorithm is not supported or does not fit the key."""

    code = "algorithm_refused"


class DigestRefused(SignatureRefused):
    """The digest is missing, not supported or does not match the body."""

    code = "digest_refused"


class TimeRefused(SignatureRefused):
    """The signature is too old, too new, expired or carries no readable time."""

    code = "time_refused"


class HostRefused(SignatureRefused):
    """The request was signed for another host."""

    code = "host_refused"


class BadSignature(SignatureRefused):
    """The signature does not match the request and the key."""

    code = "bad_signature"


class BadKey(ProtocolError):
    """The key cannot be read or its size or kind is not accepted."""

    code = "bad_key"


class BadProof(ProtocolError):
    """The integrity proof does not hold."""

    code = "bad_proof"
    status = 401
