"""The named refusals, each with a code, and the value that says "cannot be known from these data"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

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
class Problem:
    """One thing that is wrong in the data: what was found, where, and how to mend it.

    `rows` are 1-based rows of the file (the header row counts), at most the first 20; `total` counts all.
    """

    code: str
    what: str
    do: str
    column: str | None = None
    rows: tuple[int, ...] = ()
    total: int = 0

    def __str__(self) -> str:
        where = f", column {self.column!r}" if self.column is not None else ""
        if self.rows:
            shown = ", ".join(str(r) for r in self.rows)
            more = f" and {self.total - len(self.rows)} more" if self.total > len(self.rows) else ""
            where += f", file row{'s' if len(self.rows) > 1 else ''} {shown}{more}"
        return f"{self.code}{where}: {self.what} {self.do}"


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
