"""Ports that stay the same for a whole session, so that a database made once can name the addresses in it."""

import functools
import socket

_FIRST, _LAST = 20_000, 32_000  # below what systems hand out by themselves
_BLOCK = 10
_claims: list[socket.socket] = []


@functools.cache
def port(name: str) -> int:
    """The port of a server of that name: no other session of this machine has it, nobody listens on it yet."""
    number = _block() + 1 + port.cache_info().currsize
    if number >= _block() + _BLOCK:
        raise RuntimeError(f"a session has {_BLOCK - 1} ports, {name} is one too many")
    return number


@functools.cache
def _block() -> int:
    """The first of some ports in a row; it is held as long as the session lives, and so claims those after it."""
    for number in range(_FIRST, _LAST, _BLOCK):
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", number))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return number
    raise RuntimeError(f"no port between {_FIRST} and {_LAST} is free")


def listening(at: int = 0) -> tuple[socket.socket, int]:
    """A socket on this machine at a port, or at any, and its port."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was said to the last one may linger
    opened.bind(("127.0.0.1", at))
    return opened, opened.getsockname()[1]
