"""Real decisions with published results; skipped with a reason where the data are not beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na

from ..conftest import ROLES


@pytest.mark.parametrize(
    ("attribute", "case", "level", "pattern", "occasion"),
    [
        ("Coloursaturation", 1.275502, 0.241909, 0.624670, 0.754164),
        ("Sharpness", 2.114679, 1.197601, 0.789606, 1.551458),
    ],
)
@pytest.mark.parametrize("estimator", ["fe", "reml"])
def test_tv_panel(
    shared_data: Path, estimator: str, attribute: str, case: float, level: float, pattern: float, occasion: float
) -> None:
    data = pd.read_csv(shared_data / "tv_panel" / "tvbo.csv")
    data["case"] = data["TVset"] + data["Picture"].astype(str)
    noise = na.audit(
        data, case="case", judge="Assessor", decision=attribute, occasion="Repeat", estimator=estimator
    ).noise
    found = [noise.case.variance, noise.level.variance, noise.stable_pattern.variance, noise.occasion.variance]
    assert found == pytest.approx([case, level, pattern, occasion], rel=3e-5)


@pytest.mark.parametrize("estimator", ["fe", "reml"])
def test_penicillin(shared_data: Path, estimator: str) -> None:
    noise = na.audit(
        shared_data / "textbook" / "penicillin.csv",
        case="plate", judge="sample", decision="diameter", estimator=estimator,
    ).noise  # fmt: skip
    assert noise.level.variance == pytest.approx(3.730918, rel=1e-6)
    assert noise.pattern.variance == pytest.approx(0.302415, rel=3e-6)
    assert noise.case.variance == pytest.approx(0.716908, rel=1e-6)


def test_pastes(shared_data: Path) -> None:
    from noiseaudit.estimators.reml import reml

    data = pd.read_csv(shared_data / "textbook" / "pastes.csv")
    fit = reml(na.Cells.from_arrays(data["sample"], data["batch"], data["strength"]), interaction=False)
    assert [fit.case, fit.judge, fit.residual] == pytest.approx([8.433667, 1.657309, 0.678000], rel=1e-6)
    assert fit.criterion == pytest.approx(246.990746, abs=1e-5)
    assert fit.intercept == pytest.approx(60.05333, abs=1e-5)
    assert fit.intercept_se == pytest.approx(0.67687, abs=1e-5)


def test_machines(shared_data: Path) -> None:
    """Machines as cases, all random: REML, and the workers' SDs of the model with fixed machines: fe."""
    path = shared_data / "textbook" / "machines.csv"
    roles = {"case": "Machine", "judge": "Worker", "decision": "score", "duplicates": "keep"}
    noise = na.audit(path, **roles, estimator="reml").noise
    found = [noise.case.variance, noise.level.variance, noise.stable_pattern.variance, noise.occasion.variance]
    assert found == pytest.approx([46.389, 22.858, 13.910, 0.92462], rel=1e-4)
    fixed = na.audit(path, **roles, estimator="fe").noise
    assert [fixed.level.sd, fixed.stable_pattern.sd, fixed.occasion.sd] == pytest.approx(
        [4.78105, 3.72954, 0.96158], rel=1e-5
    )


def test_shrout_and_fleiss(shared_data: Path) -> None:
    """ICC(2,1) = .29 and ICC(3,1) = .71 of the published table."""
    data = pd.read_csv(shared_data / "textbook" / "shrout_fleiss_1979.csv")
    wide = data.melt(id_vars=data.columns[0], var_name="rater", value_name="score") if data.shape[1] > 3 else data
    case, judge, score = wide.columns[:3]
    result = na.audit(wide, case=case, judge=judge, decision=score)
    noise = result.noise
    assert result.supplement.icc.value == pytest.approx(0.2898, abs=5e-5)
    assert noise.case.variance / (noise.case.variance + noise.pattern.variance) == pytest.approx(0.7148, abs=5e-5)
    assert noise.pattern.variance == pytest.approx(1.02, abs=5e-3)


def test_replicats_error_is_bias_plus_noise(shared_data: Path) -> None:
    data = pd.read_csv(shared_data / "replicats_forecasts" / "forecasts.csv.gz")
    second = data[data["round"] == "round_2"].assign(chance=lambda d: d["best"] / 100)
    result = na.audit(second, case="claim_id", judge="expert", decision="chance", truth="outcome", ddof=0)
    error_of_mean = (
        (second.groupby("claim_id")["chance"].mean() - second.groupby("claim_id")["outcome"].first()) ** 2
    ).mean()
    assert result.accuracy.mse.value == pytest.approx(0.17638528, abs=1e-12)
    assert error_of_mean == pytest.approx(0.151641664, abs=1e-9)
    assert result.book.system.variance == pytest.approx(0.024743616, abs=1e-12)
    assert result.accuracy.mse.value == pytest.approx(error_of_mean + result.book.system.variance, abs=1e-12)


def test_insteval(shared_data: Path) -> None:
    data = pd.read_csv(shared_data / "insteval" / "insteval.csv.gz")
    roles = {"case": "s", "judge": "d", "decision": "y"}
    noise = na.audit(data, **roles, estimator="reml").noise
    found = [noise.case.variance, noise.level.variance, noise.pattern.variance]
    assert found == pytest.approx([0.1062147, 0.2737344, 1.3871797], rel=1e-5)
    joint = na.audit(data, **roles).noise
    assert [joint.level.variance, joint.pattern.variance] == pytest.approx([0.2820885, 1.3862388], rel=1e-6)
    quick = na.audit(data, **roles, estimator="wcu").noise
    assert [quick.level.variance, quick.system.variance] == pytest.approx([0.2875602, 1.6762921], rel=1e-6)
    turned = na.audit(data, case="d", judge="s", decision="y", estimator="wcu").noise
    assert [turned.level.variance, turned.system.variance] == pytest.approx([0.1049650, 1.4941093], rel=1e-6)


def test_insteval_criterion(shared_data: Path) -> None:
    from noiseaudit.estimators.reml import reml

    data = pd.read_csv(shared_data / "insteval" / "insteval.csv.gz")
    fit = reml(na.Cells.from_arrays(data["s"], data["d"], data["y"]), confidence=None)
    assert fit.criterion == pytest.approx(237783.8804, abs=1e-4)
    assert fit.intercept == pytest.approx(3.2541583, abs=1e-6)


def test_grant_reviewers_at_the_boundary(shared_data: Path) -> None:
    path = shared_data / "aibs_grants" / "aibs.csv"
    result = na.audit(path, case="ID", judge="RevID", decision="Score", estimator="reml")
    assert result.noise.level.variance == 0
    assert result.noise.level.at_boundary
    assert result.noise.case.variance == pytest.approx(0.236245, rel=1e-5)
    assert result.noise.pattern.variance == pytest.approx(0.400278, rel=1e-5)


def test_figure_skating(shared_data: Path) -> None:
    result = na.audit(
        shared_data / "figure_skating" / "performance_scores.csv.gz",
        case="performance_id", judge="judge_name", decision="final_score",
    )  # fmt: skip
    assert (result.design.judges, result.design.cases, result.design.decisions) == (214, 1632, 14680)
    assert result.input.rows_read == result.input.rows_used == 14680
    # the same mean difference from the rows, by brute force
    data = pd.read_csv(shared_data / "figure_skating" / "performance_scores.csv.gz")
    pairs = data.merge(data, on="performance_id")
    pairs = pairs[pairs["judge_seat_x"] < pairs["judge_seat_y"]]
    gap = (pairs["final_score_x"] - pairs["final_score_y"]).abs().groupby(pairs["performance_id"]).mean().mean()
    assert result.lottery.mean_difference.value == pytest.approx(gap, rel=1e-9)


def test_krippendorff_agreement_is_near_fleiss(shared_data: Path) -> None:
    """Alpha (.743) and our chance-corrected agreement use slightly different chances; they must lie close."""
    wide = pd.read_csv(shared_data / "textbook" / "krippendorff_4raters.csv")
    data = wide.melt(id_vars=wide.columns[0], var_name="rater", value_name="code").dropna()
    data["code"] = "k" + data["code"].astype(int).astype(str)
    result = na.audit(data, case=wide.columns[0], judge="rater", decision="code")
    assert result.supplement.kappa.value == pytest.approx(0.743, abs=0.05)


def test_no_shared_cases_is_refused_with_its_reason() -> None:
    data = pd.DataFrame({"case": range(10), "judge": ["a", "b"] * 5, "decision": range(10)})
    noise = na.audit(data, **ROLES, design="panel").noise
    assert noise.system.reason == "no_shared_cases"
