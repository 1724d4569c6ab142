"""Rates of rare events: exact expectations, brute force, other programs and a hand-worked example."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.rate_checks import Ratio, dispersion_of, proportion_of, rate_funnel, without_events
from noiseaudit.estimators.rate_classes import Cross, rate_level_in_classes, relative_rates, shared_noise
from noiseaudit.estimators.rates import Compared, level_variance, rate_level, times_rate, weights_of
from noiseaudit.result import Estimate, Figure


def judged(judge: np.ndarray, events: np.ndarray, exposure: np.ndarray) -> RateSums:
    return RateSums.from_rows(judge, events, exposure=exposure)


def drawn(
    *, judges: int, rate: float, variation: float, phi: float = 1.0, seed: int = 0, rows: int = 40
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """judge, events, exposure of rows: gamma rates, exposures of 1 to 8, negative binomial events with variance phi."""
    draw = np.random.default_rng(seed)
    judge = np.repeat(np.arange(judges), draw.integers(2, 2 * rows, judges))
    exposure = draw.integers(1, 9, len(judge)).astype(float)
    theta = draw.gamma(1 / variation**2, variation**2, judges) if variation else np.ones(judges)
    mean = rate * exposure * theta[judge]
    events = draw.poisson(mean) if phi == 1 else draw.poisson(draw.gamma(mean / (phi - 1), phi - 1))
    return judge, events.astype(float), exposure


def compared(events: list[float], exposure: list[float], **more: object) -> Compared:
    D, E = np.array(events, dtype=float), np.array(exposure, dtype=float)
    base = {"judge_index": np.arange(len(D)), "block": np.zeros(len(D), dtype=np.intp), "workload": E, "phi": None}
    return Compared(events=D, exposure=E, **(base | more))  # type: ignore[arg-type]


def test_by_hand() -> None:
    """D 2, 1, 6 of E 10, 10, 20: rates .2, .1, .3. w = E: mean .225, squares 10(.025^2 + .125^2) + 20(.075^2) = .275;
    noise sum D/E = .6 less sum D/W = 9/40: .375; denominator 40 - 600/40 = 25: (.275 - .375)/25 = -.004."""
    data = compared([2, 1, 6], [10, 10, 20])
    assert level_variance(data, np.array([10.0, 10.0, 20.0]), kurtosis_floor=2.0).value == pytest.approx(-0.004)
    # judge-equal: variance of .2, .1, .3 is .01; mean of D/E^2 = (.02 + .01 + .015)/3 = .015
    assert level_variance(data, np.ones(3), kurtosis_floor=2.0).value == pytest.approx(-0.005)


def test_unbiased_for_any_weights_by_summing_over_all_outcomes() -> None:
    """Three professionals, each strict or mild, and every count that Poisson makes likely: E L = Var theta."""
    E, rates = np.array([1.0, 3.0, 6.0]), (0.2, 0.8)
    sizes = (9, 13, 18)
    chances = [
        np.mean([stats.poisson.pmf(np.arange(n), e * r) for r in rates], axis=0) for n, e in zip(sizes, E, strict=True)
    ]
    for w in (np.ones(3), E, np.array([0.1, 1.0, 0.4])):
        expected = 0.0
        for counts in itertools.product(*map(range, sizes)):
            chance = math.prod(p[d] for p, d in zip(chances, counts, strict=True))
            if sum(counts):
                expected += chance * level_variance(compared(list(counts), list(E)), w, kurtosis_floor=0.0).value
        assert expected == pytest.approx(np.var(rates), rel=1e-3)


def test_left_out_values_are_those_without_the_judge() -> None:
    judge, events, exposure = drawn(judges=8, rate=0.3, variation=0.5)
    sums = judged(judge, events, exposure)
    block = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    phi = dispersion_of(sums, np.arange(8))
    data = compared(list(sums.events), list(sums.exposure), phi=phi, block=block)
    w = weights_of(data)
    found = level_variance(data, w, kurtosis_floor=2.0)
    for left in range(8):
        keep = np.arange(8) != left
        rest = compared(
            list(sums.events[keep]), list(sums.exposure[keep]), block=block[keep],
            phi=Ratio(phi.above[keep], phi.below[keep]),
        )  # fmt: skip
        assert found.left_out[left] == pytest.approx(level_variance(rest, w[keep], kurtosis_floor=2.0).value)


def test_equal_exposures_give_the_textbook_variance() -> None:
    D = np.array([3.0, 8.0, 1.0, 6.0, 2.0])
    found = rate_level(RateSums.from_rows(np.arange(5), D, exposure=np.full(5, 10.0)))
    assert found.level.variance == pytest.approx(np.var(D / 10, ddof=1) - D.mean() / 100)
    assert isinstance(found.dispersion, NotIdentified)
    assert {"dispersion_assumed"} <= {flag.code for flag in found.flags}
    assert found.proportional.reason == "one_exposure"


def test_against_the_gamma_poisson_likelihood_and_statsmodels() -> None:
    """Thousands of professionals: moments and maximum likelihood of the negative binomial find the same variation."""
    judge, events, exposure = drawn(judges=3000, rate=0.05, variation=0.6, seed=5)
    found = rate_level(judged(judge, events, exposure))
    D, E = np.bincount(judge, events), np.bincount(judge, exposure)

    def loss(parameters: np.ndarray) -> float:
        mean, omega = np.exp(parameters[0]) * E, np.exp(parameters[1])
        return -float(stats.nbinom.logpmf(D, 1 / omega, 1 / (1 + omega * mean)).sum())

    best = optimize.minimize(loss, [np.log(0.05), np.log(0.3)], method="Nelder-Mead", options={"xatol": 1e-6})
    assert found.relative.variance == pytest.approx(np.exp(best.x[1]), rel=0.05)
    assert found.mean.value == pytest.approx(np.exp(best.x[0]), rel=0.01)
    assert found.mean.interval[0] < np.exp(best.x[0]) < found.mean.interval[1]
    other = sm.NegativeBinomial(D, np.ones((3000, 1)), exposure=E).fit(disp=0)
    assert np.exp(best.x[1]) == pytest.approx(other.params[1], rel=1e-3)
    assert found.relative.sd == pytest.approx(0.6, abs=0.03)
    none = np.sum((1 + np.exp(best.x[1] + best.x[0]) * E) ** (-np.exp(-best.x[1])))
    assert found.without_events.expected == pytest.approx(none, rel=0.01)


def test_dispersion_and_proportion_of_simulated_rows() -> None:
    for phi in (1.0, 1.5):
        found = rate_level(judged(*drawn(judges=400, rate=0.1, variation=0.5, phi=phi, seed=3)))
        assert found.dispersion.value == pytest.approx(phi, abs=0.06)
        assert found.dispersion.interval[0] < phi < found.dispersion.interval[1]
        assert found.proportional.interval[0] < 1 < found.proportional.interval[1]


def test_proportion_is_one_step_of_statsmodels_poisson() -> None:
    """From beta = 1 with a level for every professional: the same step, and near the end of the iteration."""
    draw = np.random.default_rng(11)
    judge = np.repeat(np.arange(30), 60)
    exposure = draw.integers(1, 20, len(judge)).astype(float)
    level = draw.gamma(4, 0.25, 30)[judge]
    for beta in (1.0, 0.8):
        events = draw.poisson(0.4 * level * exposure**beta).astype(float)
        found = proportion_of(judged(judge, events, exposure), np.arange(30), dispersion=1.0, confidence=0.95)
        design = np.column_stack([np.eye(30)[judge], np.log(exposure)])
        model = sm.GLM(events, design, family=sm.families.Poisson(), offset=np.log(exposure))
        fitted = model.fit()
        assert found.value == pytest.approx(1 + fitted.params[-1], abs=0.01 if beta == 1 else 0.05)
        assert (found.interval[0] <= 1 <= found.interval[1]) == (beta == 1)
        rates = np.bincount(judge, events) / np.bincount(judge, exposure)
        start = np.append(np.log(rates), 0.0)
        score, information = model.score(start), -model.hessian(start)
        assert found.value == pytest.approx(1 + np.linalg.solve(information, score)[-1], rel=1e-9)


def test_dispersion_by_hand() -> None:
    """Rows y 1, 3 of e 1, 1: rate 2, squares 2, free 4 (1 - 2/4) = 2: phi 1. Rows 0, 4: squares 8, phi 4."""
    two = np.array([0, 0])
    assert dispersion_of(judged(two, np.array([1, 3]), np.ones(2)), np.array([0])).value == pytest.approx(1.0)
    assert dispersion_of(judged(two, np.array([0, 4]), np.ones(2)), np.array([0])).value == pytest.approx(4.0)


def test_sums_merge_as_if_read_together() -> None:
    judge, events, exposure = drawn(judges=6, rate=0.5, variation=0.5)
    half = np.arange(len(judge)) % 2 == 0
    whole = judged(judge, events, exposure)
    merged = judged(judge[half], events[half], exposure[half]) + judged(judge[~half], events[~half], exposure[~half])
    for name in whole.__dataclass_fields__:
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-13)
    with pytest.raises(ValueError, match="exposure more than 0"):
        RateSums(*(np.array([value]) for value in (1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)))


def test_another_unit_of_exposure_changes_only_the_unit() -> None:
    judge, events, exposure = drawn(judges=40, rate=0.2, variation=0.5)
    first, second = rate_level(judged(judge, events, exposure)), rate_level(judged(judge, events, exposure * 60))
    assert second.level.variance * 3600 == pytest.approx(first.level.variance)
    assert second.relative.variance_interval == pytest.approx(first.relative.variance_interval)
    assert second.proportional.interval == pytest.approx(first.proportional.interval)
    assert second.dispersion.value == pytest.approx(first.dispersion.value)
    order = np.random.default_rng(0).permutation(40)
    moved = rate_level(judged(order[judge], events, exposure))
    assert moved.level.variance_interval == pytest.approx(first.level.variance_interval)
    np.testing.assert_allclose(moved.judge_rate[order], first.judge_rate)


def test_without_events_for_alike_professionals_is_exact() -> None:
    """Negative binomial and binomial zeros: log phi/(phi - 1) is exact for both."""
    for phi, zero in ((1.5, stats.nbinom.pmf(0, 2 / 0.5, 1 / 1.5)), (0.8, stats.binom.pmf(0, 10, 0.2))):
        found = without_events(np.array([0.0, 1.0]), np.full(2, 2.0), dispersion=phi, variation=0.0)
        assert found.expected == pytest.approx(2 * zero)
        assert found.expected == found.expected_if_alike
        assert found.observed == 1


def test_funnel_uses_exact_tails() -> None:
    """A professional with 3 events where .5 were expected: 1.4 % by Poisson; z = 3.5 would call it one in 2,000."""
    events, expected = np.array([3.0, 0.0, 1.0]), np.full(3, 0.5)
    found = rate_funnel(events, expected, dispersion=1.0, level=0.0, rate=1.0)
    assert (found.outside_95, found.outside_998) == (1, 0)
    assert found.expected_95 == pytest.approx(3 * stats.poisson.sf(2, 0.5))
    assert rate_funnel(events, expected, dispersion=3.0, level=0.0, rate=1.0).outside_95 == 0
    far = rate_funnel(np.array([9.0, 0.0, 1.0]), expected, dispersion=1.0, level=9.0, rate=1.0)
    assert (far.outside_998, far.outside_998_overdispersed) == (1, 0)


def test_relative_rates_are_the_poisson_fit_with_a_level_for_everyone() -> None:
    draw = np.random.default_rng(4)
    judge, cls = (part.ravel() for part in np.meshgrid(np.arange(12), np.arange(5), indexing="ij"))
    exposure = draw.uniform(1, 30, 60)
    events = draw.poisson(exposure * 0.2 * draw.gamma(4, 0.25, 12)[judge] * np.array([0.3, 1, 1, 2, 4])[cls]).astype(
        float
    )
    D, E = np.bincount(cls, events), np.bincount(cls, exposure)
    y, e = np.append(events, D / D.sum()), np.append(exposure, E)
    rows = np.column_stack(
        [np.eye(13)[np.append(judge, np.full(5, 12))], np.eye(5)[np.append(cls, np.arange(5))][:, 1:]]
    )
    fitted = sm.GLM(y, rows, family=sm.families.Poisson(), offset=np.log(e)).fit(tol=1e-12, maxiter=200)
    rho = relative_rates(events, exposure, judge=judge, cls=cls)
    np.testing.assert_allclose(np.log(rho / rho[0])[1:], fitted.params[13:], atol=1e-7)


def test_moments_in_classes_by_brute_force() -> None:
    """Factors of phi and P from the dense hat matrix of the weighted two-way fit."""
    draw = np.random.default_rng(0)
    judge, cls = np.array([(j, g) for j in range(7) for g in range(4) if (j * 5 + g * 3) % 4]).T
    N, K = len(judge), 7
    E, D = draw.uniform(1, 20, N), draw.poisson(8.0, N).astype(float)
    cross = Cross(judge, cls, D, E, np.bincount(judge, E), np.zeros(K, dtype=np.intp))
    data = compared(list(cross.over_judge(D)), list(cross.over_judge(E)))
    rows = np.column_stack([np.eye(K)[judge], np.eye(4)[cls]])
    A = np.linalg.pinv(rows.T @ np.diag(E) @ rows) @ rows.T @ np.diag(E)
    left = np.eye(N) - rows @ A
    chance = np.diag(left @ np.diag(1 / E) @ left.T)
    shared = shared_noise(cross, data, in_cells=True, confidence=0.95)
    w = draw.uniform(0.2, 1, K)
    share = w / w.sum()
    contrast = (np.eye(K) - share) @ A[:K]
    by_class, by_pattern = shared.of(w)
    direct = (1 - 2 * share) / data.exposure + (share**2 / data.exposure).sum()
    np.testing.assert_allclose(by_pattern, w * np.diag(contrast @ contrast.T), atol=1e-12)
    np.testing.assert_allclose(by_class, w * (np.diag(contrast @ np.diag(1 / E) @ contrast.T) - direct), atol=1e-12)
    # the pattern from the same matrices, with the noise of a cell counted from its own events
    own, t = cross.mix[judge, cls], data.events / data.exposure
    r = data.rate.value
    q = 1 / E - 1 / data.exposure[judge] - chance
    off = D / E**2 * (1 - 2 * own) + (data.events / data.exposure**2)[judge] - r * q
    squares, factor = (D / E - t[judge]) ** 2, (left**2).sum(axis=1)
    a = E / E.max()
    for _ in range(2):
        P = (a @ squares - a @ off) / (a @ factor)
        v = max(P, 0) + r / E
        a = (v.min() / v) ** 2
    assert shared.pattern == pytest.approx((a @ squares - a @ off) / (a @ factor))


def cells(judge: np.ndarray, cls: np.ndarray, events: np.ndarray, exposure: np.ndarray) -> dict[str, object]:
    pair, inverse = np.unique(judge * 1000 + cls, return_inverse=True)
    return {"sums": judged(inverse, events, exposure), "judge": pair // 1000, "cls": pair % 1000}


def in_classes(*parts: np.ndarray):  # type: ignore[no-untyped-def]
    given = cells(*parts)
    return rate_level_in_classes(given["sums"], judge=given["judge"], cls=given["cls"])


def test_one_class_is_no_class() -> None:
    judge, events, exposure = drawn(judges=30, rate=0.2, variation=0.5)
    plain, one = rate_level(judged(judge, events, exposure)), in_classes(judge, np.zeros_like(judge), events, exposure)
    assert one.level.variance == pytest.approx(plain.level.variance)
    assert one.level.variance_interval == pytest.approx(plain.level.variance_interval)
    assert one.pattern.reason == "no_interaction_df"


def test_order_of_cells_does_not_matter() -> None:
    judge, events, exposure = drawn(judges=20, rate=0.3, variation=0.5)
    given = cells(judge, np.arange(len(judge)) % 4, events, exposure)
    first = rate_level_in_classes(given["sums"], judge=given["judge"], cls=given["cls"])
    order = np.random.default_rng(0).permutation(len(given["judge"]))
    moved = rate_level_in_classes(
        given["sums"].grouped(np.argsort(order), len(order)), judge=given["judge"][order], cls=3 - given["cls"][order]
    )
    assert moved.level.variance == pytest.approx(first.level.variance)
    assert moved.pattern.variance_interval == pytest.approx(first.pattern.variance_interval)


def test_strict_professionals_with_risky_cases() -> None:
    """Rates unadjusted differ fourfold because of cases alone; comparable ones do not differ."""
    draw = np.random.default_rng(2)
    judge = np.repeat(np.arange(40), 200)
    risky = draw.random(len(judge)) < (judge[:] % 10 + 1) / 11
    exposure = draw.integers(1, 5, len(judge)).astype(float)
    events = draw.poisson(exposure * np.where(risky, 0.4, 0.02)).astype(float)
    assert rate_level(judged(judge, events, exposure)).relative.variance_interval[0] > 0.1
    found = in_classes(judge, risky.astype(int), events, exposure)
    assert found.relative.variance_interval[0] == 0
    assert found.relative.sd < 0.1
    assert found.exposure.sum() == pytest.approx(exposure.sum())


def test_pattern_and_level_are_told_apart() -> None:
    draw = np.random.default_rng(8)
    judge, cls = np.repeat(np.arange(150), 160), np.tile(np.arange(8), 3000)
    own = draw.gamma(1 / 0.16, 0.16, (150, 8))
    exposure = draw.integers(1, 5, len(judge)).astype(float)
    events = draw.poisson(0.1 * exposure * own[judge, cls]).astype(float)
    found = in_classes(judge, cls, events, exposure)
    assert found.relative.variance_interval[0] == 0
    assert abs(found.relative.variance) < 0.02
    assert found.pattern.variance_interval[0] <= 0.16 * 0.01 <= found.pattern.variance_interval[1]
    assert found.pattern.variance / found.mean.value**2 == pytest.approx(0.16, rel=0.2)


def test_what_cannot_be_known_has_its_reason() -> None:
    one = np.zeros(20, dtype=int)
    rows = np.arange(20) % 3
    assert rate_level(judged(one, rows * 1.0, np.ones(20))).level.reason == "single_judge"
    assert rate_level(judged(rows, np.zeros(20), np.ones(20))).level.reason == "no_events"
    for found, reason in (
        (in_classes(rows, one, np.zeros(20), np.ones(20)), "no_events"),
        (in_classes(one, rows, np.ones(20), np.ones(20)), "single_judge"),
        (in_classes(rows, rows, np.ones(20), np.ones(20)), "no_shared_classes"),
    ):
        for part in (found.level, found.relative, found.pattern, found.rate, found.dispersion, found.without_events):
            assert isinstance(part, NotIdentified)
            assert part.reason == reason
    two = rate_level(judged(np.arange(20) % 2, np.arange(20) % 4 * 1.0, np.ones(20)))
    assert two.level.variance_interval is None
    assert two.level.interval_reason == "too_few_judges"


def test_one_professional_with_all_events_has_no_interval() -> None:
    judge = np.repeat(np.arange(12), 20)
    events = np.where(judge == 3, np.arange(240) % 4, 0).astype(float)
    for found in (rate_level(judged(judge, events, np.ones(240))), in_classes(judge, judge * 0, events, np.ones(240))):
        for part in (found.level, found.relative):
            assert (part.variance_interval, part.interval_reason) == (None, "one_alone")
        assert found.rate.interval_reason == "one_alone"


def test_few_pairs_of_events_hide_a_dispersion() -> None:
    """20 single events in 20 rows: up to 3.7 pairs are possible by chance, so phi may be 1 + 2 (3.7)/20."""
    judge = np.repeat(np.arange(5), 100)
    events = (np.arange(500) % 25 == 0).astype(float)
    found = rate_level(judged(judge, events, np.ones(500))).dispersion
    free = events.sum() * 0.99
    assert found.interval[1] == pytest.approx(1 + stats.chi2.ppf(0.975, 2) / free)
    many = rate_level(judged(judge, (np.arange(500) % 5 > 0).astype(float), np.ones(500))).dispersion
    assert many.interval[1] < 0.5


def test_rows_added_up_leave_pattern_unknown() -> None:
    judge, cls = np.repeat(np.arange(20), 4), np.tile(np.arange(4), 20)
    draw = np.random.default_rng(1)
    exposure = draw.integers(20, 60, 80).astype(float)
    found = in_classes(judge, cls, draw.poisson(0.2 * exposure).astype(float), exposure)
    assert found.pattern.reason == "one_row_a_class"
    assert isinstance(found.dispersion, Figure)


def test_classes_without_events_and_strangers_are_set_aside() -> None:
    draw = np.random.default_rng(6)
    judge = np.repeat(np.arange(10), 60)
    cls = np.where(judge == 9, 3, draw.integers(0, 3, 600))
    events = np.where(cls == 2, 0, draw.poisson(0.5, 600)).astype(float)
    found = in_classes(judge, cls, events, np.ones(600))
    flags = {flag.code: dict(flag.values) for flag in found.flags}
    assert flags["classes_without_events"] == {"classes": 1, "rows": int((cls == 2).sum())}
    assert flags["judges_not_compared"] == {"judges": 1, "all": 10}
    assert list(found.judge_index) == list(range(9))


def test_blocks_are_compared_within() -> None:
    """Two offices without a common class, one with ten times the events: no difference between them is counted."""
    draw = np.random.default_rng(3)
    judge = np.repeat(np.arange(24), 100)
    office = judge // 12
    cls = 2 * office + draw.integers(0, 2, 2400)
    exposure = draw.integers(1, 4, 2400).astype(float)
    events = draw.poisson(exposure * np.where(office == 1, 0.5, 0.05)).astype(float)
    found = in_classes(judge, cls, events, exposure)
    assert found.blocks == 2
    assert found.relative.sd < 0.12
    for part in (0, 1):
        kept = office == part
        alone = in_classes(judge[kept] - 12 * part, cls[kept] - 2 * part, events[kept], exposure[kept])
        assert isinstance(alone.level, Estimate)
        np.testing.assert_allclose(
            found.effect[12 * part : 12 * part + 12] / found.judge_rate[12 * part : 12 * part + 12].mean(),
            alone.effect / alone.judge_rate.mean(), atol=0.02,
        )  # fmt: skip


def test_variance_times_rate() -> None:
    """MOVER on logs by hand: factors 2 down and 3 up, and the rate exactly known or not."""
    sure = Figure(0.1, None, (0.1, 0.1))
    assert times_rate((0.5, 3.0), 1.0, rate=sure) == pytest.approx((0.005, 0.03))
    wide = Figure(0.1, None, (0.05, 0.2))
    low, high = times_rate((0.5, 3.0), 1.0, rate=wide)
    assert low == pytest.approx(0.01 * math.exp(-math.hypot(math.log(2), 2 * math.log(2))))
    assert high == pytest.approx(0.01 * math.exp(math.hypot(math.log(3), 2 * math.log(2))))
    assert times_rate((0.0, 3.0), -0.1, rate=wide) == pytest.approx((0.0, 3.0 * 0.04))
