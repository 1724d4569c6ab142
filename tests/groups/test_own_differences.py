"""What each professional does where a relation holds: against brute force, and against the truth of simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.own_differences import OwnDifferences, own_differences

RELATION = "office == of"


def draw(
    seed: int,
    *,
    judges: int = 12,
    countries: int = 4,
    cases: int = 240,
    per: int = 6,
    own: float = 0.0,
    others: int = 1,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a panel and the true own differences: a third of the judges have `own`. others: foreign cases."""
    rng = np.random.default_rng(seed)
    truth = np.where(np.arange(judges) % 3 == 0, own, 0.0)
    judge = np.concatenate([rng.permutation(judges)[:per] for _ in range(cases)])
    case = np.repeat(np.arange(cases), per)
    of, office = case % (countries + others), judge % countries
    x = rng.normal(size=cases)[case] + 0.5 * rng.normal(size=judges)[judge] + 0.7 * rng.normal(size=len(case))
    x += truth[judge] * (of == office)
    return pd.DataFrame({"case": case, "judge": judge, "decision": x, "office": office, "of": of}), truth


def measured(rows: pd.DataFrame, **more: np.ndarray) -> OwnDifferences:
    """By judge 0, 1, ...: the rows are put in the order of the cells."""
    cells = na.Cells.from_arrays(rows["case"], rows["judge"], rows["decision"])
    flag = (rows["office"] == rows["of"]).to_numpy()[order(rows, cells)]
    found = own_differences(cells, flag, **more)
    assert isinstance(found, OwnDifferences)
    places = np.argsort(np.array([int(label) for label in cells.judges]))
    return OwnDifferences(*(getattr(found, name)[places] for name in ("value", "se", "df", "p")))


def order(rows: pd.DataFrame, cells: na.Cells) -> np.ndarray:
    """Position in the rows of every cell."""
    at = {pair: k for k, pair in enumerate(zip(rows["case"].astype(str), rows["judge"].astype(str), strict=True))}
    pairs = zip(cells.case, cells.judge, strict=True)
    return np.array([at[str(cells.cases[i]), str(cells.judges[j])] for i, j in pairs])


def test_a_case_is_worth_what_the_others_say() -> None:
    rows, _ = draw(1, judges=6, countries=3, cases=120, per=4, own=1.0)
    found = measured(rows)
    case, judge, x = (rows[name].to_numpy() for name in ("case", "judge", "decision"))
    flag = (rows["office"] == rows["of"]).to_numpy()
    design = np.column_stack([case[:, None] == np.arange(120), judge[:, None] == np.arange(1, 6)]).astype(float)

    def without(k: int) -> float:
        kept = ~flag & (np.arange(len(x)) != k)
        return float(x[k] - design[k] @ np.linalg.lstsq(design[kept], x[kept], rcond=None)[0])

    rho = np.array([without(k) for k in range(len(x))])
    for j in range(6):
        own = rho[(judge == j) & flag].mean() - rho[(judge == j) & ~flag].mean()
        assert found.value[j] == pytest.approx(own, abs=1e-9)


def test_what_all_do_alike_is_found_where_no_gap_is() -> None:
    """Everybody favours the own office by 1: nobody differs from the peers, and everybody does it."""
    rows, _ = draw(2, judges=9, countries=3, cases=300, per=9)
    rows["decision"] += 1.0 * (rows["office"] == rows["of"])
    result = na.audit(rows, case="case", judge="judge", decision="decision", relations=[RELATION])
    [relation], [note] = result.groups, result.supplement.groups.notes
    assert (note.flags, note.differences, note.clear_differences) == (0, 9, 9)
    for judge in relation.judges:
        low, high = judge.difference_interval
        assert low < judge.difference < high
        assert judge.difference == pytest.approx(1.0, abs=0.4)
        assert judge.difference_q < 0.05


def test_two_offices_alone_cannot_tell() -> None:
    """Cases of A are seen by B without the relation, cases of B by A: nothing says what a case is worth to both."""
    rows, _ = draw(3, judges=8, countries=2, cases=100, per=8, others=0)
    assert np.isnan(measured(rows).value).all()
    result = na.audit(rows, case="case", judge="judge", decision="decision", relations=[RELATION])
    assert {judge.difference for judge in result.groups[0].judges} == {None}
    assert not result.supplement.groups.notes[0].differences
    assert np.isfinite(measured(draw(3, judges=8, countries=2, cases=100, per=8, others=1)[0]).value).all()


def test_cells_of_which_the_flag_is_not_known_do_not_count() -> None:
    rows, _ = draw(4)
    cells = na.Cells.from_arrays(rows["case"], rows["judge"], rows["decision"])
    known = np.arange(len(cells.case)) % 5 > 0
    flag = (rows["office"] == rows["of"]).to_numpy()[order(rows, cells)]
    part = own_differences(cells.where(known), flag[known])
    whole = own_differences(cells, flag, known=known)
    assert isinstance(whole, OwnDifferences)
    np.testing.assert_allclose(whole.value, part.value)
    assert np.isfinite(whole.value).any()
    assert isinstance(own_differences(cells, np.ones(len(flag), dtype=bool)), NotIdentified)


def test_intervals_hold_the_truth() -> None:
    held = []
    for seed in range(60):
        rows, truth = draw(seed, own=0.8)
        found = measured(rows)
        reach = stats.t.ppf(0.975, found.df) * found.se
        held += (np.abs(found.value - truth) <= reach)[np.isfinite(reach)].tolist()
    assert len(held) > 600
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
