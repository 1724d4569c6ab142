"""Values worked out by hand or by brute force outside the project, reached through the public interface."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.estimators.cross_products import fit_cross_products, leave_one_case_out
from noiseaudit.estimators.judge_levels import shrink_levels
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.estimators.two_way_intervals import case_part

from ..conftest import ROLES, TOY

EXACT = 1e-9


def close(value: object, expected: object, rel: float = EXACT) -> None:
    assert value == pytest.approx(expected, rel=rel, abs=1e-12)


def cells_of(data: pd.DataFrame) -> na.Cells:
    return na.Cells.from_arrays(data["case"], data["judge"], data["decision"])


def jackknife_se(values: np.ndarray) -> float:
    return float(np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))


def test_a_book(toy: pd.DataFrame) -> None:
    book = na.audit(toy, **ROLES).book
    close(book.system.variance, 3.2333333333)
    close(book.level.variance, 1.9866666667)
    close(book.pattern.variance, 1.2466666667)
    population = na.audit(toy, **ROLES, ddof=0).book
    close((population.system.variance, population.level.variance), (2.425, 1.49))


@pytest.mark.parametrize("estimator", ["auto", "fe", "wcu", "gao_owen"])
def test_a_every_moment_estimator_agrees_on_complete_data(toy: pd.DataFrame, estimator: str) -> None:
    noise = na.audit(toy, **ROLES, estimator=estimator).noise
    close(noise.level.variance, 1.675)
    close(noise.pattern.variance, 1.5583333333)
    close(noise.system.variance, 3.2333333333)


def test_a_fit(toy: pd.DataFrame) -> None:
    fit = fit_two_way(Linked.of(cells_of(toy)))
    close(fit.effects.ravel().tolist(), [-1.9, 0.3, 0.1, 1.5])
    close((fit.W, fit.H0), (18.7, 12.0))
    close(fit.spread.tolist(), [0.15] * 4)


def test_a_without_each_judge(toy: pd.DataFrame) -> None:
    fit = fit_cross_products(Linked.of(cells_of(toy)))
    close(fit.left_out_level.tolist(), [0.15, 2.65, 2.7833333333, 1.1166666667])
    close(fit.left_out_system.tolist(), [2.2666666667, 4.0, 3.7333333333, 2.9333333333])


@pytest.mark.parametrize(
    ("floor", "level", "system"),
    [
        (0.0, [0.3258753407, 27.3071020457], [1.4713659455, 29.2556135250]),
        (2.0, [0.1631725911, 226.9433619765], [1.3438853071, 228.5464250938]),
    ],
)
def test_a_intervals(toy: pd.DataFrame, floor: float, level: list[float], system: list[float]) -> None:
    noise = na.audit(toy, **ROLES, kurtosis_floor=floor).noise
    close(list(noise.level.variance_interval), level)
    close(list(noise.pattern.variance_interval), [0.4250232569, 6.0476997805])
    close(list(noise.system.variance_interval), system)


def test_b_sparse(toy_b: pd.DataFrame) -> None:
    noise = na.audit(toy_b, **ROLES).noise
    close(noise.level.variance, 1.0174706246)
    close(noise.pattern.variance, 1.6268037518)
    close(noise.system.variance, 2.6442743764)
    close(list(noise.level.variance_interval), [0.0, 163.1033553628])
    close(list(noise.pattern.variance_interval), [0.3629092869, 7.8227660132])
    close(list(noise.system.variance_interval), [1.0217221615, 164.8485405956])
    fit = fit_two_way(Linked.of(cells_of(toy_b)))
    effects = dict(zip(cells_of(toy_b).judges[fit.linked.judge_index], fit.effects.ravel(), strict=True))
    expected = [-1.5503246753, -0.0048701299, 0.1964285714, 1.3587662338]
    close([effects[f"j{j}"] for j in range(4)], expected, rel=1e-7)
    close((fit.W, fit.H0, fit.T0), (14.6412337662, 9.0, 0.7597402597))
    wcu = na.audit(toy_b, **ROLES, estimator="wcu").noise
    close((wcu.level.variance, wcu.system.variance), (0.8487940631, 2.5347222222))
    gao_owen = na.audit(toy_b, **ROLES, estimator="gao_owen").noise
    close(
        (gao_owen.case.variance, gao_owen.level.variance, gao_owen.pattern.variance),
        (5.3706896552, 0.4054118774, 2.1293103448),
    )


@pytest.mark.parametrize(
    ("name", "level", "pattern", "system"),
    [("toy", 1.675, 1.5583333333, 3.2333333333), ("toy_b", 1.0174706246, 1.6268037518, 2.6442743764)],
)
def test_a_and_b_from_the_command_line(
    name: str, level: float, pattern: float, system: float, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(name).to_csv(tmp_path / "toy.csv", index=False)
    command = [sys.executable, "-m", "noiseaudit", "report", "toy.csv", "-o", "result.json"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    noise = json.loads((tmp_path / "result.json").read_text("utf-8"))["noise"]
    close([noise[part]["variance"] for part in ("level", "pattern", "system")], [level, pattern, system])


def test_c_intervals(panel_c: pd.DataFrame) -> None:
    close(panel_c["decision"].sum(), 6027.616851451)
    noise = na.audit(panel_c, **ROLES, kurtosis_floor=0.0).noise
    close(noise.level.variance, 1.176608022860)
    close(noise.pattern.variance, 0.343975121123)
    close(noise.system.variance, 1.520583143983)
    close(list(noise.level.variance_interval), [0.4556968075, 3.1365712675], rel=1e-7)
    close(list(noise.pattern.variance_interval), [0.2840067949, 0.4175725161], rel=1e-7)
    # the limits of L and P above, put into MOVER by hand
    close(list(noise.system.variance_interval), [0.7971820238692554, 3.48192770751261], rel=1e-9)
    close(list(noise.level.share_interval), [0.5651541452, 0.9026612280], rel=1e-7)
    noise = na.audit(panel_c, **ROLES).noise
    close(list(noise.level.variance_interval), [0.3098271318, 4.6133000186], rel=1e-7)
    close(list(noise.system.variance_interval), [0.6517302720, 4.9580631003], rel=1e-7)
    close(list(noise.level.share_interval), [0.4704753253, 0.9313422679], rel=1e-7)
    close(list(noise.pattern.share_interval), [1 - 0.9313422679, 1 - 0.4704753253], rel=1e-7)


def test_d_repeats(panel_d: pd.DataFrame) -> None:
    y = panel_d["decision"]
    close((y.sum(), (y**2).sum()), (6045.373433880, 64664.476104887))
    result = na.audit(panel_d, **ROLES, occasion="round")
    noise = result.noise
    assert result.design.cells == 556
    close(noise.level.variance, 0.8700246927)
    close(noise.stable_pattern.variance, 0.3269162097)
    close(noise.occasion.variance, 0.7882278981)
    close(noise.system.variance, 1.9851688005)
    close(list(noise.level.variance_interval), [0.2429647628, 3.2090886894], rel=1e-7)
    close(list(noise.pattern.variance_interval), [0.9694021360, 1.2853031099], rel=1e-7)
    close(list(noise.occasion.variance_interval), [0.4616897989, 1.3797027639], rel=1e-7)
    close(list(noise.stable_pattern.variance_interval), [0.0, 0.6951297568], rel=1e-7)
    close(list(noise.system.variance_interval), [1.3413948666, 4.3304138765], rel=1e-7)
    fit = fit_two_way(Linked.of(cells_of(panel_d)))
    close((fit.H0, fit.H1, fit.T0, fit.T1), (484.0, 464.9170662198, 0.2910346070, 0.2795874226))
    plain = na.audit(panel_d, **ROLES, occasion="round", kurtosis_floor=0.0).noise
    close(list(plain.level.variance_interval), [0.3486995791, 2.2360092152], rel=1e-7)
    close(list(plain.system.variance_interval), [1.4438550316, 3.3617107729], rel=1e-7)


def test_d_cross_products(panel_d: pd.DataFrame) -> None:
    noise = na.audit(panel_d, **ROLES, occasion="round", estimator="wcu").noise
    close(noise.level.variance, 0.8380234036)
    close(noise.system.variance, 1.9687669846)
    close(noise.stable_pattern.variance, 0.3425156829)
    fit = fit_cross_products(Linked.of(cells_of(panel_d)))
    close(jackknife_se(fit.left_out_system), 0.2239357586)
    close(jackknife_se(fit.left_out_level), 0.2094785782)
    close(jackknife_se(fit.left_out_system - fit.left_out_level), 0.0770775876)
    level, system = leave_one_case_out(fit)
    close(jackknife_se(system), 0.1113285084)
    close(jackknife_se(level), 0.0964549531)
    close(jackknife_se(system - level), 0.0577502694)


def test_d_reml(panel_d: pd.DataFrame) -> None:
    noise = na.audit(panel_d, **ROLES, occasion="round", estimator="reml").noise
    close(noise.case.variance, 4.602503, rel=1e-5)
    close(noise.level.variance, 0.862058, rel=1e-5)
    close(noise.stable_pattern.variance, 0.388586, rel=1e-5)
    close(noise.occasion.variance, 0.737960, rel=1e-5)


def test_f_nominal_parts_add_up_with_their_signs() -> None:
    rows = ["aab", "abb", "aaa", "cab", "bbb", "acb"]
    data = pd.DataFrame(
        [{"case": i, "judge": j, "decision": mark} for i, row in enumerate(rows) for j, mark in enumerate(row)]
    )
    result = na.audit(data, **ROLES)
    assert result.design.scale == "nominal"
    close(result.lottery.disagreement.value, 0.5555555556)
    close(result.noise.level.variance, 0.1222222222)
    close(result.noise.pattern.variance, 0.4333333333)


def test_g_noise_index() -> None:
    table = [[100, 140, 90], [1000, 800, 1500], [50, 55, 75]]
    data = pd.DataFrame(
        [{"case": i, "judge": j, "decision": y} for i, row in enumerate(table) for j, y in enumerate(row)]
    )
    plain, logs = na.audit(data, **ROLES), na.audit(data, **ROLES, scale="log")
    close(plain.lottery.noise_index.value, 1 / 3)
    close(logs.lottery.noise_index.value, 1 / 3)
    close(logs.noise.system.variance, 0.066586471898265031)  # by 30-digit decimal logarithms


def test_i_planned_precision() -> None:
    large, small = (
        na.plan_panel(judges=20, cases=30, level=0.25, stable=0.49),
        na.plan_panel(judges=10, cases=20, level=0.25, stable=0.49),
    )
    close((large.relative_se_system, small.relative_se_system), (0.122973, 0.187633), rel=1e-5)
    close((large.relative_se_level, small.relative_se_level), (0.345662, 0.517711), rel=1e-5)
    repeated = na.plan_panel(judges=15, cases=20, level=0.25, stable=0.33, occasion=0.16, repeats=2)
    close((repeated.relative_se_system * 0.74) ** 2, 0.01164, rel=1e-3)


def test_k_index_of_normal_logs() -> None:
    from scipy import stats

    median = stats.norm.ppf(0.75) * np.sqrt(2) * 0.5919
    close(2 * np.tanh(median / 2), 0.55, rel=1e-3)


def test_l_truth() -> None:
    truth = [6, 3, 10, 5, 4]
    data = pd.DataFrame(
        [{"case": i, "judge": j, "decision": y, "t": truth[i]} for i, row in enumerate(TOY) for j, y in enumerate(row)]
    )
    accuracy = na.audit(data, **ROLES, truth="t").accuracy
    close(accuracy.mse.value, 2.7)
    close(accuracy.bias.value, 0.3)
    close(accuracy.shared_case_bias.variance, -0.1583333333)
    close(accuracy.mse.value - accuracy.noise.variance, -0.5333333333)


def test_m_two_blocks(toy: pd.DataFrame, panel_c: pd.DataFrame) -> None:
    both = pd.concat(
        [toy.assign(case="a" + toy["case"], judge="a" + toy["judge"]),
         panel_c.assign(case="c" + panel_c["case"].astype(str), judge="c" + panel_c["judge"].astype(str))]
    )  # fmt: skip
    result = na.audit(both, **ROLES)
    assert result.design.linked_blocks == 2
    close(result.noise.level.variance, 1.3315280763)
    close(result.noise.pattern.variance, 0.3967733043)
    close(list(result.noise.level.variance_interval), [0.4183963625, 4.4279841706])
    close(list(result.noise.pattern.variance_interval), [0.3057814512, 0.5148417418])
    plain = na.audit(both, **ROLES, kurtosis_floor=0.0).noise.level
    close(list(plain.variance_interval), [0.5826827185, 3.1795219101])
    fit = fit_two_way(Linked.of(cells_of(both)))
    close((fit.linked.dJ, fit.H0, fit.T0), (14, 276.0, 1.04))
    close(case_part(fit), 5.6865364e-4, rel=1e-7)


def test_shrinking_matches_its_formula_by_hand() -> None:
    levels = shrink_levels(np.array([1.0, -1.0]), np.array([0.25, 0.25]), 0.75)
    close(levels.reliability.tolist(), [0.75, 0.75])
    close(levels.shrunk.tolist(), [0.75, -0.75])
    # .75*.25 + .0625*(1)/2 + 2*.0625*2/1
    close((levels.sd**2).tolist(), [0.1875 + 0.03125 + 0.25] * 2)
