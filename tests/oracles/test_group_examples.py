"""Worked examples of groups: each command is run as its page prints it, and every figure of the page is compared."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import noiseaudit as na
from noiseaudit.result import Figure, Number
from tests.oracles.example_pages import PAGES, ROOT, command_of, figures_of, run, same


def three(number: Number) -> list[float]:
    """A value and its limits."""
    assert isinstance(number, Figure)
    assert number.interval is not None
    return [number.value, *number.interval]


def compare(shown: pd.Series[str], found: list[float]) -> None:
    for text, value in zip(shown, found, strict=True):
        same(text, value)


NAMED = """Walter TOIGO, Jeff LUKASIK, Anna KANTOR, Andrea DERBY, Alexei BELETSKI, Cynthia BENSON, Tanay OZKAN,
Igor DOLGUSHIN, Weiguang CHEN, Isabella MICHELI, Feng HUANG, Tianyi ZHANG, Yuri GUSKOV, Marta OLOZAGARRE, Guangying QIN,
Sharon ROGERS, Tatiana SHARKINA, Maira ABASOVA, Saodat NUMANOVA, Olga KOZHEMIAKINA, Elena FOMINA, Igor OBRAZTSOV,
Nicole LEBLANC-RICHARD, Richard DALLEY, Julia ANDREEVA, Lorrie PARKER, Lolita LABUNSKAIYA"""  # as the source does


@pytest.fixture(scope="module")
def skating(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "figure_skating" / "performance_scores.csv.gz")


@pytest.fixture(scope="module")
def skating_judges(skating: pd.DataFrame) -> pd.DataFrame:
    """The table of groups by judge, with who is named."""
    result = na.audit(
        skating, case="performance_id", judge="judge_name", decision="final_score",
        relations=["judge_country == skater_nation"],
    )  # fmt: skip
    table = result.to_frame("groups").set_index("judge")
    named = [name.strip() for name in NAMED.replace("\n", " ").split(",")]
    assert (len(named), len(table), set(named) <= set(table.index)) == (27, 214, True)
    return table.assign(named=table.index.isin(named), tested=table["q"].notna())


def test_skating_figures(shared_data: Path, tmp_path: Path) -> None:
    result = run("figure_skating", shared_data / "figure_skating", tmp_path)
    [relation], [note] = result.groups, result.supplement.groups.notes
    found = [
        *three(relation.raw_gap), *three(relation.systemic_gap), relation.heterogeneity.sd,
        *(end**0.5 for end in relation.heterogeneity.variance_interval), relation.tests, relation.too_few, note.flags,
        note.smallest_detectable, note.clear_differences,
    ]  # fmt: skip
    compare(figures_of("figure_skating")["points"], found)
    assert note.heterogeneity_p < 0.001
    codes = {said.code for said in result.findings}
    assert {"assortative_panels", "equal_treatment_ground"} <= codes


def test_skating_as_the_source_counts(skating: pd.DataFrame) -> None:
    own = skating["judge_country"] == skating["skater_nation"]
    usual = skating.groupby(["judge_name", "program_type"])["points_vs_others"].transform("mean")
    adjusted = skating["points_vs_others"] - usual
    assert [adjusted[own].mean(), adjusted[~own].mean()] == pytest.approx([3.088, -0.301], abs=0.0005)
    assert adjusted[own].mean() - adjusted[~own].mean() == pytest.approx(3.389, abs=0.0005)
    welch = stats.ttest_ind(adjusted[own], adjusted[~own], equal_var=False)
    assert (welch.statistic, welch.pvalue) == pytest.approx((37.859765, 5.18e-225), rel=1e-3)
    unadjusted = skating["points_vs_others"][own].mean() - skating["points_vs_others"][~own].mean()
    assert unadjusted == pytest.approx(3.375, abs=0.0005)  # the raw gap


def test_skating_flags_beside_those_named(skating_judges: pd.DataFrame) -> None:
    judges, shown = skating_judges, figures_of("figure_skating", table=1)
    flag = judges["flag"].eq(True) & judges["tested"]
    for named, (_, row) in zip((True, False), shown.iterrows(), strict=True):
        part = judges["named"] == named
        counts = [flag, judges["tested"] & ~flag, ~judges["tested"]]
        compare(row, [(part & each).sum() for each in counts])
    unflagged = judges[judges["named"] & judges["tested"]]
    assert [unflagged["gap"].min(), unflagged["gap"].max()] == pytest.approx([-0.161, 3.394], abs=0.001)
    assert ((unflagged["gap"] > 0).sum(), round(unflagged["q"].min(), 3)) == (18, 0.062)
    few = judges[judges["named"] & ~judges["tested"]]
    assert (few["n_in"].min(), few["n_in"].max(), set(few["because"])) == (6, 9, {"too_few"})
    [flagged] = judges[flag].to_dict("records")
    assert flagged["gap"] < 0
    assert [flagged["difference"], flagged["difference_q"]] == pytest.approx([-0.302, 0.740], abs=0.001)


def test_skating_own_differences_beside_those_named(skating: pd.DataFrame, skating_judges: pd.DataFrame) -> None:
    judges, shown = skating_judges, figures_of("figure_skating", table=2)
    clear = judges["difference_q"] <= 0.05
    for named, (_, row) in zip((True, False), shown.iterrows(), strict=True):
        part = judges["named"] == named
        counts = [clear, judges["tested"] & ~clear, ~judges["tested"]]
        compare(row, [(part & each).sum() for each in counts])
    both, more = judges[clear & judges["named"]], judges[clear & ~judges["named"]]
    assert [both["difference"].min(), both["difference"].max()] == pytest.approx([3.072, 6.631], abs=0.001)
    assert both["difference_q"].max() < more["difference_q"].min()
    assert (judges.loc[clear, "difference"] > 0).all()
    raw = skating.pivot_table(index="judge_name", columns="same_country", values="points_vs_others")
    largest = (raw[1] - raw[0]).nlargest(2)
    assert largest.index.tolist() == ["Tae Ri LEE", "Jia YAO"]
    assert largest.tolist() == pytest.approx([12.4, 10.9], abs=0.05)
    assert judges.loc[largest.index, "n_in"].tolist() == [2, 4]
    assert judges.loc[largest.index, "because"].tolist() == ["too_few", "too_few"]


def test_princeton_wine(shared_data: Path, tmp_path: Path) -> None:
    scores = pd.read_csv(shared_data / "princeton_wine" / "wines2012.csv")
    means = scores.pivot_table(index="judge_american", columns="wine_american", values="score")
    differences = means[1] - means[0]
    for (_, shown), american in zip(figures_of("princeton_wine").iterrows(), (0, 1), strict=True):
        compare(shown, [*means.loc[american], differences[american]])

    hidden, own = run("princeton_wine", shared_data / "princeton_wine", tmp_path).groups[::2]
    assert (hidden.value, hidden.raw_gap.status, hidden.tests) == ("0", "not_identified", None)
    told = na.audit(
        scores, case="wine", judge="judge", decision="score", groups=["wine_american"],
        relations=["judge_american == wine_american"],
    )  # fmt: skip
    found = [*three(own.systemic_gap), own.tests, own.too_few, *three(told.groups[1].raw_gap)]
    compare(figures_of("princeton_wine", table=1)["found"], found)
    assert own.systemic_gap.value == pytest.approx((differences[1] - differences[0]) / 2)
    assert own.heterogeneity.reason == "too_few_tested"
    assert told.groups[1].systemic_gap.reason == "same_cases"
    assert told.noise.system.sd == pytest.approx(2.7, abs=0.05)
    assert {judge.because for judge in told.groups[2].judges} == {"too_few"}
    assert {min(judge.n_in, judge.n_out) for judge in told.groups[2].judges} == {8}


@pytest.mark.parametrize("estimator", ["fe", "reml"])
def test_aibs_grants(shared_data: Path, tmp_path: Path, estimator: str) -> None:
    data = shared_data / "aibs_grants"
    result = run("aibs_grants", data, tmp_path, "--estimator", estimator)
    women, _, own = result.groups
    noise = result.noise
    found = [
        noise.system.sd, noise.level.sd, *(end**0.5 for end in noise.level.variance_interval), *three(women.raw_gap),
        *three(own.systemic_gap), own.raw_gap.value, own.tests, own.too_few,
    ]  # fmt: skip
    compare(figures_of("aibs_grants")[estimator], found)
    assert women.systemic_gap.reason == "same_cases"
    assert ("level_at_boundary" if estimator == "reml" else "weakly_linked") in {said.code for said in result.findings}
    grounds = [said.values["ground"] for said in result.findings if said.code == "equal_treatment_ground"]
    assert grounds == ["sex or gender"] * 2  # of the applicant and of the reviewer; P602 would be a special category
    assert not result.supplement.groups.not_analysed

    reviews = pd.read_csv(data / "aibs.csv")
    each = pd.crosstab(reviews["RevID"], reviews["PIGender"])
    assert (each.sum(axis=1).max(), (each >= 10).all(axis=1).sum()) == (17, 0)
    assert reviews.groupby("RevID")["RevGender"].first().value_counts()[1] == 6
    assert ((reviews["RevGender"] == 1) & (reviews["PIGender"] == 1)).sum() == 13


def rated(folder: Path, *, above: float = 0.5, upwards: bool = False) -> pd.DataFrame:
    """The dyads with the column that the page describes."""
    dyads = pd.read_csv(folder / "red_cards" / "dyads.csv.gz")
    tone = dyads[["rater1", "rater2"]].mean(axis=1)
    dark = tone >= above if upwards else tone > above
    return dyads.assign(tone=tone, skin_tone=dark.map({True: "dark", False: "light"}).where(tone.notna()))


@pytest.fixture(scope="module")
def dyads(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file and the settings of the page."""
    folder = tmp_path_factory.mktemp("dyads")
    rated(shared_data).to_csv(folder / "skin_tone.csv", index=False)
    text = (PAGES / "red_cards_skin_tone.md").read_text("utf-8")
    [config] = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    (folder / "skin_tone.toml").write_text(config, "utf-8")
    return folder


@pytest.mark.parametrize(("colour", "column"), [("red", "red cards"), ("yellow", "yellow cards")])
def test_skin_tone(dyads: Path, colour: str, column: str) -> None:
    result = run("red_cards_skin_tone", dyads, dyads, decision=f"{colour}Cards")
    dark, light, unknown = result.groups
    note = result.supplement.groups.notes[0]
    found = [
        *three(dark.systemic_gap), light.systemic_gap.value, unknown.systemic_gap.value, dark.heterogeneity.variance,
        dark.heterogeneity.variance_interval[1], note.heterogeneity_p, dark.tests, dark.too_few, note.flags,
        note.smallest_detectable,
    ]  # fmt: skip
    compare(figures_of("red_cards_skin_tone")[column], found)
    assert (unknown.value, result.supplement.groups.notes[2].decisions) == ("(unknown)", 21_407)
    assert [each.flags for each in result.supplement.groups.notes] == [0, 0, 0]
    assert list(result.supplement.groups.legal_basis) == ["skin_tone"]


def test_skin_tone_needs_a_legal_basis(dyads: Path) -> None:
    """The audit goes on without it and says so: exit code 4."""
    program, *arguments = command_of("red_cards_skin_tone")
    place = arguments.index("--config")
    del arguments[place : place + 2]
    arguments[arguments.index("result.json")] = "without.json"
    ended = subprocess.run(
        [sys.executable, "-m", program, *arguments], cwd=dyads, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert ended.returncode == 4
    assert "P602" in ended.stderr
    result = na.AuditResult.from_dict(json.loads((dyads / "without.json").read_text("utf-8")))
    assert result.groups == ()
    assert result.supplement.groups.not_analysed == {"skin_tone": "P602"}
    assert result.supplement.log.rates.rate.value == pytest.approx(1834 / 426_572)


def test_skin_tone_beside_poisson_models(shared_data: Path) -> None:
    known = rated(shared_data).dropna(subset=["tone"])
    places = pd.get_dummies(known[["leagueCountry", "position"]].fillna("unknown"), drop_first=True).astype(float)
    scale, dark = known[["tone"]], (known[["skin_tone"]] == "dark").astype(float)
    models = [
        ("redCards", [scale]),
        ("redCards", [scale, places]),
        ("redCards", [dark, places]),
        ("yellowCards", [dark, places]),
    ]
    for (cards, parts), (_, shown) in zip(models, figures_of("red_cards_skin_tone", table=1).iterrows(), strict=True):
        X = sm.add_constant(pd.concat(parts, axis=1))
        model = sm.GLM(known[cards], X, family=sm.families.Poisson(), offset=np.log(known["games"])).fit()
        ratio = [float(model.params.iloc[1]), *model.conf_int().iloc[1].tolist()]
        compare(shown, np.exp(ratio).tolist())


def test_where_the_line_is_drawn(shared_data: Path) -> None:
    roles = {
        "case": "player_id", "judge": "refNum", "decision": "redCards", "exposure": "games", "groups": ["skin_tone"],
        "features": ["leagueCountry", "position"], "legal_basis": {"skin_tone": "Article 9(2)(j)"},
    }  # fmt: skip

    def ratio(data: pd.DataFrame) -> list[float]:
        return three(na.audit(data, **roles).groups[0].systemic_gap)

    assert ratio(rated(shared_data).dropna(subset=["tone"])) == pytest.approx([1.187, 1.002, 1.406], abs=0.001)
    assert ratio(rated(shared_data, above=0.25))[0] == pytest.approx(1.144, abs=0.001)
    assert ratio(rated(shared_data, above=0.75, upwards=True))[0] == pytest.approx(1.259, abs=0.001)
