"""The container of an .xls: sectors chained by a table, a directory of streams, and the records of the workbook.

Looked through before calamine opens the file, because a false count or a ring of sectors would end the process.
Damage raises ValueError or struct.error.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_SECTOR, _LAST_SECTOR = 512, 0xFFFFFFFE


def xls_records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of the records from `at` on, up to the end of that sheet."""
    kind = 0
    while kind != 0x000A:  # EOF of this sheet
        kind, length = struct.unpack_from("<2H", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def xls_book(data: bytes) -> bytes:
    """The workbook out of the file system in an .xls: sectors, a table that chains them, a directory of streams."""
    first, more, *counts = (int.from_bytes(data[at : at + 4], "little") for at in (48, 68, 40, 44, 64, 72))
    if data[30] != _SECTOR.bit_length() - 1 or max(counts) > len(data) // _SECTOR:
        raise ValueError

    def numbers(sector: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{_SECTOR // 4}I", data, (sector + 1) * _SECTOR)

    def chain(sector: int) -> bytes:
        found: list[bytes] = []
        for _ in following:
            if sector >= _LAST_SECTOR:
                return b"".join(found)
            found.append(data[(sector + 1) * _SECTOR : (sector + 2) * _SECTOR])
            sector = following[sector]
        raise ValueError  # a ring, which calamine would follow for ever

    table = list(struct.unpack_from("<109I", data, 76))
    while more < _LAST_SECTOR:
        *listed, more = numbers(more)
        table += listed
        if len(table) > len(data):
            raise ValueError
    following = [number for sector in table if sector < _LAST_SECTOR for number in numbers(sector)]
    directory = chain(first)
    entries = [directory[at : at + 128] for at in range(0, len(directory), 128)]
    where = {e[:64].decode("utf-16-le").partition("\0")[0]: struct.unpack_from("<2I", e, 116) for e in entries[::-1]}
    start, length = where.get("Workbook") or where["Book"]
    if not 4096 <= length <= len(data):  # shorter ones lie elsewhere, but Excel writes none
        raise ValueError
    return chain(start)[:length]
