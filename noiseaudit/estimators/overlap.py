"""What a design can tell before any figure is computed: who overlaps with whom, and what that can separate.

Over the cells on cases with two judges or more (N cells, C cases, J judges, G blocks):

    dJ = J - G ;  H0 = N - C - J + G ;  thin overlap: H0 < 2 dJ
    system: J >= 2 ;  level, pattern: C >= 2 and N > J (some judge shares two cases) ;  occasion: sum (m - 1) > 0
    panel: at least half of the decisions lie on these cases, else log

Advice is in the order in which to follow it; each figure counts on what stands before it:

    joining two blocks, or a new judge, with c cases:  dJ + 1, H0 + c - 1 ;  any other judgment of such a case:  H0 + 1
    noise of a link of c cases: 2 P/c, against L: below L at c = 10 as long as P < 5 L
    repeats: Var(O) = 2 O^2/df, so a relative standard error of 1/4 takes df = 32

No decision is read, only who judged what. Hinges after Tarjan (1972), on the certificate of Cheriyan et al. (1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph
from threadpoolctl import threadpool_limits

from noiseaudit.aggregates import Cells
from noiseaudit.aggregates.cells import Codes
from noiseaudit.estimators.intervals import MANY_JUDGES
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.panel import unanswerable

PartName = Literal["system", "level", "pattern", "stable_pattern", "occasion"]
Mask = npt.NDArray[np.bool_]

LISTED_BLOCKS = 20
LINK_CASES = 10  # shared cases for a link, and for a new judge
ENOUGH_REPEATS = 32
ENOUGH_REPEATERS = 5  # a repeat tells how steady one judge is; fewer judges are not to be spoken of in public either

_TABLE = 16_000_000  # numbers of the judge x judge table held at a time: the whole of it up to 4,000 judges
_BLOCK = 4_000_000  # numbers of a dense block of cases
_WIDE = 0.05  # share of the judges on one case from which a dense product beats a sparse one


@dataclass(frozen=True)
class Counts:
    """What there is, of all used decisions; cases by their number of judges: 1, 2, and 3 or more.

    repeats: sum (m - 1), the degrees of freedom of occasion noise, by `judges_repeating` judges.
    shared_decisions lie on cases with two judges or more; shared_share and kind are None where nothing was decided.
    """

    judges: int
    cases: int
    cells: int
    decisions: int
    cases_by_judges: tuple[int, int, int]
    replicated_cells: int
    repeats: int
    judges_repeating: int
    shared_decisions: int
    shared_share: float | None
    kind: Literal["panel", "log"] | None


@dataclass(frozen=True)
class Block:
    """Judges who hang together by shared cases, and the number of these cases."""

    judges: int
    cases: int


@dataclass(frozen=True)
class Blocks:
    """Linked blocks, the 20 largest listed, largest first; `judges_alone` share no case with anybody."""

    number: int
    largest: tuple[Block, ...]
    judges_alone: int


@dataclass(frozen=True)
class Pairs:
    """Pairs of judges by the number of cases they share; least, median and most colleagues met by a judge."""

    share_0: int
    share_1_4: int
    share_5_19: int
    share_20: int
    colleagues: tuple[int, float, int] | None


@dataclass(frozen=True)
class Hinges:
    """What alone holds a block together: without it, some of its judges are no longer linked to the others.

    judges, cases: cut vertices of the graph of judges and cases; cells: its bridges, one judge on one case;
    judges_on_one_case: the judges at these bridges, who are linked to some or all others by that case only.
    """

    judges: int
    cases: int
    cells: int
    judges_on_one_case: int


@dataclass(frozen=True)
class Freedom:
    """Degrees of freedom of the judges, dJ, and of the interaction, H0; thin where H0 < 2 dJ."""

    judges: int
    interaction: int
    thin: bool


@dataclass(frozen=True)
class Separable:
    """Whether a part of the noise can be estimated, and have an interval; `reason` says why not, for either.

    It speaks of the design: where nobody disagrees every part is 0, and an estimate of 0 can lack its interval.
    """

    part: PartName
    possible: bool
    interval: bool
    reason: str | None


@dataclass(frozen=True)
class Advice:
    """What to add to the data; `values` fill the sentences `{key}.do` and `{key}.why` of the catalogue."""

    code: str
    values: Mapping[str, int]

    @property
    def key(self) -> str:
        """Where the catalogue holds the words."""
        return f"advice.{self.code}"


@dataclass(frozen=True)
class Labels:
    """Who and what stands behind the counts, in the order of the cells. For the analyst's eyes, never for a file."""

    judges_alone: tuple[str, ...]
    hinge_judges: tuple[str, ...]
    hinge_cases: tuple[str, ...]
    hinge_cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Overlap:
    """A design in plain numbers, ready for `dataclasses.asdict`. It names nobody, unless `labels` were asked for."""

    counts: Counts
    blocks: Blocks
    pairs: Pairs
    hinges: Hinges
    freedom: Freedom
    parts: tuple[Separable, ...]
    advice: tuple[Advice, ...]
    labels: Labels | None = None


def describe_overlap(cells: Cells, *, labels: bool = False) -> Overlap:
    """The design of a cell table; with labels=True also the names behind the counts, to be kept in memory.

    Time and memory follow the cells and the pairs of judges that share a case, never cases x cases.
    """
    nothing = np.empty((len(cells), 0))  # no decision is read, so none is carried along
    linked = Linked.of(replace(cells, mean=nothing, m2=nothing))
    counts = _count(cells)
    alone = np.setdiff1d(cells.judge, linked.judge_index)
    cut_judge = _cut_judges(linked)
    cut_case, bridge = _cut_cases(linked)
    at_bridge = linked.judge[bridge]
    names = None
    if labels:
        judge, case = cells.judges[linked.judge_index], cells.cases[linked.case_index]
        bridges = zip(judge[at_bridge], case[linked.case[bridge]], strict=True)
        names = Labels(tuple(cells.judges[alone]), tuple(judge[cut_judge]), tuple(case[cut_case]), tuple(bridges))
    return Overlap(
        counts=counts,
        blocks=_blocks(linked, len(alone)),
        pairs=_pairs(linked, counts.judges),
        hinges=Hinges(int(cut_judge.sum()), int(cut_case.sum()), len(at_bridge), len(np.unique(at_bridge))),
        freedom=Freedom(linked.dJ, linked.H0, thin=2 * linked.dJ > linked.H0),
        parts=_parts(cells, linked),
        advice=_advice(counts, linked, len(alone)),
        labels=names,
    )


def _count(cells: Cells) -> Counts:
    judges = cells.judges_per_case
    cases, one, two = (int(hit.sum()) for hit in (judges > 0, judges == 1, judges == 2))
    repeating = cells.n > 1
    decisions, shared = int(cells.n.sum()), int(cells.n[judges[cells.case] >= 2].sum())
    return Counts(
        judges=len(np.unique(cells.judge)),
        cases=cases,
        cells=len(cells),
        decisions=decisions,
        cases_by_judges=(one, two, cases - one - two),
        replicated_cells=int(repeating.sum()),
        repeats=decisions - len(cells),
        judges_repeating=len(np.unique(cells.judge[repeating])),
        shared_decisions=shared,
        shared_share=shared / decisions if decisions else None,
        kind=None if not decisions else "panel" if 2 * shared >= decisions else "log",
    )


def _blocks(linked: Linked, alone: int) -> Blocks:
    if not len(linked):
        return Blocks(0, (), alone)
    judges = np.bincount(linked.block)
    cases = np.bincount(linked.block[linked.judge[linked.starts]])
    largest = np.lexsort((-cases, -judges))[:LISTED_BLOCKS]
    return Blocks(linked.blocks, tuple(Block(int(judges[b]), int(cases[b])) for b in largest), alone)


def _pairs(linked: Linked, judges: int) -> Pairs:
    """Counts off the table N_jk, the number of cases that judges j and k share."""
    bounds = (1, 5, 20)
    met = np.zeros(judges, dtype=np.intp)  # those who meet nobody come last
    pairs = -np.bincount(np.digitize(linked.per_judge, bounds), minlength=4)  # takes the diagonal off
    begin = 0
    for rows in _shared_cases(linked):
        end = begin + rows.shape[0]
        met[begin:end] = np.diff(rows.indptr) - 1
        pairs += np.bincount(np.digitize(rows.data, bounds), minlength=4)
        begin = end
    few, some, many = (int(n) // 2 for n in pairs[1:])
    colleagues = (int(met.min()), float(np.median(met)), int(met.max())) if judges else None
    return Pairs(judges * (judges - 1) // 2 - few - some - many, few, some, many, colleagues)


def _shared_cases(linked: Linked) -> Iterator[sparse.csr_array]:
    """Rows (b, J) of N_jk, diagonal included, without the zeros; all rows in order, some millions of numbers at a time.

    Single precision counts exactly up to 2^24, and what is more stays more.
    """
    if not len(linked):
        return
    table = linked.incidence(np.ones(len(linked), dtype=np.float32))
    wide = linked.per_case > _WIDE * linked.J
    broad, narrow = table[wide], table[~wide]
    by_judge = narrow.tocsc()
    load = linked.over_judge(linked.per_case[linked.case].astype(np.float64)).clip(max=linked.J)
    if broad.shape[0]:
        load[:] = linked.J  # a dense product fills the row
    part = (np.cumsum(load) - load) // _TABLE
    for begin, end in pairwise([*np.flatnonzero(np.diff(part, prepend=-1)).tolist(), linked.J]):
        rows = by_judge[:, begin:end].T @ narrow
        if broad.shape[0]:
            dense, step = rows.toarray(), max(1, _BLOCK // linked.J)
            with threadpool_limits(limits=1 if linked.J < 3000 else None, user_api="blas"):
                for at in range(0, broad.shape[0], step):
                    block = broad[at : at + step].toarray()
                    dense += block[:, begin:end].T @ block
            rows = sparse.csr_array(dense)
        yield rows


def _cut_judges(linked: Linked) -> Mask:
    """(J,) judges without whom their block falls apart.

    A case is laid out as a ring of its judges: whoever leaves, the others stay joined. Of this graph two breadth-first
    forests, the second one on what the first leaves, have the same cut vertices as the whole.
    """
    if not len(linked):
        return np.zeros(0, dtype=bool)
    J, here, after = linked.J, linked.judge, np.arange(1, len(linked) + 1)
    after[linked.starts + linked.per_case - 1] = linked.starts
    graph = _graph(np.minimum(here, here[after]), np.maximum(here, here[after]), J).tocoo()
    edges = graph.row.astype(np.intp) * J + graph.col
    kept = []
    for _ in range(2):
        u, v = np.divmod(edges, J)
        parent = _walk(u, v, J, search=csgraph.breadth_first_order)[1]
        child = np.flatnonzero(parent < J)
        kept.append(np.minimum(parent[child], child) * J + np.maximum(parent[child], child))
        edges = np.setdiff1d(edges, kept[-1], assume_unique=True)
    u, v = np.divmod(np.concatenate(kept), J)
    return _cuts(u, v, J)[0]


def _cut_cases(linked: Linked) -> tuple[Mask, Mask]:
    """(C,) cases without which their block falls apart, and (N,) cells that are bridges.

    Both lie on a spanning forest, on a case that the forest runs through. These cases, and those of a second forest on
    the other cases, hold the judges together as all cases do, whichever is taken away: at most 2 (J - G) of them.
    """
    kept, bridges = np.zeros(linked.C, dtype=bool), np.zeros(len(linked), dtype=bool)
    if not len(linked):
        return kept, bridges
    for _ in range(2):
        judge, case = (codes[~kept[linked.case]] for codes in (linked.judge, linked.case))
        forest = csgraph.minimum_spanning_tree(_graph(judge, linked.J + case, linked.J + linked.C)).tocoo()
        kept |= np.bincount(forest.col - linked.J, minlength=linked.C) >= 2
    cells = np.flatnonzero(kept[linked.case])
    place = linked.J - 1 + np.cumsum(kept)
    cut, bridges[cells] = _cuts(linked.judge[cells], place[linked.case[cells]], linked.J + int(kept.sum()))
    kept[kept] = cut[linked.J :]
    return kept, bridges


def _cuts(u: Codes, v: Codes, size: int) -> tuple[Mask, Mask]:
    """Cut vertices (size,) and bridges (E,) of a graph of edges u - v, none of them twice.

    low = the earliest vertex that a vertex and all below it in a depth-first tree reach by edges outside the tree
    """
    order, parent = _walk(u, v, size, search=csgraph.depth_first_order)
    rank = np.full(size + 1, -1)
    rank[order] = np.arange(size)
    below, above = np.where(rank[u] > rank[v], (u, v), (v, u))
    tree = parent[below] == above
    low = rank.copy()
    np.minimum.at(low, below[~tree], rank[above[~tree]])
    lows, parents = low.tolist(), parent.tolist()
    for vertex in order[::-1].tolist():
        lows[parents[vertex]] = min(lows[parents[vertex]], lows[vertex])
    low = np.asarray(lows)
    child = np.flatnonzero(parent < size)
    held = parent[child[low[child] >= rank[parent[child]]]]
    # the first vertex of a component holds whatever is below it; it cuts from two such branches on
    return np.bincount(held, minlength=size) > (parent == size), tree & (low[below] > rank[above])


def _walk(u: Codes, v: Codes, size: int, *, search: Callable[..., tuple[Codes, Codes]]) -> tuple[Codes, Codes]:
    """(size,) vertices in the order of a search through every component, and their parents: `size` for the first."""
    first = np.unique(csgraph.connected_components(_graph(u, v, size), directed=False)[1], return_index=True)[1]
    # a root beside the graph, tied to one vertex of every component
    u, v = np.append(u, np.full(len(first), size)), np.append(v, first)
    order, parent = search(_graph(u, v, size + 1), size, directed=False)
    return order[1:].astype(np.intp), parent[:size].astype(np.intp)


def _graph(u: Codes, v: Codes, size: int) -> sparse.csr_array:
    return sparse.coo_array((np.ones(len(u)), (u, v)), shape=(size, size)).tocsr()


def _parts(cells: Cells, linked: Linked) -> tuple[Separable, ...]:
    """The edge rules of `estimate_panel`, from the design alone."""
    whole = unanswerable(cells, linked)
    inner = whole or ("single_case" if linked.C == 1 else "no_interaction_df" if len(linked) == linked.J else None)
    repeats = None if linked.replicated else "no_replicates"
    few = "too_few_judges" if linked.J < 3 else None
    apart = whole is not None or linked.C == 1  # no joint fit: repeats then speak for themselves

    def part(name: PartName, missing: str | None, vague: str | None) -> Separable:
        reason = missing or vague
        return Separable(name, possible=missing is None, interval=reason is None, reason=reason)

    return (
        part("system", whole, few),
        part("level", inner, few),
        part("pattern", inner, few),
        part("stable_pattern", inner if apart else repeats or inner, few),
        part("occasion", repeats, None if apart else inner or few),
    )


def _advice(counts: Counts, linked: Linked, alone: int) -> tuple[Advice, ...]:
    """What is missing, in the order in which to add it; the figures are derived at the top of this file."""
    found: dict[str, dict[str, int]] = {}
    enough = MANY_JUDGES + 1  # of one block
    if linked.J < 2:
        found["share_cases"] = {"judges": enough, "cases": LINK_CASES}
    else:
        links = linked.blocks - 1
        more = max(0, MANY_JUDGES - linked.dJ - links)
        thin = 2 * linked.dJ - linked.H0 - (LINK_CASES - 3) * (links + more)  # each: H0 + 9, 2 dJ + 2
        if links:
            cases = LINK_CASES * links
            found["join_blocks"] = {"blocks": linked.blocks, "links": links, "per_link": LINK_CASES, "cases": cases}
        if linked.C == 1:
            found["add_cases"] = {"judges": linked.J, "cases": LINK_CASES - 1}
        if more:
            found["add_judges"] = {"judges": more, "cases": LINK_CASES, "enough": enough}
        if thin > 0 and linked.C > 1:
            found["add_overlap"] = {"judgments": thin}
        if alone > more:  # the others are the ones to add first
            found["join_alone"] = {"judges": alone - more, "cases": LINK_CASES}
    missing, new = ENOUGH_REPEATS - counts.repeats, max(0, ENOUGH_REPEATERS - counts.judges_repeating)
    if missing > 0 or new:
        judges = new or ENOUGH_REPEATERS
        cases = max(math.ceil(missing / judges), math.ceil(ENOUGH_REPEATS / ENOUGH_REPEATERS) if new else 1)
        aim = {"enough": ENOUGH_REPEATS, "spread": ENOUGH_REPEATERS}
        found["add_repeats"] = {"judges": judges, "cases": cases, "repeats": counts.repeats, **aim}
    return tuple(Advice(code, values) for code, values in found.items())
