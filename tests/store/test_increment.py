"""Night by night is the same as all at once, and a store is never half written nor silently wrong."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.aggregates.cells import joined_labels
from noiseaudit.pipeline.increment import _OF_ONE_PART, audit_increment
from noiseaudit.simulation.group_design import GroupDesign
from noiseaudit.store.container import MAGIC, VERSION, locked, read_container, write_container
from noiseaudit.store.state import _narrow, load

ROLES = {"case": "case", "judge": "judge", "decision": "decision"}


def leaves(tree: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{place}.{key}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{place}[{index}]")
    else:
        yield place, tree


def alike(one: na.AuditResult, other: na.AuditResult) -> None:
    """Every number of both results, to 1e-12 of its size (absolutely for what is near 0), and every word."""
    first, second = (dict(leaves(_without_names(result.to_dict("team")))) for result in (one, other))
    assert first.keys() == second.keys()
    for place, value in first.items():
        same = value == second[place]
        if isinstance(value, float) and isinstance(second[place], float):
            same = math.isclose(value, second[place], rel_tol=1e-12, abs_tol=1e-12)
        assert same, (place, value, second[place])


def _without_names(data: dict[str, Any]) -> dict[str, Any]:
    said = sorted(each["code"] for each in data["findings"] if each["code"] not in _OF_ONE_PART)
    rows = {key: value for key, value in data["input"].items() if key not in ("name", "sha256")}
    kept = {key: value for key, value in data.items() if key not in ("settings", "tool")}
    return kept | {"findings": said, "input": rows}


def nights(data: pd.DataFrame, count: int, *, by: str = "case") -> list[pd.DataFrame]:
    code = pd.factorize(data[by])[0] % count
    return [data[code == night] for night in range(count)]


def design(**more: Any) -> na.AuditDesign:
    return na.AuditDesign(**{**ROLES, "design": "panel", **more})


def merged(parts: list[pd.DataFrame], store: Path, settings: na.AuditDesign) -> na.AuditResult:
    for night, part in enumerate(parts):
        found = audit_increment(part, settings, store, name=f"night {night}")
    return found.result


PANELS: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {
    "amounts": (na.simulate(judges=12, cases=40, mean=1e6, seed=1).data, {}),
    "repeats": (na.simulate(judges=8, cases=40, repeats=(1, 3), seed=2).data, {"occasion": "occasion"}),
    "yes/no": (na.simulate(judges=12, cases=40, scale="binary", seed=3).data, {}),
    "words": (na.simulate(judges=12, cases=40, scale="nominal", seed=4).data, {"scale": "nominal"}),
    "grades": (na.simulate(judges=12, cases=40, scale="ordinal", seed=5).data, {"scale": "ordinal"}),
    "truth": (na.simulate(judges=12, cases=40, with_answer=True, seed=6).data, {"truth": "truth"}),
}


@pytest.mark.parametrize("name", PANELS)
def test_night_by_night_is_all_at_once(name: str, tmp_path: Path) -> None:
    data, more = PANELS[name]
    data = data.sort_values("case", kind="stable", key=lambda c: pd.factorize(c)[0] % 5)
    if name in ("words", "grades"):  # every night names the same categories
        more = {**more, "order": tuple(sorted(data["decision"].astype(str).unique()))}
        data = data.assign(decision=data["decision"].astype(str))
        if name == "words":
            more.pop("order")
    found = merged(nights(data, 5), tmp_path / "store", design(**more))
    alike(found, na.audit(data, design(**more)))


def test_cells_that_are_split_over_nights_merge(tmp_path: Path) -> None:
    data = na.simulate(judges=8, cases=30, repeats=(2, 3), seed=2).data
    parts = nights(data, 3, by="occasion")
    found = merged(parts, tmp_path / "store", design(occasion="occasion"))
    alike(found, na.audit(pd.concat(parts), design(occasion="occasion")))


def test_offices_period_and_account_add_up(tmp_path: Path) -> None:
    data = na.simulate(judges=12, cases=30, seed=2).data
    place = pd.factorize(data["judge"])[0]
    days = pd.Timestamp("2024-03-01") + pd.to_timedelta(pd.factorize(data["case"])[0], unit="D")
    data = data.assign(office=[f"office {j % 3}" for j in place], day=days.astype(str))
    data.loc[::17, "decision"] = np.nan
    settings = design(office="office", time="day", dates="ymd")
    parts = nights(data.sort_values("case", kind="stable", key=lambda c: pd.factorize(c)[0] % 4), 4)
    found, whole = merged(parts, tmp_path / "store", settings), na.audit(pd.concat(parts), settings)
    alike(found, whole)
    assert found.supplement.period == whole.supplement.period
    assert found.input.rows_read == found.input.rows_used + sum(part.n for part in found.input.rows_excluded)
    assert found.input.rows_excluded == whole.input.rows_excluded


@pytest.mark.parametrize("scale", ["continuous", "binary"])
def test_a_log_in_classes_is_the_same_in_one_go(scale: Any, tmp_path: Path) -> None:
    data = na.simulate_log(judges=20, cases=4000, scale=scale, seed=4).data.drop(columns="moment")
    settings = design(design="log", features=("x1", "x2", "channel"), comparable="classes")
    parts = [data[:2500], data[2500:3000], data[3000:]]
    found = merged(parts, tmp_path / "store", settings)
    first = audit_increment(parts[0], settings, tmp_path / "again").result
    assert found.supplement.log is not None
    assert first.supplement.log is not None
    rules = [one.rule for one in first.supplement.log.comparison.classes]
    assert [one.rule for one in found.supplement.log.comparison.classes] == rules  # learnt once, then kept
    rest = audit_increment(pd.concat(parts[1:]), settings, tmp_path / "again").result
    alike(found, rest)
    assert found.design.decisions == len(data)
    assert found.design.cases == data["case"].nunique()
    truth = na.audit(data, settings).noise.level.sd
    assert found.noise.level.sd == pytest.approx(truth, rel=0.1)


def test_groups_of_a_panel_are_the_same_night_by_night(tmp_path: Path) -> None:
    groups = GroupDesign(prevalence=(0.4, 0.3, 0.3), gap=1.2, deviating=0.2, own=True)
    data = na.simulate(judges=15, cases=120, groups=groups, seed=3).data
    data.loc[data["case"].isin(data["case"].unique()[:9]), "group"] = None
    settings = design(groups=("group",), relations=("judge_group == group",))
    parts = nights(data.sort_values("case", kind="stable", key=lambda c: pd.factorize(c)[0] % 4), 4)
    found, whole = merged(parts, tmp_path / "store", settings), na.audit(pd.concat(parts), settings)
    alike(found, whole)
    names = [[(each.group, each.relation, each.value) for each in result.groups] for result in (found, whole)]
    assert names[0] == names[1]
    assert found.supplement.groups is not None
    assert sum(note.flags or 0 for note in found.supplement.groups.notes) > 0
    one = [part[part["group"] == value] for part in parts for value in ("a", "b", "c")]  # nights with one value each
    kept = na.audit(pd.concat(one), settings)
    alike(merged(one, tmp_path / "narrow", settings), kept)
    case = one[0]["case"].iloc[-1]
    wrong = pd.DataFrame({"case": case, "judge": ["x", "y", "z"], "decision": [1.0, 2, 3], "group": "other",
                          "judge_group": "a"})  # fmt: skip
    before = (tmp_path / "store").read_bytes()
    with pytest.raises(na.CallError) as refused:
        audit_increment(wrong, settings, tmp_path / "store")
    assert refused.value.code == "parts_contradict"
    assert (tmp_path / "store").read_bytes() == before


@pytest.mark.parametrize("scale", ["continuous", "binary"])
def test_groups_of_a_log_are_the_same_night_by_night(scale: Any, tmp_path: Path) -> None:
    groups = GroupDesign(prevalence=(0.5, 0.3, 0.2), gap=1.5, deviating=0.1)
    data = na.simulate_log(judges=15, cases=4000, scale=scale, groups=groups, seed=4).data.drop(columns="moment")
    settings = design(design="log", features=("x1", "channel"), comparable="classes", groups=("group",))
    first, rest = data[:2000], [data[2000:2600], data[2600:]]
    for store in ("one", "two"):
        audit_increment(first, settings, tmp_path / store)
    found = merged(rest, tmp_path / "one", settings)
    whole = audit_increment(pd.concat(rest), settings, tmp_path / "two").result
    alike(found, whole)
    assert [group.value for group in found.groups] == ["a", "b", "c"]
    assert sum(group.tests or 0 for group in found.groups) > 0


def test_a_part_that_is_in_the_store_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    data, store = na.simulate(judges=8, cases=20, seed=1).data, tmp_path / "store"
    path = tmp_path / "a.csv"
    data.to_csv(path, index=False)
    audit_increment(path, design(), store)
    before = store.read_bytes()
    other = tmp_path / "b.csv"
    data.sample(frac=1, random_state=1).to_csv(other, index=False, sep=";")
    for again in (path, other, data):
        with pytest.raises(na.CallError, match="already") as refused:
            audit_increment(again, design(), store)
        assert refused.value.code == "part_merged"
        assert store.read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"decision": "extra"}, {"scale": "log"}, {"design": "log"}, {"exclude_judges": ("J1",)}]
)
def test_other_settings_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    data = na.simulate(judges=8, cases=20, mean=50, level=1, seed=1).data.assign(extra=1.5)
    store = tmp_path / "store"
    audit_increment(data, design(), store)
    before = store.read_bytes()
    with pytest.raises(na.CallError) as refused:
        audit_increment(
            data.assign(case="x" + data["case"].astype(str), extra=range(len(data))), design(**change), store
        )
    assert refused.value.code == "other_store"
    assert store.read_bytes() == before


def _store(path: Path) -> bytes:
    audit_increment(na.simulate(judges=8, cases=20, seed=1).data, design(), path)
    return path.read_bytes()


def test_a_damaged_cut_or_older_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    store, data = tmp_path / "store", na.simulate(judges=8, cases=20, seed=2).data
    good = _store(store)
    generator = np.random.default_rng(0)
    flips = [bytes([*good[:k], good[k] ^ 0x20, *good[k + 1 :]]) for k in generator.integers(0, len(good), 60)]
    cuts = [good[:k] for k in (*generator.integers(1, len(good), 40), len(good) - 1)]
    for wrong in [*flips, *cuts, b"x" * 5000, MAGIC, good + b"x"]:
        store.write_bytes(wrong)
        with pytest.raises(na.CallError) as refused:
            audit_increment(data, design(), store)
        assert refused.value.code == "damaged_store"
        assert store.read_bytes() == wrong
    older = bytearray(good[:-32].replace(f'"version": {VERSION}'.encode(), b'"version": 0', 1))
    store.write_bytes(older + hashlib.sha256(older).digest())
    with pytest.raises(na.CallError, match="version 0") as refused:
        audit_increment(data, design(), store)
    assert refused.value.code == "store_version"


def test_an_empty_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(na.CallError, match="no store"):
        load(tmp_path / "store")


def test_a_part_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    good = _store(store)
    with pytest.raises(na.NoiseAuditError):
        audit_increment(pd.DataFrame({"case": ["a"], "judge": ["b"], "other": [1]}), design(), store)
    assert store.read_bytes() == good
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("store", "store.lock")] == []


def test_two_updates_at_once_wait_or_are_refused(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = tmp_path / "store"
    _store(store)
    with locked(store), pytest.raises(na.CallError) as refused:
        audit_increment(na.simulate(judges=8, cases=20, seed=2).data, design(), store, wait=0.1)
    assert refused.value.code == "store_busy"
    parts = [na.simulate(judges=8, cases=20, seed=seed).data for seed in range(10, 16)]
    parts = [part.assign(case=f"{seed} " + part["case"].astype(str)) for seed, part in enumerate(parts)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda part: audit_increment(part, design(), store), parts))
    assert len(load(store).parts) == 7
    assert load(store).rows_used == 8 * 20 + sum(map(len, parts))


def test_a_store_holds_no_code_and_no_pickle(tmp_path: Path) -> None:
    _store(tmp_path / "store")
    _, arrays = read_container(tmp_path / "store")
    assert all(array.dtype.hasobject is False for array in arrays.values())


def test_drift_is_the_newest_part_against_the_store_before_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    calm = na.simulate(judges=30, cases=60, level=0.3, seed=1).data
    audit_increment(calm, design(), store)
    wide = na.simulate(judges=30, cases=60, level=0.9, seed=2).data
    wide = wide.assign(case="later " + wide["case"].astype(str))
    night = audit_increment(wide, design(), store, change=True)
    policy = na.Policy((na.Rule("level", "drift.noise.level.sd", fail=1.25),))
    assert night.part is not None
    assert night.before is not None
    assert night.before.noise.level.sd == pytest.approx(na.audit(calm, design()).noise.level.sd, rel=1e-12)
    outcome = na.check(night.result, policy, baseline=night.before, latest=night.part)
    assert outcome.status == "fail"
    assert outcome.rules[0].value > 2


def test_hostile_labels_come_back_as_they_were(tmp_path: Path) -> None:
    data = na.simulate(judges=4, cases=6, seed=1).data
    names = {name: f"{name}\x00'\";🤖é" for name in data["judge"].unique()}
    data = data.assign(judge=data["judge"].map(names))
    audit_increment(data, design(), tmp_path / "store")
    kept = load(tmp_path / "store")
    whole = na.audit(data, design())
    assert list(kept.cells.judges) == [judge.judge for judge in whole.judges]


def test_the_state_is_plain(tmp_path: Path) -> None:
    _store(tmp_path / "store")
    state = load(tmp_path / "store")
    assert json.loads(json.dumps(state.identity)) == dict(state.identity)
    assert replace(state, parts=()).rows_read == 0


@pytest.mark.parametrize("duplicates", ["ask", "drop"])
@pytest.mark.parametrize("role", [{}, {"occasion": "occasion"}, {"design": "log"}])
def test_nights_that_overlap_are_refused(duplicates: Any, role: dict[str, str], tmp_path: Path) -> None:
    """A rolling export: all rows at once would be refused (E501), or the repeats dropped."""
    if role.get("design") == "log":
        data = na.simulate_log(judges=12, cases=900, seed=3).data.drop(columns="moment")
    else:
        data = na.simulate(judges=8, cases=40, repeats=(1, 3), seed=3).data
    settings, store = design(duplicates=duplicates, **role), tmp_path / "store"
    first, second = data[:600], data[550:]
    audit_increment(first, settings, store)
    before = store.read_bytes()
    if duplicates == "ask":
        with pytest.raises(na.NoiseAuditError) as all_at_once:
            na.audit(pd.concat([first, second]), settings)
        assert "E501" in all_at_once.value.message
    for part in (second, second.sample(frac=1, random_state=1)[list(reversed(second.columns))]):
        with pytest.raises(na.CallError, match="50 of the") as refused:
            audit_increment(part, settings, store)
        assert refused.value.code == "rows_merged"
        assert store.read_bytes() == before
    assert audit_increment(data[600:], settings, store).result.design.decisions == len(data)


def test_where_repeats_are_kept_they_count_as_they_do_at_once(tmp_path: Path) -> None:
    """The same decision on two nights is no noise, to the last digit, whatever the first decision of a night was."""
    data = na.simulate(judges=10, cases=30, mean=1234.5, seed=4).data
    data["decision"] = data["decision"].round(2)
    again = data.sample(frac=0.9, random_state=4).assign(note="again")
    data, settings = data.assign(note="first"), design(duplicates="keep")
    found, whole = merged([data, again], tmp_path / "store", settings), na.audit(pd.concat([data, again]), settings)
    alike(found, whole)
    assert found.noise.occasion == whole.noise.occasion
    assert found.noise.occasion.variance == 0


def test_a_case_has_one_right_answer_in_all_parts(tmp_path: Path) -> None:
    data = na.simulate(judges=10, cases=30, with_answer=True, seed=6).data
    settings, store = design(truth="truth"), tmp_path / "store"
    half = data["judge"].isin(data["judge"].unique()[:5])
    audit_increment(data[half], settings, store)
    before = store.read_bytes()
    wrong = data[~half].assign(truth=lambda rows: rows["truth"] + 5 * (rows["case"] == rows["case"].iloc[0]))
    with pytest.raises(na.CallError, match="right answer") as refused:
        audit_increment(wrong, settings, store)
    assert refused.value.code == "parts_contradict"
    assert store.read_bytes() == before
    alike(
        audit_increment(data[~half], settings, store).result, na.audit(pd.concat([data[half], data[~half]]), settings)
    )


@pytest.mark.parametrize("scale", ["continuous", "binary"])
def test_a_log_without_features_is_that_of_one_too_large_for_memory(
    scale: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = na.simulate_log(judges=20, cases=4000, scale=scale, seed=21).data
    data["group"] = np.array(["a", "b", "c"])[np.arange(len(data)) % 3]
    settings = design(design="log", groups=("group",))
    found = merged([data[k::3] for k in range(3)], tmp_path / "store", settings)
    monkeypatch.setattr("noiseaudit.pipeline.MOST_ROWS", 0)
    whole = na.audit(data, settings)
    for part in ("system", "level", "pattern", "occasion"):
        one, other = (dict(leaves(result.to_dict()["noise"][part])) for result in (found, whole))
        assert one.keys() == other.keys()
        for place, value in one.items():
            same = value == other[place] or math.isclose(value, other[place], rel_tol=1e-12, abs_tol=1e-12)
            assert same, (part, place)
    for one, other in zip(found.groups, whole.groups, strict=True):
        assert one.systemic_gap == other.systemic_gap  # not identified without features
        assert one.raw_gap.interval == pytest.approx(other.raw_gap.interval, rel=1e-12)
        assert one.heterogeneity.variance == pytest.approx(other.heterogeneity.variance, rel=1e-12)
        assert one.heterogeneity.variance_interval == pytest.approx(other.heterogeneity.variance_interval, rel=1e-12)


def test_a_store_is_one_file_whatever_link_leads_there(tmp_path: Path) -> None:
    parts = nights(na.simulate(judges=8, cases=40, seed=1).data, 3)
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "store")
    for part in parts:
        found = audit_increment(part, design(), tmp_path / "link").result
    assert found.design.cases == 40
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["store", "store.lock"]


@pytest.mark.parametrize("wrong", [".", "/", "", "folder", "rows.csv"])
def test_what_cannot_be_a_store_is_refused_before_anything_is_written(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "rows.csv").write_text("case,judge,decision\na,b,1\n", "utf-8")
    there = sorted(tmp_path.iterdir())
    with pytest.raises(na.CallError) as refused:
        audit_increment(na.simulate(judges=8, cases=20, seed=1).data, design(), wrong)
    assert refused.value.code in ("no_such_store", "damaged_store")
    assert sorted(tmp_path.iterdir()) == there


def test_links_that_lead_in_a_circle_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    with pytest.raises(na.CallError) as refused:
        audit_increment(na.simulate(judges=8, cases=20, seed=1).data, design(), tmp_path / "one")
    assert refused.value.code == "no_such_store"


def test_right_answers_may_come_later(tmp_path: Path) -> None:
    data = na.simulate(judges=10, cases=30, with_answer=True, seed=6).data
    known = data["case"].isin(data["case"].unique()[:15])
    data["truth"] = data["truth"].where(known)
    parts, settings = [data[~known], data[known]], design(truth="truth")
    alike(merged(parts, tmp_path / "store", settings), na.audit(pd.concat(parts), settings))


def test_a_store_that_lacks_a_part_is_damaged(tmp_path: Path) -> None:
    store = tmp_path / "store"
    _store(store)
    data, arrays = read_container(store)
    for lacking in ("cells.n", "rows"):
        write_container(store, data, {key: array for key, array in arrays.items() if key != lacking})
        with pytest.raises(na.CallError) as refused:
            load(store)
        assert refused.value.code == "damaged_store"
    broken = bytearray(_store(tmp_path / "other")[:-32].replace(b"\x93NUMPY", b"\x93NUMBY", 1))
    store.write_bytes(broken + hashlib.sha256(broken).digest())
    with pytest.raises(na.CallError, match="damaged"):
        load(store)
    write_container(store, {**data, "parts": [{}]}, arrays)
    with pytest.raises(na.CallError, match="damaged"):
        load(store)


def test_rates_are_refused_whatever_the_design(tmp_path: Path) -> None:
    data = na.simulate(judges=8, cases=20, seed=1).data.assign(hours=2, decision=1)
    for kind in ("panel", "log"):
        with pytest.raises(na.CallError) as refused:
            audit_increment(data, na.AuditDesign(**ROLES, exposure="hours", design=kind), tmp_path / "store")
        assert refused.value.code == "store_needs_decisions"


def test_wide_tables_are_kept_by_the_id_of_their_cases(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {"zaak": [f"{night} {row}" for row in range(20)], **{f"Jan{j}": rng.normal(j, 1, 20) for j in range(5)}}
        )
        for night in "ab"
    ]
    settings = na.AuditDesign(case="zaak", judge_columns=("Jan*",), design="panel")
    store = tmp_path / "store"
    found = merged(tables, store, settings)
    alike(found, na.audit(pd.concat(tables), settings))
    with pytest.raises(na.CallError, match="25 of the 25 rows"):  # on other rows of another table
        audit_increment(tables[1].iloc[10:15], settings, store)
    with pytest.raises(na.CallError) as refused:
        audit_increment(tables[0].drop(columns="zaak"), settings.changed(case=None), tmp_path / "other")
    assert refused.value.code == "store_needs_cases"


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0, 1, 255], np.uint8), ([0, 256], np.uint16), ([0, 65536], np.uint32), ([0.0, 7.0], np.uint8),
     ([0.5, 1.0], np.float64), ([-1.0, 1.0], np.float64), ([np.nan, 1.0], np.float64), ([0.0, 2.0**40], np.float64)],
)  # fmt: skip
def test_whole_numbers_are_written_narrow_and_nothing_is_lost(values: list[float], kind: type) -> None:
    written = _narrow(np.array(values))
    assert written.dtype == kind
    assert np.array_equal(written, np.array(values), equal_nan=True)


def test_labels_are_joined_in_their_places_or_refused() -> None:
    first, second = pd.Index(["a", "b", "c"], dtype="str"), pd.Index(["x", "b", "y"], dtype="str")
    labels, place = joined_labels(first, second)
    assert (labels.tolist(), place.tolist()) == (["a", "b", "c", "x", "y"], [3, 1, 4])
    for one, other in ((["a", "a"], ["a"]), (["a"], ["b", "b"]), (["a"], [None]), ([None], ["a"])):
        with pytest.raises(ValueError, match="each there once"):
            joined_labels(pd.Index(one, dtype="str"), pd.Index(other, dtype="str"))
