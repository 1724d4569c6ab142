"""Codes for professionals in files for a team: keyed HMAC, or P01, P02 … in order of first appearance.

    code = "P-" + base32(HMAC-SHA256(key, label))[:8]      40 bits; longer where two of this audit would be equal

The same key gives the same code in every audit, so a team can follow codes over time; without the key nobody
can work out a code from a name. The key stands in no output.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from pathlib import Path

from noiseaudit.errors import CallError

_LEAST_KEY = 16
_SHORTEST, _LONGEST = 8, 52


def codes(labels: Sequence[str], key: bytes | None) -> list[str]:
    """One code a label, in the order of the labels."""
    if key is None:
        width = max(2, len(str(len(labels))))
        return [f"P{place:0{width}d}" for place in range(1, len(labels) + 1)]
    digests = [
        base64.b32encode(hmac.digest(key, label.encode("utf-8"), hashlib.sha256)).decode("ascii") for label in labels
    ]
    length = next(n for n in range(_SHORTEST, _LONGEST + 1) if len({d[:n] for d in digests}) == len(set(labels)))
    return [f"P-{digest[:length]}" for digest in digests]


def read_key(path: Path, *, outputs: Iterable[Path] = ()) -> bytes:
    """The key of a key file; CallError where others may read it, it is short, or it lies beside an output."""
    if not path.is_file():
        raise CallError("no_key_file", f"there is no key file {str(path)!r}; make one with 32 random bytes, mode 0600")
    if path.stat().st_mode & 0o077:
        raise CallError("open_key_file", f"others may read the key file {str(path)!r}; run: chmod 600 on it")
    folder = path.resolve().parent
    if any(target.resolve().parent == folder for target in outputs):
        raise CallError("key_beside_output", f"the key file {str(path)!r} lies in the folder of an output; move it")
    key = path.read_bytes().strip()
    if len(key) < _LEAST_KEY:
        raise CallError("short_key", f"the key file {str(path)!r} holds fewer than {_LEAST_KEY} bytes")
    return key
