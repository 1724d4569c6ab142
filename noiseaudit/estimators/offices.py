"""Level noise between offices, and between professionals of one office.

Offices o of sizes J_o; lhat with covariance V (panel: (tr/T0) A+; log: diag(s2/n_j)):

    SSB = sum_o J_o (lbar_o - lbar)^2 ;   SSW = sum_o sum_{j in o} (lhat_j - lbar_o)^2
    L_within = [SSW - (tr V - sum_o 1'V_oo 1/J_o)]/(J - #o)
    L_office = [SSB - (#o - 1) L_within - (sum_o 1'V_oo 1/J_o - 1'V 1/J)]/(J - sum J_o^2/J) ;   L = L_office + L_within

Where judges fall into blocks that cannot be compared, lhat has mean 0 in each: every sum above is taken inside the
blocks and added over them; an office that lies in two blocks is a piece in each (#o: the pieces; #o - 1: the pieces
less the blocks). A block that holds one office tells nothing about differences between offices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.intervals import MANY_JUDGES, down_to_zero, few_judges, level_floor, log_jackknife
from noiseaudit.estimators.two_way import TwoWay, pseudo_inverse
from noiseaudit.result import Component, Interval, Offices


@dataclass(frozen=True)
class OfficeLevels:
    """Signed variances in squared decision units; None where not identified or without an interval.

    noise: vb, what judges and sampling add to L_office. left_out: L_office without each office that is compared.
    df_offices: pieces less blocks; df_judges: judges less pieces.
    """

    between: float | None
    within: float | None
    between_interval: Interval | None
    within_interval: Interval | None
    noise: float | None
    left_out: Floats | None
    offices: int
    judges: int
    df_offices: int
    df_judges: int


@dataclass(frozen=True)
class _Pieces:
    """Sums over judges of one office and block. (pieces,) each, total (pieces, K).

    size: J_o; squares: of lhat; trace: of V; own: 1'V_oo 1; row: 1'V_ob 1 with all judges of the block.
    """

    office: Codes
    block: Codes
    size: Floats
    total: Floats
    squares: Floats
    trace: Floats
    own: Floats
    row: Floats

    def within(self) -> tuple[Floats, Floats, Floats]:
        """SSW of every piece, its part that is noise, and its degrees of freedom."""
        return self.squares - (self.total**2).sum(axis=1) / self.size, self.trace - self.own / self.size, self.size - 1


@dataclass(frozen=True)
class _Blocks:
    """Sums over pieces of one block: J, sum J_o^2, #o, sum lhat (blocks, K), sum |sum lhat|^2/J_o, and of V.

    own: sum_o 1'V_oo 1/J_o; whole: 1'V 1.
    """

    size: Floats
    squared_size: Floats
    pieces: Floats
    total: Floats
    spread: Floats
    own: Floats
    whole: Floats

    @classmethod
    def of(cls, pieces: _Pieces) -> _Blocks:
        number = int(pieces.block.max()) + 1

        def over(values: Floats) -> Floats:
            return sum_by(pieces.block, values, number)

        return cls(
            size=over(pieces.size),
            squared_size=over(pieces.size**2),
            pieces=over(np.ones_like(pieces.size)),
            total=np.stack([over(column) for column in pieces.total.T], axis=1),
            spread=over((pieces.total**2).sum(axis=1) / pieces.size),
            own=over(pieces.own / pieces.size),
            whole=over(pieces.row),
        )

    def without(self, pieces: _Pieces) -> _Blocks:
        """(pieces,) the block of every piece without that piece."""
        at = pieces.block
        return _Blocks(
            size=self.size[at] - pieces.size,
            squared_size=self.squared_size[at] - pieces.size**2,
            pieces=self.pieces[at] - 1,
            total=self.total[at] - pieces.total,
            spread=self.spread[at] - (pieces.total**2).sum(axis=1) / pieces.size,
            own=self.own[at] - pieces.own / pieces.size,
            whole=self.whole[at] - 2 * pieces.row + pieces.own,
        )

    def between(self) -> Floats:
        """(blocks, 4): SSB, its part that is sampling noise, J - sum J_o^2/J, and #o - 1; 0 for an empty block."""
        some = self.size > 0
        J = np.where(some, self.size, 1.0)
        parts = (
            self.spread - (self.total**2).sum(axis=1) / J,
            self.own - self.whole / J,
            self.size - self.squared_size / J,
            self.pieces - 1,
        )
        return np.where(some[:, None], np.stack(parts, axis=1), 0.0)


def office_levels(
    effects: Floats,
    covariance: Floats,
    office: Codes,
    *,
    block: Codes | None = None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
) -> OfficeLevels:
    """L_office and L_within with their intervals.

    effects: (J,) or (J, K) levels in decision units; covariance: (J, J), or (J,) its diagonal, summed over the K
    columns; office: (J,) codes; block: (J,) codes of judges who can be compared, all of them by default.

    L_within is level noise with offices as the blocks, and has its interval: a log jackknife over judges from nine
    degrees of freedom, else chi-square. For L_office a_o is the formula without office o (its rows and columns of V
    dropped, nothing fitted again), and

        vb = [(#o - 1) L_within + sum_o 1'V_oo 1/J_o - 1'V 1/J]/(J - sum J_o^2/J)
        VN = 2/(#o - 1) (L_office+ + vb)^2 + kap/(#o - 1) L_office+^2

    a log jackknife over offices from nine degrees of freedom, else chi-square with (#o - 1)/(1 + kap/2).
    """
    names, office = np.unique(office, return_inverse=True)
    block = np.zeros(len(office), dtype=np.intp) if block is None else np.unique(block, return_inverse=True)[1]
    key, piece = np.unique(block.astype(np.int64) * len(names) + office, return_inverse=True)
    J, df_judges, df_offices = len(office), len(office) - len(key), len(key) - int(block.max()) - 1
    if df_judges < 1:
        return OfficeLevels(None, None, None, None, None, None, len(names), J, df_offices, df_judges)
    effects = effects[:, None] if effects.ndim == 1 else effects
    effects = effects - _sums(block, effects)[block] / np.bincount(block)[block, None]
    v, r, w = _covariance_sums(covariance, piece, block)
    pieces = _Pieces(
        office=(key % len(names)).astype(np.intp),
        block=(key // len(names)).astype(np.intp),
        size=np.bincount(piece).astype(np.float64),
        total=_sums(piece, effects),
        squares=_sums(piece, effects**2).sum(axis=1),
        trace=sum_by(piece, v, len(key)),
        own=sum_by(piece, r, len(key)),
        row=sum_by(piece, w, len(key)),
    )
    spread, noise, df = (float(part.sum()) for part in pieces.within())
    within = (spread - noise) / df
    without_judge, judge_noise, judge_weight = _without_each_judge(pieces, piece, effects, v, r)
    chance = few_judges(within, noise=noise / df, df=df, kurtosis_floor=0.0, confidence=confidence)
    within_interval = None
    if J > 2 and df >= MANY_JUDGES:
        floor = level_floor(within, judge_noise, df=df, kurtosis_floor=kurtosis_floor)
        within_interval = log_jackknife(
            within, without_judge, weights=judge_weight, add=0.0, floor=floor, df=df, confidence=confidence
        )
    if J > 2 and within_interval is None:
        within_interval = few_judges(
            within, noise=noise / df, df=df, kurtosis_floor=kurtosis_floor, confidence=confidence
        )
    within_interval = down_to_zero(within_interval, chance)
    if df_offices < 1:
        return OfficeLevels(None, within, None, within_interval, None, None, len(names), J, df_offices, df_judges)
    between, vb, left_out, weights = _between(pieces)
    chance = few_judges(between, noise=vb, df=df_offices, kurtosis_floor=0.0, confidence=confidence)
    interval = None
    if df_offices >= MANY_JUDGES:
        floor = level_floor(between, np.array([vb]), df=df_offices, kurtosis_floor=kurtosis_floor)
        interval = log_jackknife(
            between, left_out, weights=weights, add=0.0, floor=floor, df=df_offices, confidence=confidence
        )
    if len(left_out) > 2 and interval is None:
        interval = few_judges(between, noise=vb, df=df_offices, kurtosis_floor=kurtosis_floor, confidence=confidence)
    return OfficeLevels(
        between, within, down_to_zero(interval, chance), within_interval, vb, left_out, len(names), J, df_offices,
        df_judges,
    )  # fmt: skip


def offices_of(
    effects: Floats,
    covariance: Floats,
    office: Codes,
    *,
    block: Codes | None = None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
    without_interval: str | None = None,
) -> Offices | NotIdentified:
    """What `office_levels` finds as a part of the result; judges without an office (code below 0) are left out.

    without_interval: reason for which no interval is given.
    """
    known = office >= 0
    if known.sum() < 2:
        return NotIdentified.of("no_office")
    found = office_levels(
        effects[known],
        covariance[known] if covariance.ndim == 1 else covariance[np.ix_(known, known)],
        office[known],
        block=None if block is None else block[known],
        confidence=confidence,
        kurtosis_floor=kurtosis_floor,
    )
    between: Component = NotIdentified.of("one_judge_each_office")
    within: Component = between
    if found.within is not None:
        few = "too_few_judges" if found.judges < 3 else without_interval
        within = _estimate(found.within, found.within_interval, few)
    if found.offices < 2:
        between = NotIdentified.of("one_office")
    elif found.between is not None and found.left_out is not None:
        few = "too_few_offices" if len(found.left_out) < 3 else without_interval
        between = _estimate(found.between, found.between_interval, few)
    elif found.within is not None:
        between = NotIdentified.of("offices_not_linked")
    return Offices(found.offices, found.judges, between, within)


def offices_of_panel(
    fit: object, office: Codes, *, confidence: float = 0.95, kurtosis_floor: float = 2.0
) -> Offices | NotIdentified:
    """Offices of a panel. fit: the joint fit; office: (all judges of the cell table,) codes, below 0 where unknown.

    V = (tr/T0) A+. Other estimators give no covariance of the levels: `not_available_for_estimator`. Where judges hang
    together like a chain there is no interval: the errors of neighbours are alike, and intervals of L_within would
    hold the truth 8 times in 10.
    """
    if not isinstance(fit, TwoWay):
        return NotIdentified.of("not_available_for_estimator")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1 if fit.linked.J < 3000 else None, user_api="blas"):
        covariance = fit.tr / fit.T0 * pseudo_inverse(fit.linked)
    return offices_of(
        fit.effects,
        covariance,
        office[fit.linked.judge_index],
        block=fit.linked.block,
        confidence=confidence,
        kurtosis_floor=kurtosis_floor,
        without_interval="weak_links" if fit.weak is not None else None,
    )


def _estimate(variance: float, interval: Interval | None, reason: str | None) -> Component:
    return estimate_of(variance, None if reason else interval, reason=reason)


def _without_each_judge(
    pieces: _Pieces, piece: Codes, effects: Floats, v: Floats, r: Floats
) -> tuple[Floats, Floats, Floats]:
    """L_within without each judge who has a colleague in the piece, the noise of that judge's level, and c_j.

    SSW_(j) = SSW - |lhat_j - lbar_o|^2/c_j,  c_j = (J_o - 1)/J_o ; of V, row and column j are dropped.
    """
    spread, noise, df = (part.sum() for part in pieces.within())
    use = pieces.size[piece] > 1
    piece, effects, v, r = piece[use], effects[use], v[use], r[use]
    J, own, trace = pieces.size[piece], pieces.own[piece], pieces.trace[piece]
    distance = ((effects - pieces.total[piece] / J[:, None]) ** 2).sum(axis=1)
    left_noise = noise - (trace - own / J) + (trace - v) - (own - 2 * r + v) / (J - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (spread - distance * J / (J - 1) - left_noise) / (df - 1)
    return left_out, v - 2 * r / J + own / J**2, (J - 1) / J


def _between(pieces: _Pieces) -> tuple[float, float, Floats, Floats]:
    """L_office, vb, L_office without each office that has others to be compared with, and c_o of these offices.

    c_o = (#o - 1)/#o in the block of the office.
    """
    blocks = _Blocks.of(pieces)
    base, inside = blocks.between(), np.stack(pieces.within(), axis=1)
    change = blocks.without(pieces).between() - base[pieces.block]
    compared = blocks.pieces[pieces.block] > 1
    offices = int(pieces.office.max()) + 1

    def value(across: Floats, within: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore"):
            level = (within[..., 0] - within[..., 1]) / within[..., 2]
            vb = (across[..., 3] * level + across[..., 1]) / across[..., 2]
            return across[..., 0] / across[..., 2] - vb, vb

    between, vb = value(base.sum(axis=0), inside.sum(axis=0))
    left_out, _ = value(
        base.sum(axis=0) + _sums(pieces.office, change), inside.sum(axis=0) - _sums(pieces.office, inside)
    )
    number = np.bincount(pieces.office[compared], minlength=offices)
    share = 1 - 1 / blocks.pieces[pieces.block[compared]]
    some = number > 0
    weights = sum_by(pieces.office[compared], share, offices)[some] / number[some]
    return float(between), float(vb), left_out[some], weights


def _covariance_sums(covariance: Floats, piece: Codes, block: Codes) -> tuple[Floats, Floats, Floats]:
    """(J,) V_jj, and the sums of row j of V over the judge's piece and over the judge's block."""
    if covariance.ndim == 1:
        return covariance, covariance, covariance
    own = np.where(piece[:, None] == piece, covariance, 0.0).sum(axis=1)
    return np.diag(covariance), own, np.where(block[:, None] == block, covariance, 0.0).sum(axis=1)


def _sums(codes: Codes, values: Floats) -> Floats:
    """(codes, K) column sums of (J, K) values by code."""
    size = int(codes.max()) + 1
    return np.stack([sum_by(codes, column, size) for column in values.T], axis=1)
