"""One file of named arrays and plain data: versioned, checksummed, replaced as a whole or not at all.

    magic (16 bytes) | length of the head (8 bytes) | head (JSON) | arrays (.npy, one by one) | sha256 (32 bytes)

The sum is of everything before it. A file is written under another name, flushed to the disk and then renamed, so that
a reader finds the old one or the new one, whatever happens on the way. Nothing in it is code: JSON, and numbers.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from noiseaudit.errors import CallError

MAGIC = b"noiseaudit store"
VERSION = 2
_SUM = hashlib.sha256().digest_size
_HEAD = len(MAGIC) + 8
_TEMPORARY = ".noiseaudit-"
_PAUSE = 0.05  # seconds between looks at a lock

Array = npt.NDArray[Any]


def write_container(path: Path, data: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Replace the file at `path`; CallError where it cannot be written, and then the old file is untouched."""
    head = json.dumps({"version": VERSION, "arrays": list(arrays), "data": data}, allow_nan=False).encode("utf-8")
    try:
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, suffix=f".{path.name}", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as raw:
                out = _Summed(raw)
                out.write(MAGIC + len(head).to_bytes(8, "little") + head)
                for array in map(np.ascontiguousarray, arrays.values()):
                    np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
                    out.write(array.reshape(-1).view(np.uint8))
                raw.write(out.sum.digest())
                raw.flush()
                os.fsync(raw.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _settle(path.parent)
    except OSError as error:
        raise CallError("cannot_write", f"cannot write the store {str(path)!r}: {error.strerror}") from None


def read_container(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """(data, arrays) of a store; CallError where it is no store, damaged, cut short, or of another version."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CallError("no_such_store", f"cannot read the store {str(path)!r}: {error.strerror}") from None
    if not raw.startswith(MAGIC):
        raise CallError("damaged_store", f"{str(path)!r} is no store of noiseaudit; nothing was changed")
    if len(raw) < _HEAD + _SUM or hashlib.sha256(memoryview(raw)[:-_SUM]).digest() != raw[-_SUM:]:
        raise CallError(
            "damaged_store",
            f"the store {str(path)!r} is damaged or cut short: its checksum does not fit; nothing was changed. "
            "Take the copy of an earlier day, or make it anew from the exports.",
        )
    length = int.from_bytes(raw[len(MAGIC) : _HEAD], "little")
    head = json.loads(raw[_HEAD : _HEAD + length])
    if head["version"] != VERSION:
        raise CallError(
            "store_version",
            f"the store {str(path)!r} is of version {head['version']}, and this noiseaudit reads version {VERSION}; "
            "nothing was changed. Make it anew from the exports, or use the noiseaudit that wrote it.",
        )
    arrays, begin = {}, _HEAD + length
    for name in head["arrays"]:
        arrays[name], begin = _array_at(raw, begin)
    return head["data"], arrays


def _array_at(raw: bytes, begin: int) -> tuple[Array, int]:
    """The .npy that begins there, over the bytes as they are, and where it ends."""
    file = io.BytesIO(raw)  # of bytes: no copy
    file.seek(begin)
    np.lib.format.read_magic(file)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran or dtype.hasobject:
        raise ValueError("only plain arrays in order of rows are kept")
    count = math.prod(shape)
    array = np.frombuffer(raw, dtype=dtype, count=count, offset=file.tell()).reshape(shape)
    return array, file.tell() + count * dtype.itemsize


def store_path(store: str | Path) -> Path:
    """Where a store lies, links followed; CallError where there is something else, or no folder."""
    path = Path(store)
    if not path.name or path.is_dir():
        raise CallError("no_such_store", f"{str(store)!r} is a folder; give the name of a file for the store")
    try:
        path = path.resolve()
        begins = _beginning(path) if path.exists() else MAGIC
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to themselves
        why = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise CallError("no_such_store", f"cannot read the store {str(store)!r}: {why}") from None
    if begins != MAGIC:
        raise CallError("damaged_store", f"{str(store)!r} is no store of noiseaudit; nothing was changed")
    return path


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(MAGIC))


def lock_of(path: Path) -> Path:
    """The lock that lies beside a store."""
    return path.with_name(path.name + ".lock")


@contextmanager
def locked(path: Path, *, wait: float = 60.0) -> Iterator[None]:
    """Nobody else updates the store meanwhile; CallError where somebody still does after `wait` seconds.

    The lock lies beside the store and goes with the process that holds it, however that ends.
    """
    lock = lock_of(path)
    try:
        file = lock.open("a+b")
    except OSError as error:
        raise CallError("cannot_write", f"cannot write beside the store {str(path)!r}: {error.strerror}") from None
    with file:
        end = time.monotonic() + wait
        while not _take(file):
            if time.monotonic() >= end:
                raise CallError(
                    "store_busy", f"another update of the store {str(path)!r} is under way; try again when it has ended"
                )
            time.sleep(_PAUSE)
        for left in path.parent.iterdir():  # by an update that was killed: nobody writes it now
            if left.name.startswith(_TEMPORARY) and left.name.split(".", maxsplit=2)[2:] == [path.name]:
                left.unlink(missing_ok=True)
        yield


class _Summed(io.RawIOBase):
    """Writes on, and keeps the sum of what was written."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self.sum.update(piece)
        return self._out.write(piece)


def _take(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _settle(folder: Path) -> None:
    """The renaming itself reaches the disk, where folders can be flushed."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
