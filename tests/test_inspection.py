"""What `inspect` proposes for published tables is right, and an audit with it gives the published figures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na

PROPOSED = {
    "textbook/shrout_fleiss_1979.csv": {"case": "target", "judge": "judge", "decision": "rating"},
    "textbook/machines.csv": {"case": "Machine", "judge": "Worker", "decision": "score"},
    "textbook/penicillin.csv": {"case": "plate", "judge": "sample", "decision": "diameter"},
    "princeton_wine/wines2012.csv": {"case": "wine", "judge": "judge", "decision": "score"},
    "radiology_franken/franken.csv": {"case": "case", "judge": "reader", "decision": "rating", "truth": None},
    "aibs_grants/aibs.csv": {"case": "ID", "judge": "RevID", "decision": "Score"},
    "figure_skating/performance_scores.csv.gz": {
        "case": "performance_id", "judge": "judge_name", "decision": "final_score"
    },
    "wabo_receipt/cases.csv.gz": {"case": "case_id", "judge": "responsible"},
}  # fmt: skip


@pytest.mark.parametrize("name", PROPOSED)
def test_roles_of_published_tables(name: str, shared_data: Path) -> None:
    found = na.inspect(shared_data / name)
    assert not found.problems
    assert {role: found.roles.get(role) for role in PROPOSED[name]} == PROPOSED[name]
    assert {p.role for p in found.proposals} >= {"case", "judge"}
    assert found.account is not None
    assert found.account.rows_read == found.account.rows_used + sum(e.n for e in found.account.rows_excluded)


def test_a_wide_table_is_read_as_proposed(shared_data: Path) -> None:
    path = shared_data / "textbook" / "krippendorff_4raters.csv"
    found = na.inspect(path)
    assert found.roles["judge_columns"] == ["Rater1", "Rater2", "Rater3", "Rater4"]
    assert found.account is not None
    assert (found.account.rows_read, found.account.rows_used) == (48, 41)
    wide = pd.read_csv(path)
    long = wide.melt(id_vars="Units", var_name="rater", value_name="code")
    by_hand = na.audit(long, case="Units", judge="rater", decision="code", scale="nominal")
    proposed = na.audit(path, judge_columns="Rater*", scale="nominal")
    assert proposed.lottery.disagreement.value == pytest.approx(by_hand.lottery.disagreement.value, rel=1e-12)
    assert proposed.noise.level.variance == pytest.approx(by_hand.noise.level.variance, rel=1e-12)


def test_a_wide_table_of_counts(shared_data: Path) -> None:
    """218 patients, two neurologists: agreement 64 of 149 and 33 of 69 (Westlund & Kurland, 1953)."""
    path = shared_data / "textbook" / "ms_patients.csv"
    found = na.inspect(path)
    assert found.roles["judge_columns"] == ["new_orleans_neurologist", "winnipeg_neurologist"]
    assert "weight_hint" in {f.code for f in found.findings}
    result = na.audit(path, judge_columns="*_neurologist", weight="n")
    assert (result.design.cases, result.design.decisions) == (218, 436)
    assert result.lottery.disagreement.value == pytest.approx(1 - (64 + 33) / 218, abs=1e-12)


def test_an_event_log_needs_a_choice(shared_data: Path) -> None:
    path = shared_data / "wabo_receipt" / "receipt.xes.gz"
    found = na.inspect(path)
    assert [p.code for p in found.problems] == ["roles_missing"]
    assert "--decision" in str(found.problems[0])
    chosen = na.inspect(path, na.AuditDesign(activity="T02 Check confirmation of receipt", decision="case:channel"))
    assert chosen.account is not None
    assert chosen.account.rows_read == 8577
    assert {e.code for e in chosen.account.rows_excluded} >= {"other_activity"}


def test_a_folder_of_files_is_one_table(tmp_path: Path, toy: pd.DataFrame) -> None:
    whole = na.audit(toy, case="case", judge="judge", decision="decision").noise.system.variance
    toy.iloc[:9].to_csv(tmp_path / "a.csv", index=False)
    toy.iloc[9:][["decision", "judge", "case"]].to_csv(tmp_path / "b.csv.gz", index=False)
    assert na.audit(tmp_path).noise.system.variance == pytest.approx(whole, rel=1e-12)
    (tmp_path / "c.csv").write_text("case,judge,decision\nc1,j1,many\n", "utf-8")
    with pytest.raises(na.DataError, match=r"c\.csv: 2"):
        na.audit(tmp_path)
    (tmp_path / "c.csv").write_text("case,judge,score\nc1,j1,1\n", "utf-8")
    with pytest.raises(na.DataError, match="has another header"):
        na.audit(tmp_path)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_init_repeats_the_reading(tmp_path: Path, encoding: str) -> None:
    from noiseaudit.config import load_config
    from noiseaudit.report.starting_config import starting_config

    text = 'Rapport\n\nZaak;Beoordelaar "A";Bedrag\nZ1;René;€ 1.250,00\nZ1;Zoë;1.100,50\nZ2;René;900,-\nZ2;Zoë;850\n'
    path = tmp_path / "export.csv"
    path.write_bytes(text.replace('"A"', "A").encode(encoding))
    found = na.inspect(path)
    (tmp_path / "noiseaudit.toml").write_text(starting_config(found, na.AuditDesign()), "utf-8")
    settings = load_config(tmp_path / "noiseaudit.toml").settings
    again = na.inspect(path, na.AuditDesign(**settings))
    assert not again.proposals
    assert {**again.reading} == {**found.reading}
    assert again.account == found.account
    assert na.audit(path, **settings).noise == na.audit(path).noise


WIDE = "Leerling;Corrector Anna;Corrector Bram;Corrector Cees\nZ1;10,5;11;9\nZ2;8;;7,5\nZ3;6;6,5;7\nZ4;9;10;8\n"


@pytest.mark.parametrize("head", ["Leerling", "Wie"])
@pytest.mark.parametrize(
    "asked", [{}, {"judge_columns": "Corrector*"}, {"judge_columns": ["Corrector Anna", "Corrector Cees"]}]
)
def test_columns_of_people_name_nobody_in_a_file(head: str, asked: dict[str, object], tmp_path: Path) -> None:
    from noiseaudit.report import TEXTS, render

    path = tmp_path / "scores.csv"
    path.write_text(WIDE.replace("Leerling", head) + "Gemiddelde;8,4;9,2;7,9\n", "utf-8")
    result = na.audit(path, **asked)
    assert result.design.cases == 4  # the row of means is none, with and without a column that names the case
    assert {e.code for e in result.input.rows_excluded} >= {"total_row"}
    for suffix in TEXTS:
        for audience in ("public", "team"):
            page = render(result, suffix, audience=audience)
            assert not any(name in page for name in ("Anna", "Bram", "Cees"))
