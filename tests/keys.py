"""Key pairs of tests: making one takes long, so they are made once in a session, when they are wanted."""

import functools
from typing import Any

from federation.signatures.keys import generate_rsa


@functools.cache
def rsa(number: int = 0) -> Any:
    """An RSA key pair by number; who does not care which takes the first."""
    return generate_rsa()
