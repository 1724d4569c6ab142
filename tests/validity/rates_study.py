"""Bias and coverage of the figures of rates, by simulation with known truth. The table is committed:

python -m tests.validity.rates_study --out docs/validity_rates.md
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.estimators.judge_levels import shrink_levels
from noiseaudit.estimators.rate_checks import Ratio, dispersion_of, rate_funnel
from noiseaudit.estimators.rate_classes import rate_level_in_classes
from noiseaudit.estimators.rates import Compared, RateLevel, level_variance, rate_level, weights_of

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Professionals with exposures from `least` to `most`, log-uniform, in rows of 1 to `row`; rate events each.

    variation: CV of professionals' rates (law gamma or lognormal); phi: variance over mean of a row's events.
    classes: of comparable cases, their rates exp(-1) to exp(1); pattern: CV of class rates within a professional;
    assignment: random, special (Dirichlet .5) or confounded (the strict see the risky classes).
    """

    judges: int
    least: float
    most: float
    rate: float
    phi: float = 1.0
    law: str = "gamma"
    variation: float = 0.5
    classes: int = 0
    pattern: float = 0.0
    assignment: str = "random"
    row: int = 5
    runs: int = 1000

    @property
    def name(self) -> str:
        words = f"{self.judges} x {self.least:g}-{self.most:g}, rate {self.rate:g}, φ {self.phi:g}, "
        words += f"{self.law} {self.variation:g}" if self.variation else "no level"
        return words + (f", {self.classes} classes {self.assignment}, pattern {self.pattern:g}" if self.classes else "")


RARE = Rates(3000, 5, 800, 0.004, runs=200)
FEW = Rates(30, 50, 500, 0.004)
DESIGNS = [
    *(replace(RARE, phi=phi, law=law) for law in ("gamma", "lognormal") for phi in (1.0, 1.5)),
    replace(RARE, phi=1.5, variation=0.0),
    *(replace(FEW, phi=phi, law=law) for law in ("gamma", "lognormal") for phi in (1.0, 1.5)),
    replace(FEW, variation=0.0),
    *(replace(FEW, rate=0.1, phi=1.5, law=law) for law in ("gamma", "lognormal")),
    replace(FEW, rate=0.1, phi=1.5, variation=0.0),
    Rates(10, 50, 500, 0.1, phi=1.5),
    *(Rates(300, 5, 800, 0.02, phi=1.5, law=law) for law in ("gamma", "lognormal")),
    *(replace(FEW, rate=0.1, phi=1.5, law=law, variation=1.0) for law in ("gamma", "lognormal")),
    *(Rates(300, 5, 800, 0.02, phi=1.5, law=law, variation=1.0) for law in ("gamma", "lognormal")),
]
CLASSED = [
    replace(design, assignment=assignment)
    for assignment in ("random", "special", "confounded")
    for design in (
        Rates(30, 100, 1000, 0.05, phi=1.5, variation=0.4, classes=6, pattern=0.3, runs=500),
        Rates(30, 100, 1000, 0.05, phi=1.5, variation=0.0, classes=6, pattern=0.3, runs=500),
        Rates(200, 20, 500, 0.03, classes=8, pattern=0.4, runs=300),
        Rates(200, 20, 500, 0.03, variation=0.0, classes=8, pattern=0.4, runs=300),
        Rates(1000, 5, 300, 0.01, phi=1.3, law="lognormal", classes=20, runs=200),
    )
]


def drawn(law: str, variation: float, size: tuple[int, ...], draw: np.random.Generator) -> Array:
    """Positive effects with mean 1 and the given CV."""
    if variation == 0:
        return np.ones(size)
    if law == "gamma":
        return draw.gamma(variation**-2, variation**2, size)
    sigma = math.sqrt(math.log1p(variation**2))
    return np.asarray(np.exp(draw.normal(-(sigma**2) / 2, sigma, size)))


@dataclass(frozen=True)
class Logged:
    """Rows: judge, class, events, exposure; theta: true levels."""

    judge: npt.NDArray[np.intp]
    cls: npt.NDArray[np.intp]
    events: Array
    exposure: Array
    theta: Array


def logged(design: Rates, draw: np.random.Generator) -> Logged:
    """One simulated log."""
    J, G = design.judges, max(design.classes, 1)
    rows = np.exp(np.linspace(math.log(design.least), math.log(design.most), J)) * 2 / (1 + design.row)
    judge = np.repeat(np.arange(J), np.maximum(draw.permutation(rows).round(), 1).astype(int))
    exposure = draw.integers(1, design.row + 1, len(judge)).astype(float)
    theta = drawn(design.law, design.variation, (J,), draw)
    if design.assignment == "random":
        share = np.full((J, G), 1 / G)
    elif design.assignment == "special":
        share = draw.dirichlet(np.full(G, 0.5), J)
    else:
        rank = (theta + 1e-9 * draw.random(J)).argsort().argsort() / J
        share = np.exp(-8 * (rank[:, None] - np.arange(G) / (G - 1)) ** 2)
        share /= share.sum(axis=1, keepdims=True)
    cls = np.minimum((draw.random(len(judge))[:, None] > share.cumsum(axis=1)[judge]).sum(axis=1), G - 1)
    risk = np.exp(np.linspace(-1, 1, G)) if G > 1 else np.ones(1)
    own = theta[:, None] * drawn("gamma", design.pattern, (J, G), draw)
    mean = design.rate * exposure * (risk / risk.mean())[cls] * own[judge, cls]
    if design.phi > 1:
        mean = draw.gamma(np.maximum(mean, 1e-12) / (design.phi - 1), design.phi - 1)
    return Logged(judge, cls, draw.poisson(mean).astype(float), exposure, theta)


def estimated(log: Logged, *, classes: int) -> RateLevel:
    """As the pipeline would: cells of judge and class, or judges."""
    if not classes:
        return rate_level(RateSums.from_rows(log.judge, log.events, exposure=log.exposure))
    pair, inverse = np.unique(log.judge * classes + log.cls, return_inverse=True)
    sums = RateSums.from_rows(inverse, log.events, exposure=log.exposure)
    return rate_level_in_classes(sums, judge=pair // classes, cls=pair % classes)


def others(log: Logged) -> dict[str, float]:
    """L with other weights, and Pearson's dispersion, from the same rows."""
    sums = RateSums.from_rows(log.judge, log.events, exposure=log.exposure)
    J = len(sums)
    phi = dispersion_of(sums, np.arange(J))
    data = Compared(np.arange(J), sums.events, sums.exposure, np.zeros(J, dtype=np.intp), sums.exposure, phi)
    pearson = np.bincount(log.judge, log.events**2 / log.exposure) - sums.events**2 / sums.exposure
    classic = Ratio(pearson, (sums.rows - 1) * sums.events / sums.exposure).value
    best = weights_of(data)
    return {
        "L equal": level_variance(data, np.ones(J), kurtosis_floor=0).value,
        "L exposure": level_variance(data, weights_of(data, rounds=0), kurtosis_floor=0).value,
        "L classic": level_variance(data, np.sqrt(best), kurtosis_floor=0).value,
        "L chosen": level_variance(data, best, kurtosis_floor=0).value,
        "phi pearson": classic,
        "phi ours": phi.value,
    }


def one_run(design: Rates, run: int) -> dict[str, float] | None:
    """Every scored figure of one log: values, and 1 or 0 for an interval that holds the truth."""
    log = logged(design, np.random.default_rng((11, run, design.judges, round(1000 * design.rate))))
    found = estimated(log, classes=design.classes)
    if not found.level:
        return None
    omega, rate = design.variation**2, found.mean.value
    scored = {"relative": found.relative.variance, "none": float(found.relative.variance_interval is None)}

    def hold(name: str, interval: tuple[float, float] | None, truth: float) -> None:
        if interval is not None:
            scored[f"covers {name}"] = float(interval[0] <= truth + 1e-12 and truth <= interval[1] + 1e-12)

    hold("relative", found.relative.variance_interval, omega)
    if found.relative.variance_interval:
        low, high = found.relative.sd_interval
        scored["width"] = high - low
    if found.pattern:
        scored["pattern"] = found.pattern.variance / rate**2
        true_pattern = design.pattern**2 * (1 + omega) if design.classes else 0.0
        hold("pattern", found.pattern.variance_interval and tuple(
            limit / rate**2 for limit in found.pattern.variance_interval), true_pattern)  # fmt: skip
    if found.dispersion:
        hold("dispersion", found.dispersion.interval, design.phi)
    if found.proportional:
        hold("proportion", found.proportional.interval, 1.0)
    zeros = found.without_events
    scored["zeros"] = zeros.observed - zeros.expected
    if design.classes:
        plain = rate_level(RateSums.from_rows(log.judge, log.events, exposure=log.exposure))
        scored["unadjusted"] = plain.relative.variance if plain.relative else math.nan
        return scored
    hold("level", found.level.variance_interval, omega * design.rate**2)
    levels = shrink_levels(found.effect, found.variance, found.level.variance, level_error=found.level_error)
    low, high = levels.interval(0.95)
    true = design.rate * (log.theta - 1)
    scored["judges"] = float(((low <= true) & (true <= high)).mean())
    if found.dispersion:
        funnel = rate_funnel(
            found.events, found.expected, dispersion=found.dispersion.value, level=found.level.variance, rate=rate
        )
        scored["outside"], scored["by chance"] = funnel.outside_95, funnel.expected_95
        z = levels.level / levels.se
        scored["outside normal"] = float((np.abs(z) > 1.96).sum())
        scored |= others(log)
    return scored


def score(design: Rates) -> dict[str, tuple[float, float]]:
    """Mean and SD over the runs of every figure."""
    runs = [found for run in range(design.runs) if (found := one_run(design, run)) is not None]
    names = dict.fromkeys(name for run in runs for name in run)
    values = {name: np.array([run[name] for run in runs if name in run]) for name in names}
    return {name: (float(value.mean()), float(value.std())) for name, value in values.items()}


def table(designs: list[Rates], columns: dict[str, Callable[[Rates, dict[str, tuple[float, float]]], str]]) -> str:
    """Markdown, one row a design."""
    lines = ["| design | runs | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 2)]
    for design in designs:
        found = score(design)
        lines.append(
            f"| {design.name} | {design.runs} | " + " | ".join(c(design, found) for c in columns.values()) + " |"
        )
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def covered(name: str) -> Callable[[Rates, dict[str, tuple[float, float]]], str]:
    return lambda _, found: f"{found[f'covers {name}'][0]:.3f}" if f"covers {name}" in found else ""


def biased(name: str) -> Callable[[Rates, dict[str, tuple[float, float]]], str]:
    def words(design: Rates, found: dict[str, tuple[float, float]]) -> str:
        truth = design.variation**2 if name == "relative" else design.pattern**2 * (1 + design.variation**2)
        if name not in found:
            return ""
        mean, sd = found[name]
        return f"{mean - truth:+.4f} ± {sd / math.sqrt(design.runs):.4f} ({truth:.3g})"

    return words


def spread(*names: str, per_rate: bool = False) -> Callable[[Rates, dict[str, tuple[float, float]]], str]:
    return lambda design, found: " / ".join(
        f"{found[name][1] / (design.rate**2 if per_rate else 1):.3f}" for name in names if name in found
    )


def mean(*names: str) -> Callable[[Rates, dict[str, tuple[float, float]]], str]:
    return lambda _, found: " / ".join(f"{found[name][0]:.3g}" for name in names if name in found)


ALONE = {
    "bias of CV² ± SE (truth)": biased("relative"),
    "CV²": covered("relative"),
    "L": covered("level"),
    "width": lambda _, found: f"{found['width'][0]:.2f}",
    "φ": covered("dispersion"),
    "β": covered("proportion"),
    "judges": lambda _, found: f"{found['judges'][0]:.3f}",
    "SD of CV²: equal / exposure / 1/v / 1/v²": spread("L equal", "L exposure", "L classic", "L chosen", per_rate=True),
    "SD of φ: Pearson / ours": spread("phi pearson", "phi ours"),
    "outside 95 %: normal / exact / by chance": mean("outside normal", "outside", "by chance"),
    "zeros": lambda _, found: f"{found['zeros'][0]:+.2f} ± {found['zeros'][1]:.2f}",
}
IN_CLASSES = {
    "bias of CV² ± SE (truth)": biased("relative"),
    "CV²": covered("relative"),
    "bias of pattern ± SE (truth)": biased("pattern"),
    "pattern": covered("pattern"),
    "φ": covered("dispersion"),
    "β": covered("proportion"),
    "CV² unadjusted": mean("unadjusted"),
}


LEGEND = """\
A design is professionals x exposures (log-uniform from least to most, in rows of 1 to 5), rate per unit of exposure,
variance over mean of the events of a row (φ), and the law and CV of professionals' rates. Nominal coverage .95. CV²:
variance of rates over their squared mean; L: variance of rates; width: mean, of the interval of the CV; β:
proportion; judges: professionals whose shrunk level's interval holds their true level. Three columns compare methods:
SD of CV² by weights (all with the same noise taken off), SD of φ, and how many lie outside 95 % limits by z, by
`rate_funnel`, and what the latter expects when all are alike. Zeros: professionals without events, observed minus
expected by the model, mean ± SD. Classes have rates from exp(-1) to exp(1); special: each professional has few of
them; confounded: the strict have the risky ones. Pattern: variance of class rates within professionals over the
squared mean."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the runs")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    def shortened(designs: list[Rates]) -> list[Rates]:
        return [replace(design, runs=max(2, round(design.runs * options.share))) for design in designs]

    alone, classed = table(shortened(DESIGNS), ALONE), table(shortened(CLASSED), IN_CLASSES)
    text = f"## One rate a professional\n\n{alone}\n\n## Classes of comparable cases\n\n{classed}\n"
    if not options.out:
        print(text)
        return
    before = options.out.read_text("utf-8") if options.out.exists() else ""
    notes = "".join(before.partition("\n## Reading")[1:])  # what is written by hand beneath the tables stays
    command = f"python -m tests.validity.rates_study --out {options.out}"
    options.out.write_text(
        f"# Bias and coverage of rates\n\nMade by `{command}`.\n\n{LEGEND}\n\n{text}{notes}", "utf-8"
    )


if __name__ == "__main__":
    main()
