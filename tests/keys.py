"""Key pairs of tests: making one takes long, so they are made once in a session, when they are wanted."""

import functools
from typing import Any

from federation.signatures.keys import generate_ed25519, generate_rsa


@functools.cache
def rsa(number: int = 0) -> Any:
    """An RSA key pair by number; who does not care which takes the first."""
    return generate_rsa()


@functools.cache
def ed25519(whose: str) -> Any:
    """The Ed25519 key pair of somebody, the same all through the session."""
    del whose
    return generate_ed25519()
