"""Gaps: how the treatment of a group by each professional differs from that by the peers. What every test hands on.

gap_j = own contrast (in the group minus outside it) minus the contrast of the peers
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.result.group_parts import GapScale
from noiseaudit.result.parts import Figure

FEWEST_PANEL = 10  # cells in the group and outside it, for numbers in a panel
FEWEST_COUNTS = 5  # decisions in the group and outside it, in logs and for yes/no panels


NORMAL = 1e6  # degrees of freedom of an interval that rests on the normal distribution
_NOTHING = 1e-10  # of the size of the decisions: what rounding leaves where nothing varies


@dataclass(frozen=True)
class SharedFigure(Figure):
    """A gap that all professionals share; df: of Student's t in its interval."""

    df: float | None = None

    def plain(self) -> Figure:
        """The figure alone, as a result holds it."""
        return Figure(self.value, self.unit, self.interval, self.interval_reason, self.status)


def nothing_varies(reach: float, size: float) -> bool:
    """Half an interval is no more than rounding leaves of decisions of that size."""
    return not reach > _NOTHING * size


@dataclass(frozen=True)
class Gaps:
    """Of one value of a characteristic or one relation; (J,) arrays, one entry a professional with any decision.

    judge: codes of the professionals in the table they come from. n_in, n_out: cells or decisions.
    own: own contrast on `scale`, NaN where it cannot be measured; own_se: its standard error, without the peers'.
    gap: own contrast minus the peers'; se: standard error of gap, the peers' included.
    p: two-sided, NaN where not tested; df: of its t (inf for normal and exact tests).
    tested: enough cells on both sides, and enough professionals to compare with.
    base: peers' share of 1 in the group, where the scale is log odds (to tell a gap as a difference of shares), events
    per exposure for log rates; NaN for differences.
    attainable: smallest p that the test could have given, known before its outcome is; None for continuous tests.
    blocks: parts of the panel that share no cases, in each of which the tested are compared among themselves.
    """

    scale: GapScale
    judge: Codes
    n_in: Floats
    n_out: Floats
    own: Floats
    own_se: Floats
    gap: Floats
    se: Floats
    p: Floats
    df: Floats
    tested: npt.NDArray[np.bool_]
    base: Floats
    attainable: Floats | None = None
    blocks: int = 1

    def __post_init__(self) -> None:
        held = [getattr(self, name) for name in self.__dataclass_fields__ if name not in ("scale", "blocks")]
        lengths = {len(part) for part in held if part is not None}
        if len(lengths) > 1:
            raise ValueError("every array needs one entry a professional")

    def __len__(self) -> int:
        return len(self.judge)


def joined(parts: Sequence[tuple[Codes, Gaps]], *, judge: Codes) -> Gaps:
    """Gaps of separate parts of the professionals as one: (positions, gaps) of each part; judge: (J,) codes of all."""
    held: dict[str, npt.NDArray[np.generic] | None] = {}
    for name in Gaps.__dataclass_fields__:
        if name in ("scale", "judge", "blocks"):
            continue
        pieces = [getattr(gaps, name) for _, gaps in parts]
        if any(piece is None for piece in pieces):
            held[name] = None
            continue
        whole = np.empty(len(judge), dtype=pieces[0].dtype)
        for (who, _), piece in zip(parts, pieces, strict=True):
            whole[who] = piece
        held[name] = whole
    blocks = sum(bool(gaps.tested.any()) for _, gaps in parts)
    return Gaps(scale=parts[0][1].scale, judge=judge, blocks=max(blocks, 1), **held)  # type: ignore[arg-type]
