"""What a design can tell: against brute force, against the estimators, and against following its own advice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseaudit.aggregates import Cells
from noiseaudit.estimators import overlap
from noiseaudit.estimators.overlap import Advice, Block, Overlap, describe_overlap
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.language import catalogue
from noiseaudit.result import Estimate

Seats = list[tuple[str, str]]  # (case, judge), once a decision

seats_of_small_panels = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 6)).map(lambda seat: (f"c{seat[0]}", f"j{seat[1]}")),
    min_size=1,
    max_size=30,
)


def cells_of(seats: Seats, *, seed: int = 0) -> Cells:
    case, judge = zip(*seats, strict=True)
    return Cells.from_arrays(case, judge, np.random.default_rng(seed).normal(size=len(seats)))


def described(seats: Seats) -> Overlap:
    return describe_overlap(cells_of(seats), labels=True)


def complete(judges: int, cases: int, *, block: str = "") -> Seats:
    return [(f"c{block}{i}", f"j{block}{j}") for i in range(cases) for j in range(judges)]


TWO_CASES = complete(3, 1, block="A") + complete(3, 1, block="B")


def random_seats(seed: int, *, judges: int, cases: int, widest: int) -> Seats:
    rng = np.random.default_rng(seed)
    return [
        (f"c{i}", f"j{j}")
        for i in range(cases)
        for j in rng.choice(judges, size=rng.integers(1, widest + 1), replace=False)
    ]


# The long way, in plain Python ------------------------------------------------------------------------------


def panels_of(seats: Seats) -> dict[str, set[str]]:
    """Judges per case, of cases with two judges or more."""
    panels: dict[str, set[str]] = {}
    for case, judge in seats:
        panels.setdefault(case, set()).add(judge)
    return {case: judges for case, judges in panels.items() if len(judges) > 1}


def blocks_of(judges: Iterable[str], panels: Iterable[set[str]]) -> list[set[str]]:
    """Judges joined by panels, one set a block; a judge on no panel is a block of one."""
    blocks = [{judge} for judge in sorted(judges)]
    for panel in panels:
        touched = [block for block in blocks if block & panel]
        blocks = [block for block in blocks if not block & panel] + [set().union(*touched)] if touched else blocks
    return blocks


def hinges_by_deletion(seats: Seats) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    panels = panels_of(seats)
    judges = set().union(*panels.values())
    whole = len(blocks_of(judges, panels.values()))
    without_judge = {j: blocks_of(judges - {j}, (p - {j} for p in panels.values())) for j in judges}
    without_case = {c: blocks_of(judges, (p for d, p in panels.items() if d != c)) for c in panels}
    without_cell = {
        (j, c): blocks_of(judges, (p - {j} if d == c else p for d, p in panels.items()))
        for c in panels
        for j in panels[c]
    }
    return tuple({key for key, left in found.items() if len(left) > whole}
                 for found in (without_judge, without_case, without_cell))  # fmt: skip


def assert_same_hinges(seats: Seats) -> None:
    found = described(seats)
    judges, cases, cells = hinges_by_deletion(seats)
    labels = found.labels
    assert (set(labels.hinge_judges), set(labels.hinge_cases), set(labels.hinge_cells)) == (judges, cases, cells)
    assert found.hinges == overlap.Hinges(len(judges), len(cases), len(cells), len({judge for judge, _ in cells}))


@settings(max_examples=150, deadline=None)
@given(seats_of_small_panels)
def test_hinges_are_what_splits_a_block_when_it_is_deleted(seats: Seats) -> None:
    assert_same_hinges(seats)


@pytest.mark.parametrize("widest", [2, 3, 6])
@pytest.mark.parametrize("cases", [20, 35, 60])
@pytest.mark.parametrize("seed", range(3))
def test_hinges_of_larger_panels(seed: int, cases: int, widest: int) -> None:
    assert_same_hinges(random_seats(seed, judges=30, cases=cases, widest=widest))


def test_hinges_of_known_designs() -> None:
    star = [(f"c{k}", judge) for k in range(4) for judge in ("hub", f"j{k}")]
    assert described(star).hinges == overlap.Hinges(judges=1, cases=4, cells=8, judges_on_one_case=5)
    ring = [(f"c{k}", f"j{(k + s) % 5}") for k in range(5) for s in (0, 1)]
    two = complete(3, 4, block="A") + complete(3, 4, block="B")
    assert described(ring).hinges == described(two).hinges == overlap.Hinges(0, 0, 0, 0)
    joined = described([*two, ("bridge", "jA0"), ("bridge", "jB0")]).labels
    assert (joined.hinge_judges, joined.hinge_cases) == (("jA0", "jB0"), ("bridge",))
    assert joined.hinge_cells == (("jA0", "bridge"), ("jB0", "bridge"))


@pytest.mark.parametrize("table", [16_000_000, 50])
@pytest.mark.parametrize("wide", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("judges", [4, 25])
def test_pairs_by_hand(judges: int, wide: float, table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the table is cut, and whichever product fills it."""
    monkeypatch.setattr(overlap, "_TABLE", table)
    monkeypatch.setattr(overlap, "_BLOCK", 7 * judges)
    monkeypatch.setattr(overlap, "_WIDE", wide)
    seats = random_seats(1, judges=judges, cases=90, widest=4) + complete(3, 25) + [("lonely", "nobody's colleague")]
    panels, people = panels_of(seats).values(), sorted({judge for _, judge in seats})
    shared = {pair: sum(set(pair) <= panel for panel in panels) for pair in combinations(people, 2)}
    bins = [sum(low <= n < high for n in shared.values()) for low, high in pairwise([0, 1, 5, 20, 1000])]
    met = [sum(n > 0 for pair, n in shared.items() if judge in pair) for judge in people]
    assert described(seats).pairs == overlap.Pairs(*bins, (0, np.median(met), max(met)))


@settings(max_examples=100, deadline=None)
@given(seats_of_small_panels)
def test_counts_by_hand(seats: Seats) -> None:
    found, panels = described(seats), panels_of(seats)
    cells = Counter(seats)
    per_case = Counter(case for case, _ in cells)
    shared = sum(n for (case, _), n in cells.items() if case in panels)
    judges, linked = {judge for _, judge in seats}, set().union(*panels.values())
    assert found.counts == overlap.Counts(
        judges=len(judges),
        cases=len(per_case),
        cells=len(cells),
        decisions=len(seats),
        cases_by_judges=tuple(sum(hit(n) for n in per_case.values()) for hit in ((1).__eq__, (2).__eq__, (2).__lt__)),
        replicated_cells=sum(n > 1 for n in cells.values()),
        repeats=len(seats) - len(cells),
        judges_repeating=len({judge for (_, judge), n in cells.items() if n > 1}),
        shared_decisions=shared,
        shared_share=shared / len(seats),
        kind="panel" if shared >= len(seats) / 2 else "log",
    )
    joined = blocks_of(linked, panels.values())
    blocks = [Block(len(block), sum(panel <= block for panel in panels.values())) for block in joined]
    assert found.blocks.number == len(blocks)
    assert list(found.blocks.largest) == sorted(blocks, key=lambda b: (-b.judges, -b.cases))
    assert set(found.labels.judges_alone) == judges - linked
    assert found.blocks.judges_alone == len(judges - linked)
    N, J, C, G = sum(map(len, panels.values())), len(linked), len(panels), len(blocks)
    assert found.freedom == overlap.Freedom(J - G, N - C - J + G, thin=N - C - J + G < 2 * (J - G))


def test_blocks_beyond_twenty_are_counted_and_not_listed() -> None:
    blocks = described([seat for k in range(25) for seat in complete(2 + k % 3, 3, block=f"{k}-")]).blocks
    assert (blocks.number, len(blocks.largest)) == (25, 20)
    assert [block.judges for block in blocks.largest] == [4] * 8 + [3] * 8 + [2] * 4


# The same rules as the estimators -----------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(seats_of_small_panels, st.integers(0, 3), st.data())
def test_parts_are_what_the_estimators_return(seats: Seats, seed: int, data: st.DataObject) -> None:
    cells = cells_of(seats, seed=seed)
    if data.draw(st.booleans()):  # cells can be excluded while their labels stay
        cells = cells.where(cells.judge != data.draw(st.integers(0, 2)))
    found = estimate_panel(cells)
    for part in describe_overlap(cells).parts:
        component = getattr(found, part.part)
        assert part.possible == isinstance(component, Estimate), part
        if not part.possible:
            assert (part.reason, part.interval) == (component.reason, False)
        elif not part.interval:
            assert component.variance_interval is None
            assert component.interval_reason == part.reason
        else:
            assert part.reason is None
            positive = component.variance > 0 and not (part.part == "stable_pattern" and found.pattern.variance <= 0)
            assert positive <= (component.variance_interval is not None), part


@pytest.mark.parametrize(
    ("seats", "reasons"),
    [
        ([("c1", "a"), ("c2", "a")], ["single_judge"] * 4 + ["no_replicates"]),
        ([("c1", "a"), ("c2", "b")], ["no_shared_cases"] * 4 + ["no_replicates"]),
        ([("c1", "a"), ("c1", "a"), ("c2", "b")], ["no_shared_cases"] * 4 + [None]),
        (complete(4, 1), [None] + ["single_case"] * 3 + ["no_replicates"]),
        (TWO_CASES, [None] + ["no_interaction_df"] * 2 + ["no_replicates"] * 2),
        (TWO_CASES * 2, [None] + ["no_interaction_df"] * 4),
        (complete(2, 9), ["too_few_judges"] * 3 + ["no_replicates"] * 2),
        (complete(4, 9), [None] * 3 + ["no_replicates"] * 2),
        (complete(4, 9) + complete(2, 3), [None] * 5),
    ],
)  # fmt: skip
def test_reasons_of_known_designs(seats: Seats, reasons: list[str | None]) -> None:
    assert [part.reason for part in described(seats).parts] == reasons


# Advice: follow it, and nothing is left to advise ---------------------------------------------------------------


def follow(seats: Seats, advice: Advice, *, fewer: int = 0) -> Seats:
    """The data after the advice, all of it but the last `fewer` judges or judgments."""
    more, values = list(seats), advice.values
    panels = panels_of(seats)
    linked = sorted(set().union(*panels.values()))
    alone = sorted({judge for _, judge in seats} - set(linked))
    fresh = (f"fresh {advice.code} {k}" for k in range(100_000))
    newcomers = [*alone, *(f"new {k}" for k in range(values.get("judges", 0)))]

    def share(judges: Iterable[str], cases: int) -> None:
        for _ in range(cases):
            case = next(fresh)
            more.extend((case, judge) for judge in judges)

    match advice.code:
        case "share_cases":
            share(newcomers[: values["judges"]], values["cases"])
        case "join_blocks":
            first, *others = blocks_of(linked, panels.values())
            assert (len(others), values["links"] * values["per_link"]) == (values["links"], values["cases"])
            for other in others:
                share((min(first), min(other)), values["per_link"])
        case "add_cases":
            share(linked, values["cases"])
        case "add_judges" | "join_alone":
            for judge in newcomers[: values["judges"] - fewer]:
                share((linked[0], judge), values["cases"])
        case "add_overlap":
            left = values["judgments"] - fewer
            while left:
                now = min(left, len(linked) - 1)
                share(linked[: now + 1], 1)  # the first judgment of a new case overlaps with nobody's
                left -= now
        case "add_repeats":
            steady = {judge for (_, judge), n in Counter(seats).items() if n > 1}
            known = {judge for _, judge in seats}
            for judge in [*sorted(known - steady), *sorted(steady)][: values["judges"]]:
                more.extend((case, judge) for case in [next(fresh) for _ in range(values["cases"])] for _ in range(2))
        case unknown:
            raise AssertionError(unknown)
    return more


def assert_advice_suffices(seats: Seats) -> None:
    first = described(seats).advice
    for advice in first:
        seats = follow(seats, advice)
    left = described(seats)
    # one panel is enough to measure noise; only then can those outside it be asked to join
    one_panel = any(advice.code == "share_cases" for advice in first)
    assert {advice.code for advice in left.advice} <= ({"join_alone"} if one_panel else set())
    assert all(part.possible and part.interval for part in left.parts)
    assert (left.freedom.judges >= 9, left.freedom.thin) == (True, False)


@settings(max_examples=100, deadline=None)
@given(seats_of_small_panels)
def test_following_the_advice_leaves_nothing_to_advise(seats: Seats) -> None:
    assert_advice_suffices(seats)


@pytest.mark.parametrize("cases", [30, 45, 90])
def test_following_the_advice_of_thin_panels(cases: int) -> None:
    assert_advice_suffices(random_seats(cases, judges=40, cases=cases, widest=3))


@pytest.mark.parametrize(("judges", "cases"), [(12, 20), (40, 50), (40, 77)])
def test_not_one_judgment_more_than_thin_overlap_needs(judges: int, cases: int) -> None:
    seats = random_seats(2, judges=judges, cases=cases, widest=2)
    *before, last = [a for a in described(seats).advice if a.code in ("join_blocks", "add_overlap")]
    for advice in before:
        seats = follow(seats, advice)
    assert described(follow(seats, last, fewer=1)).freedom.thin
    enough = described(follow(seats, last)).freedom
    assert enough.interaction == 2 * enough.judges


def test_not_one_judge_more_than_intervals_need() -> None:
    seats = complete(4, 12)
    few = described(seats).advice[0]
    assert few == Advice("add_judges", {"judges": 6, "cases": 10, "enough": 10})
    assert [described(follow(seats, few, fewer=n)).freedom.judges for n in (1, 0)] == [8, 9]


def test_repeats_advised_and_at_hand() -> None:
    full = complete(12, 20)

    def asked(repeated: Seats) -> tuple[int, int]:
        values = described(full + repeated).advice[0].values
        return values["judges"], values["cases"]

    assert asked([]) == (5, 7)
    assert asked(complete(6, 4)) == (5, 2)  # 24 repeats by 6 judges
    assert asked([(f"c{i}", "j0") for i in range(20)] * 2) == (4, 7)  # 40, but they tell of one judge only
    assert described(full + complete(6, 6)).advice == ()


def test_advice_has_its_words() -> None:
    say = catalogue("en")
    designs = [
        [("c1", "a")], complete(4, 1), TWO_CASES,
        [*complete(11, 4), ("x", "outsider")], random_seats(2, judges=12, cases=20, widest=2),
    ]  # fmt: skip
    advice = [advice for seats in designs for advice in described(seats).advice]
    said = {key: say(key, **a.values) for a in advice for key in (f"{a.key}.do", f"{a.key}.why")}
    assert set(said) == {key for key in say.sentences if key.startswith("advice.")}
    assert "{" not in " ".join(said.values())


# Laws, privacy, edges, size -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seats_of_small_panels, st.randoms(use_true_random=False))
def test_row_order_labels_and_decisions_change_nothing(seats: Seats, chance) -> None:
    mixed = [(f"Ω{case}", judge[::-1]) for case, judge in chance.sample(seats, len(seats))]
    plain = describe_overlap(cells_of(seats))
    assert describe_overlap(cells_of(mixed, seed=9)) == plain
    cells = cells_of(seats)
    three = replace(cells, mean=np.full((len(cells), 3), np.nan), m2=np.ones((len(cells), 3)), shift=Decimal(7))
    assert describe_overlap(three) == plain


def test_nobody_is_named_unless_asked_for() -> None:
    seats = [*complete(3, 4), ("c0", "Bob"), ("c99", "Ada")]
    cells = cells_of([(f"file of {case}", f"Judge {judge}") for case, judge in seats])
    public = json.dumps(asdict(describe_overlap(cells)), allow_nan=False)
    assert not any(name in public for name in ("Judge", "file"))
    own = describe_overlap(cells, labels=True)
    assert own.labels == overlap.Labels(("Judge Ada",), (), ("file of c0",), (("Judge Bob", "file of c0"),))
    assert replace(own, labels=None) == describe_overlap(cells)
    json.dumps(asdict(own), allow_nan=False)


@pytest.mark.parametrize("left", ["labels", "nothing"])
def test_no_cells(left: str) -> None:
    """All rows excluded: nothing is there, nothing is NaN, and the reason is the estimators'."""
    full = cells_of(complete(3, 3))
    cells = full.where(full.n > 1) if left == "labels" else Cells.from_arrays([], [], [])
    found = describe_overlap(cells, labels=True)
    assert (found.counts.judges, found.counts.cases, found.counts.shared_share, found.counts.kind) == (0, 0, None, None)
    assert found.blocks == overlap.Blocks(0, (), 0)
    assert found.pairs == overlap.Pairs(0, 0, 0, 0, None)
    assert found.freedom == overlap.Freedom(0, 0, thin=False)
    estimate = estimate_panel(cells)
    assert all(part.reason == getattr(estimate, part.part).reason for part in found.parts)
    assert [advice.code for advice in found.advice] == ["share_cases", "add_repeats"]


def test_one_judge_and_one_case() -> None:
    alone = described([(f"c{i}", "a") for i in range(5)])
    assert alone.pairs == overlap.Pairs(0, 0, 0, 0, (0, 0.0, 0))
    assert alone.advice[0] == Advice("share_cases", {"judges": 10, "cases": 10})
    single = described(complete(12, 1))
    assert single.freedom == overlap.Freedom(11, 0, thin=True)
    assert single.hinges == overlap.Hinges(judges=0, cases=1, cells=12, judges_on_one_case=12)
    assert single.advice[0] == Advice("add_cases", {"judges": 12, "cases": 9})


def test_two_blocks() -> None:
    found = described(complete(12, 5, block="A") + complete(6, 9, block="B"))
    assert found.blocks == overlap.Blocks(2, (Block(12, 5), Block(6, 9)), 0)
    assert found.advice[0] == Advice("join_blocks", {"blocks": 2, "links": 1, "per_link": 10, "cases": 10})
    assert found.pairs.share_0 == 12 * 6


def test_half_of_the_decisions_make_a_panel() -> None:
    for others, kind in ((4, "panel"), (5, "log")):
        assert described([*complete(2, 2), *((f"x{k}", "j0") for k in range(others))]).counts.kind == kind


def test_five_thousand_judges() -> None:
    """Each case has judges i, i + 1 and i + 2500: pairs at distance 1 and 2499 once, at distance 2500 twice."""
    i = np.repeat(np.arange(5000), 3)
    found = describe_overlap(Cells.from_arrays(i, (i + np.tile([0, 1, 2500], 5000)) % 5000, np.zeros(len(i))))
    assert found.pairs == overlap.Pairs(5000 * 4999 // 2 - 12_500, 12_500, 0, 0, (5, 5.0, 5))
    assert found.hinges == overlap.Hinges(0, 0, 0, 0)
