"""Results with groups of known sizes: counts are drawn, figures follow from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.result import (
    Accuracy,
    AuditResult,
    Estimate,
    Fairness,
    Figure,
    GroupGaps,
    GroupNote,
    GroupRates,
    GroupsAudit,
    Judge,
    JudgeGap,
)
from noiseaudit.result.group_parts import UNKNOWN

from ..conftest import ROLES, TOY, long

Ints = npt.NDArray[np.int64]


def figure(value: float) -> Figure:
    return Figure(value, None, (value - 0.1, value + 0.1))


@cache
def base() -> AuditResult:
    return na.audit(long(TOY), **ROLES)


@dataclass(frozen=True)
class Decided:
    """A log of yes/no decisions, one a case: judge, decision and truth (N,), and values of each characteristic."""

    judge: Ints
    decision: Ints
    truth: Ints
    value: dict[str, Ints]
    labels: dict[str, tuple[str, ...]]

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        return {
            (name, label): int((self.value[name] == k).sum())
            for name, labels in self.labels.items()
            for k, label in enumerate(labels)
        }


def drawn(seed: int, *, shares: list[list[float]], cases: int = 400, judges: int = 12) -> Decided:
    """shares: of the values of each characteristic; the last value is the unknown one where there are three or more."""
    rng = np.random.default_rng(seed)
    value, labels = {}, {}
    for k, own in enumerate(shares):
        p = np.array(own) / sum(own)
        exact = np.repeat(np.arange(len(own)), np.floor(p * cases).astype(int))
        more = rng.choice(len(own), cases - len(exact), p=p)
        value[f"c{k}"] = rng.permutation(np.concatenate([exact, more]))
        names = [f"v{i}" for i in range(len(own))]
        labels[f"c{k}"] = (*names[:-1], UNKNOWN) if len(own) > 2 else tuple(names)
    truth = rng.integers(0, 2, cases)
    decision = np.where(rng.random(cases) < 0.25, 1 - truth, truth)
    return Decided(rng.integers(0, judges, cases), decision, truth, value, labels)


def result_of(data: Decided, **settings: Any) -> AuditResult:
    """An audit result whose groups, rates and totals are those of the data."""
    cases, names = len(data.judge), [f"p{j}" for j in range(int(data.judge.max()) + 1)]
    total = np.bincount(data.judge, minlength=len(names))
    groups, notes, rates, fairness = [], [], [], []
    for name, labels in data.labels.items():
        for k, label in enumerate(labels):
            flag = data.value[name] == k
            if flag.any():
                groups.append(_group(data, name, label, flag, names, total))
                notes.append(_note(flag, groups[-1]))
                rates.append(_rates(data, name, label, flag))
        fairness.append(Fairness(name, figure(0.2), figure(0.3)))
    people = tuple(
        Judge(label, int(n), int(n), 0.0, 1.0, 0.0, (-1.0, 1.0), 0.5, 1) for label, n in zip(names, total, strict=True)
    )
    audit = GroupsAudit(tuple(notes), sum(group.tests or 0 for group in groups), 0.05, rates=tuple(rates),
                        fairness=tuple(fairness))  # fmt: skip
    found = base()
    error = data.decision - data.truth
    return replace(
        found,
        design=replace(found.design, kind="log", cases=cases, decisions=cases, cells=cases, judges=len(names)),
        judges=people,
        groups=tuple(groups),
        accuracy=Accuracy(
            figure(float((error**2).mean())),
            figure(float(error.mean())),
            Estimate(0.1, (0.0, 0.2)),
            Estimate(0.1, (0.0, 0.2)),
        ),
        supplement=replace(found.supplement, mean_decision=figure(float(data.decision.mean())), groups=audit),
        settings={**found.settings, **settings},
    )


def _group(data: Decided, name: str, label: str, flag: Any, names: list[str], total: Ints) -> GroupGaps:
    own = np.bincount(data.judge[flag], minlength=len(names))
    tested = (own >= 5) & (total - own >= 5)
    raw = float(data.decision[flag].mean() - data.decision[~flag].mean()) if not flag.all() else 0.0
    known = (0.1, 0.05, (0.0, 0.1), 0.5, 0.6, False, 0.2, None)
    unknown = (None, None, None, None, None, None, None, "too_few")
    judges = tuple(
        JudgeGap(judge, int(n), int(every - n), *(known if ok else unknown))
        for judge, n, every, ok in zip(names, own, total, tested, strict=True)
    )
    return GroupGaps(name, None, label, figure(raw), figure(raw), Estimate(0.1, (0.0, 0.2)), int(tested.sum()),
                     int((~tested).sum()), judges)  # fmt: skip


def _note(flag: Any, group: GroupGaps) -> GroupNote:
    nothing = NotIdentified.of("no_truth")
    return GroupNote(
        "difference", int(flag.sum()), int(flag.sum()), 0.05, 1 if group.tests else 0, 0, 0.1, 0.2, nothing
    )


def _rates(data: Decided, name: str, label: str, flag: Any) -> GroupRates:
    decision, truth = data.decision[flag], data.truth[flag]
    no, yes = int((truth == 0).sum()), int((truth == 1).sum())
    return GroupRates(
        name, label, len(decision), len(decision), figure(float(decision.mean())),
        figure(float(decision[truth == 0].mean())) if no else NotIdentified.of("no_truth_0"),
        figure(float(1 - decision[truth == 1].mean())) if yes else NotIdentified.of("no_truth_1"),
        NotIdentified.of("of_yes_no"), no, yes, no + yes,
    )  # fmt: skip
