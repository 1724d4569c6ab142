"""Whether two characteristics together do more than each alone, per professional.

    contrast_j = m(both) - m(only the first) - m(only the second) + m(neither)

Panels: means of deletion residuals, pooled variance over the four kinds, against the median of the peers, as for one
characteristic. Logs: the same on residuals within comparable cases, with variances that differ between the kinds;
yes/no decisions on log odds, .5 added to all cells. All intersections are a family of their own: they are looked for
beside the tests of the report, not instead of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.two_way import TwoWay
from noiseaudit.groups.contrasts import TWO_TOGETHER, KindMoments, contrast_gaps
from noiseaudit.groups.flags import judge_gaps
from noiseaudit.groups.gaps import FEWEST_PANEL, Gaps
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.panel_gaps import Flags, panel_contrasts, shared_by_all
from noiseaudit.groups.peer_centre import FEWEST_PEERS, against_peers
from noiseaudit.groups.shown_scale import told
from noiseaudit.result.group_parts import Intersection
from noiseaudit.result.parts import Figure, Number


@dataclass(frozen=True)
class Crossing:
    """Two characteristics (name, value) and the gaps of their contrast. materiality: in the unit of the decision.

    contrast: of all together where the caller knows it, or why it is not identified (in a panel everybody decides the
    same cases); None: the median over the professionals tested.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    gaps: Gaps
    materiality: float
    contrast: Number | None = None


def kinds_of(first: Flags, second: Flags) -> Codes:
    """(N,) 0 both, 1 only the first, 2 only the second, 3 neither: the columns of `TWO_TOGETHER`."""
    return 3 - 2 * first.astype(np.intp) - second.astype(np.intp)


def panel_crossing(
    fit: TwoWay, first: Flags, second: Flags, *, by_cell: bool, known: Flags | None = None, fewest: int = FEWEST_PANEL
) -> Gaps:
    """Gaps in the contrast of two (N,) flags on cells of a fit of numbers (K = 1); by_cell: one is a relation."""
    kind = kinds_of(first, second)
    if known is not None:
        kind = np.where(known, kind, -1)
    shared = None
    if by_cell:
        columns = np.column_stack([first & second, first, second])
        shared = shared_by_all(fit, columns, known=known)
    return panel_contrasts(fit, kind, TWO_TOGETHER, shared=shared, fewest=fewest)


def log_crossing(moments: KindMoments, *, judge: Codes, fewest: int = FEWEST_PANEL) -> Gaps:
    """Gaps in the contrast of (J, 4) moments of residuals in a log of numbers; kinds: both, first, second, neither."""
    return contrast_gaps(moments, TWO_TOGETHER, judge=judge, fewest=fewest, peers_in="means", equal_variances=False)


def share_crossing(n: Floats, positive: Floats, *, judge: Codes, fewest: int = FEWEST_PANEL) -> Gaps:
    """The same for yes/no decisions, on log odds: (J, 4) decisions and those that are 1.

    se_j^2 = sum of the eight reciprocals of the counts, .5 added to each (Woolf; Haldane); normal.
    """
    J = len(n)
    tested = np.asarray((n >= max(1, fewest)).all(axis=1))
    if tested.sum() <= FEWEST_PEERS:
        tested = np.zeros(J, dtype=bool)
    own, own_se, gap, se, p = np.full((5, J), np.nan)
    yes, no = positive[tested] + 0.5, (n - positive)[tested] + 0.5
    df = np.full(J, np.inf)
    if tested.any():
        own[tested] = np.log(yes / no) @ np.asarray(TWO_TOGETHER)
        own_se[tested] = np.sqrt((1 / yes + 1 / no).sum(axis=1))
        result = against_peers(own[tested], own_se[tested], df=df[tested], peers_in="means")
        gap[tested], se[tested], p[tested] = result.gap, result.se, result.p
    base = float(positive[:, 0].sum() / max(1.0, n[:, 0].sum()))
    return Gaps(
        scale="log_odds",
        judge=judge,
        n_in=n[:, 0],
        n_out=n[:, 1:].sum(axis=1),
        own=own,
        own_se=own_se,
        gap=gap,
        se=se,
        p=p,
        df=df,
        tested=tested,
        base=np.full(J, base),
    )


def intersections_of(
    crossings: Sequence[Crossing], judges: Sequence[str], *, fdr: float = 0.05, confidence: float = 0.95
) -> tuple[Intersection, ...]:
    """Flags of all crossings as one family; judges: labels under the codes of the gaps."""
    q = q_values(np.concatenate([each.gaps.p for each in crossings])) if crossings else np.zeros(0)
    level = 0.05 / max(1, int(np.isfinite(q).sum())) * max(1, int((q <= fdr).sum()))
    found, begin = [], 0
    for each in crossings:
        verdict = judge_gaps(
            each.gaps,
            q[begin : begin + len(each.gaps)],
            materiality=each.materiality,
            fdr=fdr,
            level=level,
            confidence=confidence,
            fewest=0,
        )
        begin += len(each.gaps)
        tested = each.gaps.tested
        found.append(
            Intersection(
                first=each.first,
                second=each.second,
                contrast=_median_contrast(each.gaps, confidence) if each.contrast is None else each.contrast,
                tests=int(tested.sum()),
                too_few=int((~tested).sum()),
                flags=int(verdict.flag.sum()),
                judges=verdict.people(judges),
            )
        )
    return tuple(found)


def _median_contrast(gaps: Gaps, confidence: float) -> Number:
    """Median over the tested of their own contrast, with the interval of a median from order statistics."""
    from scipy import stats

    own = np.sort(gaps.own[gaps.tested])
    if not len(own):
        return NotIdentified.of("too_few_tested")
    base = gaps.base[gaps.tested]
    value = float(told(np.array([np.median(own)]), base[:1], gaps.scale)[0])
    below = int(stats.binom.ppf((1 - confidence) / 2, len(own), 0.5))  # so many may lie below the lower limit
    if below < 1:
        return Figure(value, interval_reason="too_few_tested")
    limits = told(own[[below - 1, len(own) - below]], base[:2], gaps.scale)
    return Figure(value, interval=(float(limits[0]), float(limits[1])))
