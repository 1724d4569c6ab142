"""AuditResult: what an audit found. Every face reads this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noiseaudit.errors import NotIdentified
from noiseaudit.result.group_parts import GroupGaps
from noiseaudit.result.parts import (
    Accuracy,
    Audience,
    Book,
    CaseTable,
    DesignSummary,
    Finding,
    Input,
    Judge,
    Lottery,
    Noise,
)
from noiseaudit.result.supplement import Supplement

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class AuditResult:
    """What an audit found. Frozen; read by tables, charts, report, checks."""

    input: Input
    design: DesignSummary
    noise: Noise
    book: Book | NotIdentified
    lottery: Lottery
    accuracy: Accuracy | NotIdentified
    judges: tuple[Judge, ...]
    groups: tuple[GroupGaps, ...]
    findings: tuple[Finding, ...]
    supplement: Supplement
    settings: Mapping[str, Any]
    tool_version: str
    cases: CaseTable | None = field(default=None, compare=False)

    def to_dict(self, audience: Audience = "public", *, key: bytes | None = None) -> dict[str, Any]:
        """JSON-ready data after the contract `noiseaudit/result` 1.0. `public` holds nothing about persons.

        `team` names professionals by code: P01, P02 … or, with a `key`, codes that stay the same in every audit.
        """
        from noiseaudit.result.exchange import to_dict

        return to_dict(self, audience, key=key)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AuditResult:
        """The result that `to_dict` wrote; CallError for another schema."""
        from noiseaudit.result.exchange import from_dict

        return from_dict(data)

    def to_frame(self, table: str = "noise") -> pd.DataFrame:
        """One of the tables `noise`, `judges`, `groups`, `findings`, `cases` as a pandas frame, for the analyst."""
        from noiseaudit.result.frames import frame

        return frame(self, table)

    def __repr__(self) -> str:
        from noiseaudit.result.frames import one_line

        return one_line(self)
