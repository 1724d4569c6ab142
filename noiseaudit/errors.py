"""The named refusals, each with a code, and the value that says "cannot be known from these data"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from noiseaudit.language import catalogue


class NoiseAuditError(Exception):
    """Base of everything that noiseaudit refuses.

    `code` is stable and language-free; `exit_code` is what the command line returns.
    """

    exit_code = 70

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CallError(NoiseAuditError):
    """A wrong call: an option, the config, a missing file (exit 2)."""

    exit_code = 2


@dataclass(frozen=True)
class Place:
    """Where something stands, counted from 1: the row of the file as a text editor counts, and as Excel counts.

    excel: None where the source is no sheet (a frame, Parquet, an event log). file: in a folder of files.
    column: where it differs from the problem's own (wide tables). value: only where values may be shown.
    """

    row: int
    excel: int | None = None
    file: str | None = None
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the data: what was found, where, and how to mend it.

    places: at most the first 20; `total` counts all. letter: of the column in Excel, such as `C`.
    """

    code: str
    what: str
    do: str
    column: str | None = None
    letter: str | None = None
    places: tuple[Place, ...] = ()
    total: int = 0

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows of the file at which it stands."""
        return tuple(place.row for place in self.places)

    def __str__(self) -> str:
        where = f", column {self.column!r}" if self.column is not None else ""
        if self.places:
            where += f", {self._where()}"
        shown = [place.value for place in self.places if place.value is not None]
        values = f" Values: {', '.join(map(repr, shown))}." if shown else ""
        return f"{self.code}{where}: {self.what}{values} {self.do}"

    def _where(self) -> str:
        """`file rows 2, 5 and 7 more (Excel: C2, C5)`."""
        more = f" and {self.total - len(self.places)} more" if self.total > len(self.places) else ""
        rows = [f"{p.file}: {p.row}" if p.file else f"{p.row} ({p.column})" if p.column else f"{p.row}"
                for p in self.places]  # fmt: skip
        plural = "s" if len(rows) > 1 else ""
        if any(place.excel is None for place in self.places):
            return f"data row{plural} {', '.join(rows)}{more}"
        cells = ", ".join(f"{self.letter or 'row '}{place.excel}" for place in self.places)
        return f"file row{plural} {', '.join(rows)}{more} (Excel: {cells})"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data: code, column, words, places and their number."""
        places = [{key: value for key, value in asdict(place).items() if value is not None} for place in self.places]
        return {
            "code": self.code, "column": self.column, "what": self.what, "do": self.do, "places": places,
            "total": max(self.total, len(places)),
        }  # fmt: skip


class DataError(NoiseAuditError):
    """The data cannot be used as given (exit 3). Carries every problem, not only the first."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].code, "\n".join(str(p) for p in problems))
        self.problems = tuple(problems)


class NoAnswerError(NoiseAuditError):
    """No answer is possible or allowed: too few, not separable, privacy threshold (exit 4)."""

    exit_code = 4


class NotIdentifiedError(NoiseAuditError):
    """Somebody read a number that these data do not give. Carries the reason."""

    exit_code = 4

    def __init__(self, reason: str, because: str) -> None:
        super().__init__(reason, f"not identified ({reason}): {because}")
        self.reason = reason
        self.because = because


@dataclass(frozen=True)
class NotIdentified:
    """A figure that these data cannot give, with the reason. Never 0, never NaN.

    Reading a number from it (`.sd`, `.value`, …) raises `NotIdentifiedError` with the reason.
    """

    reason: str
    because: str
    status: str = "not_identified"

    @classmethod
    def of(cls, reason: str, **values: object) -> NotIdentified:
        """The value for a reason code, with the catalogue's English explanation."""
        return cls(reason, catalogue("en")(f"reason.{reason}", **values))

    def __bool__(self) -> bool:
        return False

    def _refuse(self) -> NoReturn:
        raise NotIdentifiedError(self.reason, self.because)

    @property
    def variance(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def variance_interval(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def sd(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def sd_interval(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def share(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def share_interval(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def value(self) -> NoReturn:
        """Refused."""
        self._refuse()

    @property
    def interval(self) -> NoReturn:
        """Refused."""
        self._refuse()
