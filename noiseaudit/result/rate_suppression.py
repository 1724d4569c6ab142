"""Rates by group in a file: which of them rest on too few cases of a truth, or give such a count away.

Overall error and bias are told, and so is the share of 1 of each group that is shown. Then, summed over the groups
whose error rates are hidden, the false positives FP and false negatives FN follow, and of one of them, with y decisions
of 1 and z of 0, its cases whose truth is 0 are z + fp - fn with

    max(0, FP - sum of the others' y) <= fp <= min(FP, y),    max(0, FN - sum of the others' z) <= fn <= min(FN, z)

and nothing more (Frechet bounds), so where errors are few more is hidden until this leaves room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from noiseaudit.errors import NotIdentified
from noiseaudit.result.complement import Counts, Flags, hidden_parts
from noiseaudit.result.group_parts import Fairness, GroupRates, GroupsAudit
from noiseaudit.result.parts import Figure, Number
from noiseaudit.result.thresholds import Limits

Value = tuple[str, str]  # of a characteristic


def gone(
    counts: Sequence[tuple[int | None, ...]],
    limits: Limits,
    already: Flags,
    *,
    rest: float = 0.0,
    sums: Counts | None = None,
) -> Flags:
    """Parts to hide: those of which a count is small or that are hidden `already`, and complements.

    A count that is not there came hidden out of a file, which holds enough complements already. rest, sums: as in
    `hidden_parts`.
    """
    unknown = np.array([None in each for each in counts])
    parts = np.array([[n or 0 for n in each] for each in counts], dtype=np.float64)
    small = already | unknown | (parts < limits.cases).any(axis=1)
    if unknown.any() and (small == unknown).all():
        return unknown
    beside = 0.0 if unknown.any() else max(0.0, float(rest))
    return hidden_parts(parts, small, fewest=limits.cases, rest=beside, sums=None if unknown.any() else sums)


def without_small_rates(
    told: GroupsAudit, concealed: set[Value], limits: Limits
) -> tuple[tuple[GroupRates, ...], tuple[Fairness, ...]]:
    """Rates of hidden values go; so do error rates that rest on few cases, with enough others.

    Share of 1, both error rates and the counts of a value give one another: the two rates and their counts go together.
    The largest difference between values would give a hidden one that is the highest or the lowest.
    """
    rates: list[GroupRates] = []
    fairness = {each.group: each for each in told.fairness}
    nothing = NotIdentified.of("too_small_to_show")
    for name in dict.fromkeys(each.group for each in told.rates):
        own = [each for each in told.rates if each.group == name]
        already = np.array([(name, each.value) in concealed for each in own])
        whole = gone([(each.cases, each.decisions) for each in own], limits, already)
        of_truth = whole
        for counts in ([(each.truth_0, each.truth_1) for each in own], [(each.truth_known,) for each in own]):
            if any(None not in each for each in counts):
                of_truth = gone(counts, limits, of_truth)
        of_truth = _with_room(own, whole, of_truth, limits)
        rates += [_rate(*each) for each in zip(own, whole.tolist(), of_truth.tolist(), strict=True)]
        metric = fairness.get(name)
        if metric is not None and whole.any():
            metric = replace(metric, demographic_parity_difference=nothing)
        if metric is not None and of_truth.any():
            metric = replace(metric, equalized_odds_difference=nothing)
        if metric is not None:
            fairness[name] = metric
    return tuple(rates), tuple(fairness.values())


def telling_errors(rates: Sequence[GroupRates], limits: Limits) -> set[Value]:
    """Values with few cases of some truth that their share of 1 would give away, since errors are so few."""
    found: set[Value] = set()
    for name in dict.fromkeys(each.group for each in rates):
        own = [each for each in rates if each.group == name]
        truths = [(each.truth_0, each.truth_1) for each in own]
        if any(None in pair for pair in truths):
            continue
        few = np.array([min(no or 0, yes or 0) < limits.cases for no, yes in truths])
        if few.any():
            every = np.ones(len(own), dtype=bool)
            narrow = few & (_room(own, every) < limits.cases)
            found |= {(name, each.value) for each, is_narrow in zip(own, narrow, strict=True) if is_narrow}
    return found


def truths_of(rates: Sequence[GroupRates], values: Sequence[tuple[str | None, str]], limits: Limits) -> Counts | None:
    """(V, 2) cases of each truth of the values, None where they are not known; rare truths are left out.

    Of a truth that hardly any case has, everybody knows that hardly any case of a group has it.
    """
    known = {(each.group, each.value): (each.truth_0, each.truth_1) for each in rates}
    found = [known.get((name or "", value), (None, None)) for name, value in values]
    if any(None in pair for pair in found):
        return None
    counts = np.array(found, dtype=np.float64)
    return counts[:, counts.sum(axis=0) >= 2 * limits.cases + len(values)]


def _with_room(own: list[GroupRates], whole: Flags, hidden: Flags, limits: Limits) -> Flags:
    """More error rates hidden, those of the smallest values first, until what is told leaves room for each count."""
    hidden = hidden.copy()
    if any(None in (each.truth_0, each.truth_1, each.cases) for each in own):
        return hidden
    while hidden.any() and not hidden.all():
        if (_room(own, hidden)[hidden & ~whole] >= limits.cases).all():
            break
        shown = np.flatnonzero(~hidden)
        hidden[shown[np.argmin([own[k].cases or 0 for k in shown])]] = True
    return hidden


def _room(own: list[GroupRates], hidden: Flags) -> Counts:
    """(V,) how many cases of a truth a value may have more or less, from what is told beside the hidden error rates."""
    truth = np.array([(each.truth_0 or 0, each.truth_1 or 0) for each in own], dtype=np.float64)
    per_case = np.array([(each.decisions or 0) / max(1, each.cases or 0) for each in own])
    n = truth.sum(axis=1) * per_case
    wrong = np.array([(_of(each.false_positive), _of(each.false_negative)) for each in own]) * truth * per_case[:, None]
    yes = np.array([_of(each.selection) for each in own]) * n
    room: Counts = np.zeros(len(own))
    for errors, most in ((wrong[:, 0], yes), (wrong[:, 1], n - yes)):
        together, others = errors[hidden].sum(), most[hidden].sum() - most
        room += np.minimum(together, most) - np.maximum(0.0, together - others)
    return np.asarray(room / np.maximum(per_case, 1.0), dtype=np.float64)


def _of(number: Number) -> float:
    return number.value if isinstance(number, Figure) else 0.0


def _rate(rates: GroupRates, whole: bool, of_truth: bool) -> GroupRates:
    nothing = NotIdentified.of("too_small_to_show")
    if whole:
        rates = replace(rates, cases=None, decisions=None, selection=nothing)
    if whole or of_truth:
        rates = replace(
            rates, false_positive=nothing, false_negative=nothing, error=nothing,
            truth_0=None, truth_1=None, truth_known=None,
        )  # fmt: skip
    return rates
