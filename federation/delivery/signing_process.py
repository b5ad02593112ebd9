"""The process that does nothing but sign with RSA; `signing` starts it, by its path, and tells it what to do.

On its standard input come frames of a number, a length, and so many bytes. With an odd number it is a private key, to
be known under the even number before it; with an even number it is what that key is to sign. Each signature goes to
standard output with its length before it, in order. It writes no file, leaves no picture of its memory, and ends with
its input: so also when whoever started it ends.
"""

import resource
import signal
import struct
import sys
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

REQUEST = struct.Struct("!II")
ANSWER = struct.Struct("!H")


def work(asked: BinaryIO, said: BinaryIO) -> None:
    """Sign until nothing more is asked."""
    keys: dict[int, RSAPrivateKey] = {}
    padding, digest = PKCS1v15(), SHA256()
    while len(head := asked.read(REQUEST.size)) == REQUEST.size:
        number, length = REQUEST.unpack(head)
        data = asked.read(length)
        if len(data) < length:
            return
        if number & 1:
            key = load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
            if isinstance(key, RSAPrivateKey):
                keys[number - 1] = key
            continue
        signature = keys[number].sign(data, padding, digest)
        said.write(ANSWER.pack(len(signature)) + signature)
        said.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt at the terminal goes to all: ours comes by the input
    work(sys.stdin.buffer, sys.stdout.buffer)
