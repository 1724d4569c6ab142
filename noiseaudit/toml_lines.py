"""Where every key of a TOML text stands: tomllib tells what a file says, not on which line it says it."""

from __future__ import annotations

import re
from collections.abc import Iterator

Key = tuple[str | int, ...]  # table, key, … ; a whole number is a place in a list, counted from 0

_TOKEN = re.compile(
    r"""
    (?P<skip>    [ \t]+ | \#[^\n]* )
  | (?P<text>    \"{3} (?:\\.|[^\\])*? \"{3,5} | '{3} .*? '{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
  | (?P<mark>    \n | [\[\]{}=,.] )
  | (?P<bare>    [^\s\[\]{}=,.\#"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_LETTER = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_END = ""


def key_lines(text: str) -> Iterator[tuple[Key, int]]:
    """Every key of a text that tomllib accepts (or accepts up to its end), with its line, in the order of the text.

    Tables, dotted and quoted keys, inline tables and places in lists are all keys; one that is given twice
    comes twice.
    """
    return _Scan(text).statements()


class _Scan:
    """One pass over the tokens. The grammar of valid TOML is small: headers, `key = value`, lists, inline tables."""

    def __init__(self, text: str) -> None:
        self._tokens = self._split(text)
        self._elements: dict[Key, int] = {}  # how many tables an [[array]] holds so far
        self._advance()

    @staticmethod
    def _split(text: str) -> Iterator[tuple[str, int]]:
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "skip":
                yield match[0], line
            line += match[0].count("\n")

    def _advance(self) -> None:
        self._here, self._line = next(self._tokens, (_END, 0))

    def statements(self) -> Iterator[tuple[Key, int]]:
        table: Key = ()
        while self._here != _END:
            if self._here == "\n":
                self._advance()
            elif self._here == "[":
                line = self._line
                table = self._header()
                for length in range(1, len(table) + 1):
                    yield table[:length], line
            else:
                yield from self._pair(table)

    def _header(self) -> Key:
        self._advance()
        repeated = self._here == "["
        if repeated:
            self._advance()
        table = self._inside(self._name())
        if repeated:
            place = self._elements[table] = self._elements.get(table, -1) + 1
            table = (*table, place)
        while self._here == "]":
            self._advance()
        return table

    def _inside(self, name: Key) -> Key:
        """The full key of a header: below an [[array]] it means the array's latest table."""
        full: Key = ()
        for part in name[:-1]:
            full = (*full, part)
            if full in self._elements:
                full = (*full, self._elements[full])
        return (*full, name[-1]) if name else full

    def _name(self) -> Key:
        parts: list[str | int] = []
        while self._here not in ("=", "]", "\n", _END):
            if self._here != ".":
                parts.append(_plain(self._here))
            self._advance()
        return tuple(parts)

    def _pair(self, table: Key) -> Iterator[tuple[Key, int]]:
        line = self._line
        key = (*table, *self._name())
        for length in range(len(table) + 1, len(key) + 1):  # a.b.c = 1 makes a and a.b as well
            yield key[:length], line
        self._advance()  # the equals sign
        yield from self._value(key)

    def _value(self, key: Key) -> Iterator[tuple[Key, int]]:
        if self._here == "{":
            yield from self._items(key, "}")
        elif self._here == "[":
            yield from self._items(key, "]")
        else:  # a scalar: 0.95 and 1979-05-27 07:32 are several tokens
            while self._here not in (",", "]", "}", "\n", _END):
                self._advance()

    def _items(self, key: Key, closing: str) -> Iterator[tuple[Key, int]]:
        place = 0
        self._advance()
        while self._here not in (closing, _END):
            if self._here in (",", "\n", "}"):  # a brace that closes nothing: text that is no TOML after all
                self._advance()
            elif closing == "}":
                yield from self._pair(key)
            else:
                yield (*key, place), self._line
                yield from self._value((*key, place))
                place += 1
        self._advance()


def _plain(token: str) -> str:
    """A key as tomllib gives it: without quotes, escapes resolved."""
    if token[0] == "'":
        return token[1:-1]
    if token[0] == '"':
        return _ESCAPE.sub(_character, token[1:-1])
    return token


def _character(escape: re.Match[str]) -> str:
    number, long_number, letter = escape.groups()
    code = number or long_number
    return chr(int(code, 16)) if code else _LETTER.get(letter, letter)
