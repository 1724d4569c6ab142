"""Who deviates: all tests of a report in one family, and what is told of each professional.

    flag  iff  q <= fdr  and  |shrunken gap| >= materiality  and  the gaps differ more than chance (Qs, 5 %)
    smallest detectable = max( materiality, (t_{1 - a/2} + .842) se ),  a = .05/tests * max(1, tests with q <= fdr)

What has a small q but lacks the heterogeneity, or few professionals, is for review: a reason to look, not a flag. .842:
power of 80 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import normal_quantile, t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.gaps import Gaps, SharedFigure
from noiseaudit.groups.heterogeneity import Heterogeneity, heterogeneity_of, shrink_gaps
from noiseaudit.groups.multiplicity import promising, q_values
from noiseaudit.groups.own_differences import OwnDifferences
from noiseaudit.groups.sensitivity import gap_sensitivity
from noiseaudit.groups.shown_scale import told
from noiseaudit.result.group_parts import GroupGaps, GroupNote, JudgeGap
from noiseaudit.result.parts import Figure, Number

MATERIAL_SHARE = 0.05  # yes/no decisions: the smallest gap that is worth a flag, as a difference of shares
MATERIAL_NOISE = 0.2  # numbers: the same, as a share of the SD of system noise
_POWER = 0.842
_REAL = 0.05
_FEWEST_OWN_GROUP = 8


@dataclass(frozen=True)
class Examined:
    """One value of a characteristic or one relation, measured: what the family of tests is made of.

    group or relation: of the two names the other is None. systemic, raw: gaps of all together. cases, decisions: in the
    group. materiality: in the unit of the decision, for yes/no a difference of shares. own_group: the flag differs
    between the professionals of a case; with fewer than eight tested all is then for review. same_cases: a case's
    characteristic where everybody decided every case. strongest: name and effect of the strongest feature.
    differences: own differences of a relation, where they can be told; their q are of a family of their own.
    """

    group: str | None
    relation: str | None
    value: str
    gaps: Gaps
    systemic: Number
    raw: Number
    cases: int
    decisions: int
    materiality: float
    own_group: bool = False
    same_cases: bool = False
    strongest: tuple[str, float] | None = None
    differences: OwnDifferences | None = None


@dataclass(frozen=True)
class Flagged:
    """What the result holds of groups, in the order given; family: tests in it."""

    groups: tuple[GroupGaps, ...]
    notes: tuple[GroupNote, ...]
    family: int


def flag_gaps(
    examined: Sequence[Examined], judges: Sequence[str], *, fdr: float = 0.05, confidence: float = 0.95
) -> Flagged:
    """Flags of everything examined, as one Benjamini-Hochberg family. judges: labels under the codes of the gaps.

    Exact tests whose margins allow no small p are too few to say, and stay out of the family: what they could show is
    known before anybody looks at them.
    """
    p, least = (
        np.concatenate([np.zeros(0), *parts])
        for parts in ([each.gaps.p for each in examined], [_least_p(each.gaps) for each in examined])
    )
    q = q_values(np.where(promising(least, at=fdr), p, np.nan))
    family, small = int(np.isfinite(q).sum()), int((q <= fdr).sum())
    level = 0.05 / max(1, family) * max(1, small)
    groups, notes = [], []
    others = _difference_q([each.differences for each in examined])
    each_q = np.split(q, np.cumsum([len(each.gaps) for each in examined])[:-1]) if examined else []
    for each, difference_q, own in zip(examined, others, each_q, strict=True):
        verdict = judge_gaps(
            replace(each.gaps, p=np.where(np.isfinite(own), each.gaps.p, np.nan)),
            own,
            materiality=each.materiality,
            fdr=fdr,
            level=level,
            confidence=confidence,
            fewest=_FEWEST_OWN_GROUP if each.own_group else 0,
        )
        group, note = _group(each, verdict, judges), _note(each, verdict, confidence)
        if each.differences is not None:
            real = verdict.real or _leaves_out_0(each.systemic)
            group, note = _with_differences(
                group, note, each.differences, codes=each.gaps.judge, q=difference_q, fdr=fdr,
                least=each.materiality if real else math.inf,
                confidence=confidence,
            )  # fmt: skip
        groups.append(group)
        notes.append(note)
    return Flagged(tuple(groups), tuple(notes), family)


@dataclass(frozen=True)
class Verdict:
    """(J,) arrays in the unit in which gaps are told, NaN where not tested; because: codes or None."""

    gaps: Gaps
    heterogeneity: Heterogeneity | NotIdentified
    q: Floats
    gap: Floats
    shrunk: Floats
    low: Floats
    high: Floats
    detectable: Floats
    flag: npt.NDArray[np.bool_]
    review: npt.NDArray[np.bool_]
    because: npt.NDArray[np.object_]
    real: bool

    @property
    def tested(self) -> npt.NDArray[np.bool_]:
        """(J,) who is in the family."""
        return np.isfinite(self.q)

    def people(self, judges: Sequence[str]) -> tuple[JudgeGap, ...]:
        """One line a professional."""
        flag = [one if known else None for one, known in zip(self.flag.tolist(), self.tested.tolist(), strict=True)]
        interval = [
            pair if pair[0] is not None else None for pair in zip(_plain(self.low), _plain(self.high), strict=True)
        ]
        columns = zip(
            [judges[code] for code in self.gaps.judge.tolist()],
            self.gaps.n_in.astype(int).tolist(),
            self.gaps.n_out.astype(int).tolist(),
            _plain(self.gap),
            _plain(self.shrunk),
            interval,
            _plain(self.gaps.p),
            _plain(self.q),
            flag,
            _plain(self.detectable),
            self.because.tolist(),
            strict=True,
        )
        return tuple(JudgeGap(*column) for column in columns)


def judge_gaps(
    gaps: Gaps, q: Floats, *, materiality: float, fdr: float, level: float, confidence: float, fewest: int
) -> Verdict:
    """Flags of one set of gaps from their q-values. level: of the two-sided test that a smallest gap is counted for.

    fewest: professionals tested below which all is for review.
    """
    spread = heterogeneity_of(gaps, confidence=confidence)
    tau2, real = (spread.tau2, spread.p < _REAL) if isinstance(spread, Heterogeneity) else (0.0, False)
    shrunk, sd = shrink_gaps(gaps, tau2)
    z = float(normal_quantile(0.5 + confidence / 2))
    low, high, shrunk = (told(value, gaps.base, gaps.scale) for value in (shrunk - z * sd, shrunk + z * sd, shrunk))
    reach = (t_quantile(1 - level / 2, gaps.df) + _POWER) * gaps.se
    detectable = np.maximum(told(reach, gaps.base, gaps.scale), materiality)
    tested = np.isfinite(q)
    small_q = tested & (q <= fdr)
    enough = real and int(gaps.tested.sum()) >= fewest
    review = small_q & (not enough)
    flag = small_q & enough & (np.abs(shrunk) >= materiality)
    because = np.full(len(gaps), None, dtype=object)
    because[small_q & ~flag] = "small"
    because[review] = "for_review"
    because[~tested] = "too_few"
    return Verdict(
        gaps=gaps,
        heterogeneity=spread,
        q=q,
        gap=told(gaps.gap, gaps.base, gaps.scale),
        shrunk=shrunk,
        low=low,
        high=high,
        detectable=np.where(tested, detectable, np.nan),
        flag=flag,
        review=review,
        because=because,
        real=real,
    )


def _least_p(gaps: Gaps) -> Floats:
    """(J,) smallest p that a test can give: 0 for continuous tests, NaN where not tested."""
    least = np.zeros(len(gaps)) if gaps.attainable is None else gaps.attainable
    return np.where(np.isfinite(gaps.p), least, np.nan)


def _group(each: Examined, verdict: Verdict, judges: Sequence[str]) -> GroupGaps:
    tested, spread = verdict.tested, verdict.heterogeneity
    return GroupGaps(
        group=each.group,
        relation=each.relation,
        value=each.value,
        systemic_gap=_plain_gap(each.systemic),
        raw_gap=_plain_gap(each.raw),
        heterogeneity=spread.component if isinstance(spread, Heterogeneity) else spread,
        tests=int(tested.sum()),
        too_few=int((~tested).sum()),
        judges=verdict.people(judges),
    )


def _note(each: Examined, verdict: Verdict, confidence: float) -> GroupNote:
    gaps, spread = each.gaps, verdict.heterogeneity
    flagged = np.flatnonzero(verdict.flag)
    clearest = int(flagged[np.argmax(np.abs(gaps.gap / gaps.se)[flagged])]) if len(flagged) else None
    unflagged = verdict.detectable[verdict.tested & ~verdict.flag]
    return GroupNote(
        scale=gaps.scale,
        cases=each.cases,
        decisions=each.decisions,
        materiality=each.materiality,
        flags=len(flagged),
        review=int(verdict.review.sum()),
        heterogeneity_p=spread.p if isinstance(spread, Heterogeneity) else None,
        smallest_detectable=float(np.median(unflagged)) if len(unflagged) else None,
        sensitivity=gap_sensitivity(
            gaps, clearest, confidence=confidence, same_cases=each.same_cases, strongest=each.strongest
        ),
        higher=int((verdict.flag & (verdict.shrunk > 0)).sum()),
        systemic_df=each.systemic.df if isinstance(each.systemic, SharedFigure) else None,
    )


def _plain_gap(gap: Number) -> Number:
    return gap.plain() if isinstance(gap, SharedFigure) else gap


def _difference_q(differences: Sequence[OwnDifferences | None]) -> list[Floats]:
    """q-values of the own differences of all relations, as one family; empty where there are none."""
    if not differences:
        return []
    p = [np.zeros(0) if each is None else each.p for each in differences]
    return np.split(q_values(np.concatenate(p)), np.cumsum([len(part) for part in p])[:-1])


def _with_differences(
    group: GroupGaps,
    note: GroupNote,
    found: OwnDifferences,
    *,
    codes: Codes,
    q: Floats,
    fdr: float,
    least: float,
    confidence: float,
) -> tuple[GroupGaps, GroupNote]:
    """least: smallest own difference that counts as clear."""
    reach = t_quantile(0.5 + confidence / 2, found.df) * found.se
    columns = [_plain(part) for part in (found.value, found.value - reach, found.value + reach, q)]
    people = []
    for gap, code in zip(group.judges, codes.tolist(), strict=True):
        value, low, high, chance = (column[code] for column in columns)
        limits = None if low is None or high is None else (low, high)
        people.append(replace(gap, difference=value, difference_interval=limits, difference_q=chance))
    clear = int(((q <= fdr) & (np.abs(found.value) >= least)).sum())
    note = replace(note, differences=int(np.isfinite(q).sum()), clear_differences=clear)
    return replace(group, judges=tuple(people)), note


def _leaves_out_0(gap: Number) -> bool:
    return isinstance(gap, Figure) and gap.interval is not None and not gap.interval[0] <= 0 <= gap.interval[1]


def _plain(values: Floats) -> list[float | None]:
    """Numbers, None where there is none."""
    return [value if known else None for value, known in zip(values.tolist(), np.isfinite(values), strict=True)]
