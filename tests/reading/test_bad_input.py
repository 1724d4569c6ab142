"""Bad input is normal: the right code, the right rows, a way to mend it; and nothing lost in silence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.design import AuditDesign
from noiseaudit.errors import Problem
from noiseaudit.reading import read, tabulate

HEAD = "case;judge;score\n"


def problems(tmp_path: Path, text: str | bytes, **settings: object) -> list[Problem]:
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(na.DataError) as caught:
        na.audit(path, **settings)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "code", "rows"),
    [
        ("", "E101", ()),
        ("\ufeff", "E101", ()),
        ("\n\n\n", "E101", ()),
        (HEAD, "E102", ()),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "E103", ()),
        (b"PK\x03\x04" + b"\x00" * 50, "E105", ()),
        ("<html><table><tr><td>1</td></tr></table></html>", "E104", ()),
        (HEAD + "a;b;hoog\na;c;1\nb;b;2\nb;c;laag\n", "E410", (2, 5)),
        (HEAD + "a;b;1,5\na;c;2.5\na;d;3,5\n", "E404", (3,)),
        (HEAD + "a;b;1.234\na;c;2.345\n", "E405", (2, 3)),
        (HEAD + "a;b;25%\na;c;0,25\n", "E407", (2,)),
        (HEAD + "a;b;inf\na;c;1\n", "E408", (2,)),
        (HEAD + "a;b;NaN\na;c;1\n", "E408", (2,)),
        (HEAD + "a;b;$ 5\na;c;6\n", "E406", (2,)),
        (HEAD + "a;b;\na;c;\n", "E411", ()),
        (HEAD + "a;b;1;9\na;c\na;d;3\n", "E301", (2, 3)),
        (HEAD + 'a;b;"1\na;c;2\n', "E212", None),
        (HEAD + "a;b;1\na;b;1\na;c;2\n", "E501", (2,)),
        ("case;judge;score;score\na;b;1;2\n", "E304", ()),
    ],
)
def test_refused_with_code_and_rows(tmp_path: Path, text: str | bytes, code: str, rows: tuple[int, ...] | None) -> None:
    found = problems(tmp_path, text, case="case", judge="judge", decision="score")
    assert [p.code for p in found] == [code]
    assert rows is None or found[0].rows == rows
    assert found[0].do
    assert "hoog" not in str(found[0])


def test_missing_column_names_the_nearest(tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD + "a;b;1\n", case="case", judge="jugde", decision="score")
    assert found[0].code == "E307"
    assert "'judge'" in str(found[0])


def test_gzip_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress((HEAD + "a;b;1\n" * 5000).encode())[:60])
    with pytest.raises(na.DataError) as caught:
        na.audit(path)
    assert caught.value.code == "E105"


def test_decompression_bomb(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(HEAD.encode() + b"a;b;1\n" * 12_000_000, compresslevel=9))
    with pytest.raises(na.DataError) as caught:
        na.audit(path)
    assert caught.value.code == "E106"


@pytest.mark.parametrize("source", ["missing.csv", ".", 3, None])
def test_not_a_source(source: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(na.CallError):
        na.audit(source)


def test_dutch_export_is_read_and_every_row_accounted_for(tmp_path: Path) -> None:
    text = (
        "Zaaknummer;Behandelaar;Toegekend bedrag\r\n0012;Ré;€ 1.234,50\r\n0012;Jan;1.000,00\r\n"
        "12;Ré;2,5\r\n12;Jan\u00a0;\r\n;Jan;3\r\n12;;4\r\n\r\n"
    )
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode("cp1252"))
    with read(path, AuditDesign()) as log:
        table = tabulate(log)
    account = table.input
    assert account.rows_read == account.rows_used + sum(e.n for e in account.rows_excluded)
    assert (account.rows_read, account.rows_used) == (7, 3)
    assert {e.code: e.n for e in account.rows_excluded} == {
        "missing_case": 1, "missing_judge": 1, "missing_decision": 1, "blank_row": 1
    }  # fmt: skip
    assert log.unit == "€"
    assert log.reading["encoding"] == "cp1252"
    assert list(table.main.cases) == ["0012", "12"]
    values = table.main.mean[:, 0] + float(table.main.shift)
    assert sorted(values.tolist()) == [2.5, 1000.0, 1234.5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes("case;judge;score\na;Zoë;1,5\na;Ann;2,5\n".encode(encoding))
    with read(path, AuditDesign()) as log:
        assert list(tabulate(log).main.judges) == ["Zoë", "Ann"]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\n" + HEAD + "a;b;1,5\na;c;2,5\n",
        "Report of today\n\n" + HEAD + "a;b;1,5\na;c;2,5\n",
        'case;judge;score\n"a";"b";"1,5"\n"a";"c";"2,5"\n',
        "case,judge,score\na,b,1.5\na,c,2.5\n",
        "case|judge|score\na|b|1.5\na|c|2.5\n",
    ],
)
def test_dialects(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text, "utf-8")
    with read(path, AuditDesign()) as log:
        table = tabulate(log)
    assert (table.main.mean[:, 0] + float(table.main.shift)).tolist() == [1.5, 2.5]


def test_ids_stay_text_and_names_like_na_are_people(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(HEAD + "0012;NA;1\n012;None;2\n1E5;null;3\n100000;n/a;4\n", "utf-8")
    with read(path, AuditDesign()) as log:
        cells = tabulate(log).main
    assert list(cells.cases) == ["0012", "012", "1E5", "100000"]
    assert list(cells.judges) == ["NA", "None", "null", "n/a"]


def test_missing_markers_are_only_those_that_were_named(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(HEAD + "a;b;NA\na;c;1\n", "utf-8")
    result = na.audit(path, na=("NA",))
    assert result.input.rows_excluded[0].code == "missing_decision"


@pytest.mark.parametrize(("answer", "cells"), [("keep", 3), ("drop", 2)])
def test_identical_rows_as_asked(tmp_path: Path, answer: str, cells: int) -> None:
    path = tmp_path / "data.csv"
    path.write_text(HEAD + "a;b;1\na;b;1\na;c;2\n", "utf-8")
    result = na.audit(path, duplicates=answer)
    assert result.design.decisions == cells
    assert result.input.rows_read == result.input.rows_used + sum(e.n for e in result.input.rows_excluded) == 3


def test_occasion_role_tells_repeats_apart(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("case;judge;score;round\na;b;1;1\na;b;1;2\na;c;2;1\n", "utf-8")
    assert na.audit(path).design.replicated_cells == 1


def test_two_equal_candidates_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("case;first rater;second rater;score\na;b;c;1\n", "utf-8")
    with pytest.raises(na.CallError, match=r"'first rater' and 'second rater'"):
        na.audit(path)


def test_unattended_never_guesses(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(HEAD + "a;b;1\na;c;2\n", "utf-8")
    with pytest.raises(na.CallError, match="no column is given"):
        na.audit(path, propose=False)


def test_an_exposure_is_above_zero(toy: pd.DataFrame) -> None:
    rows = toy.assign(w=[0, *[1] * (len(toy) - 1)])
    with pytest.raises(na.DataError, match="E418"):
        na.audit(rows, case="case", judge="judge", decision="decision", exposure="w")


@pytest.mark.parametrize("scale", ["continuous", "nominal", "ordinal", "binary"])
def test_a_weight_counts_a_row_so_many_times(scale: str) -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"case": np.repeat(np.arange(12), 4), "judge": np.tile(list("wxyz"), 12)})
    rows["decision"] = rng.integers(0, 2, 48) if scale == "binary" else rng.integers(1, 5, 48)
    if scale == "nominal":
        rows["decision"] = rows["decision"].map({1: "a", 2: "b", 3: "c", 4: "d"})
    rows["times"] = rng.integers(0, 4, 48)
    roles = {"case": "case", "judge": "judge", "decision": "decision", "scale": scale}
    weighted = na.audit(rows, **roles, weight="times")
    spelt_out = na.audit(rows.loc[rows.index.repeat(rows["times"])], **roles, duplicates="keep")
    for part in ("system", "level", "pattern"):
        assert getattr(weighted.noise, part).variance == pytest.approx(
            getattr(spelt_out.noise, part).variance, rel=1e-12
        )
    assert weighted.design.decisions == spelt_out.design.decisions == rows["times"].sum()
    assert weighted.input.rows_read == 48
    assert {e.code: e.n for e in weighted.input.rows_excluded} == {"zero_weight": int((rows["times"] == 0).sum())}


@pytest.mark.parametrize("bad", [-1, 1.5, None])
def test_a_weight_is_a_whole_number(toy: pd.DataFrame, bad: float | None) -> None:
    weight = [1.0] * (len(toy) - 1) + [bad]
    with pytest.raises(na.DataError) as caught:
        na.audit(toy.assign(w=weight), case="case", judge="judge", decision="decision", weight="w")
    assert (caught.value.code, caught.value.problems[0].rows) == ("E417", (20,))


def test_hostile_column_names(tmp_path: Path) -> None:
    names = ['"; DROP VIEW source; --', "judge' OR 1=1", "score{x}\\"]
    frame = pd.DataFrame({names[0]: list("aabb"), names[1]: list("xyxy"), names[2]: [1.0, 2.0, 3.0, 5.0]})
    plain = na.audit(frame.set_axis(["case", "judge", "score"], axis=1)).noise.system.variance
    roles = dict(zip(("case", "judge", "decision"), names, strict=True))
    assert na.audit(frame, **roles).noise.system.variance == plain
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert na.audit(tmp_path / "data.csv", **roles).noise.system.variance == plain
    frame.to_parquet(tmp_path / "data.parquet")
    assert na.audit(tmp_path / "data.parquet", **roles).noise.system.variance == plain


def test_private_copies_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / "data.csv"
    path.write_bytes((HEAD + "a;Zoë;1\na;b;2\n").encode("cp1252"))
    with read(path, AuditDesign()) as log:
        copies = list(tmp_path.glob("noiseaudit-*"))
        assert sorted(c.stat().st_mode & 0o777 for c in copies) == [0o600, 0o700]  # the copy, and a place to spill to
        tabulate(log)
    assert not list(tmp_path.glob("noiseaudit-*"))
    path.write_bytes((HEAD + "a;Zoë;1;2\n").encode("cp1252"))
    with pytest.raises(na.DataError):
        na.audit(path)
    assert os.listdir(tmp_path) == ["data.csv"]


def test_integers_and_decimals_keep_their_digits(tmp_path: Path) -> None:
    big = 10**15
    frame = pd.DataFrame({"case": list("aaaa"), "judge": list("xyzw"), "decision": [big + k for k in (1, 2, 4, 8)]})
    spread = na.audit(frame).noise.system.variance
    assert spread == np.var([1, 2, 4, 8], ddof=1)


@pytest.mark.parametrize(
    ("words", "scale"),
    [(("ja", "nee"), "binary"), (("Toegekend", "Afgewezen"), "binary"), (("1", "0"), "binary"), ((1, 0), "binary"),
     ((True, False), "binary"), (("rood", "blauw"), "nominal"), (("1", "2"), "continuous"), ((0.5, 1.0), "continuous")],
)  # fmt: skip
def test_scale_from_content(words: tuple[object, object], scale: str) -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": [words[i] for i in (0, 1, 1, 0)]})
    result = na.audit(frame)
    assert result.design.scale == scale
    if scale == "binary":
        assert result.lottery.disagreement.value == 1.0


def test_positive_value_counts_as_one() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": ["deels", "nee", "ja", "ja"]})
    result = na.audit(frame, positive="ja")
    assert (result.design.scale, result.supplement.mean_decision.value) == ("binary", 0.5)
    with pytest.raises(na.DataError, match="does not occur"):
        na.audit(frame, positive="misschien")


def test_log_scale_refuses_zero_with_its_rows() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": [0.0, 1.0, -2.0, 3.0]})
    with pytest.raises(na.DataError) as caught:
        na.audit(frame, scale="log")
    assert (caught.value.code, caught.value.problems[0].rows) == ("nonpositive_values", (1, 3))


def test_grades_need_an_order() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": ["goed", "matig", "goed", "slecht"]})
    with pytest.raises(na.DataError, match="order"):
        na.audit(frame, scale="ordinal")
    result = na.audit(frame, scale="ordinal", order=("slecht", "matig", "goed"))
    assert result.supplement.mean_decision.value == pytest.approx((3 + 2 + 3 + 1) / 4)


def test_truth_that_contradicts_itself() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": [1.0, 2, 3, 4], "t": [1, 1, 2, 3]})
    with pytest.raises(na.DataError) as caught:
        na.audit(frame, case="case", judge="judge", decision="decision", truth="t")
    assert caught.value.code == "E516"


def test_wrong_setting_suggests_the_right_one() -> None:
    with pytest.raises(na.CallError, match="did you mean 'decision'"):
        na.AuditDesign(decison="score")


def test_an_order_means_grades() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": ["goed", "matig", "goed", "slecht"]})
    assert na.audit(frame, order=("slecht", "matig", "goed")).design.scale == "ordinal"
