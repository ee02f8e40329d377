"""Records that only the probe can write: each carries a digest, keyed by a secret, of everything reported so far.

The tests share the process and can find the pipe. What they write there, leave out, repeat or put in another order does
not match the digests. The secret arrives with the first request and is kept only inside a hash object.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Callable

from ..channel import Sendable, as_json
from ..digests import blake2b

TAG_BYTES = 16
_LENGTH = struct.Struct("!I")

Sign = Callable[[bytes], bytes]


def chain(secret: bytes) -> Sign:
    """What gives the digest of each next payload; both ends of the pipe have one."""
    state = blake2b(key=secret, digest_size=TAG_BYTES)
    pack = _LENGTH.pack

    def sign(payload: bytes) -> bytes:
        state.update(pack(len(payload)))
        state.update(payload)
        digest: bytes = state.digest()
        return digest

    return sign


def sealed_emit(descriptor: int, secret: bytes) -> Callable[[Sendable], None]:
    """Writes records with their digests; everything it needs is bound before the user's code is imported."""
    sign, pack, write, getpid = chain(secret), _LENGTH.pack, os.write, os.getpid
    encode = json.JSONEncoder(default=as_json).encode
    owner = getpid()

    def emit(record: Sendable) -> None:
        if getpid() != owner:
            return  # a forked child that runs on has nothing to report
        payload = encode(record if isinstance(record, dict) else as_json(record)).encode("ascii")
        rest = memoryview(pack(TAG_BYTES + len(payload)) + sign(payload) + payload)
        while rest:
            rest = rest[write(descriptor, rest) :]

    return emit
