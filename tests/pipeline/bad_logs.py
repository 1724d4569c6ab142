"""Ordinary logs as they come, each with what is wrong with it and what the user must get."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

ROWS, JUDGES = 240, 8
_RANDOM = np.random.default_rng(5)
JUDGE = [f"J{i % JUDGES}" for i in range(ROWS)]
_LEVEL = _RANDOM.normal(0, 2, JUDGES)
_KIND = _RANDOM.integers(0, 3, ROWS)
KIND = ["abc"[k] for k in _KIND]
FEE = np.round(_RANDOM.lognormal(5, 1, ROWS), 1).tolist()
SCORE = np.round(20 + _LEVEL[np.arange(ROWS) % JUDGES] + 3 * _KIND + _RANDOM.normal(0, 2, ROWS), 1).tolist()
EVENTS = _RANDOM.poisson(2, ROWS).tolist()
FEATURES = ("--feature", "kind", "--feature", "fee")
CONFIG = 'version = 1\n[roles]\nfeatures = ["kind", "fee"]\n[analysis]\n'


def written(**columns: Iterable[object] | None) -> str:
    """The plain log with other columns, or without."""
    plain: dict[str, Iterable[object]] = {
        "case": [f"c{i}" for i in range(ROWS)], "judge": JUDGE, "decision": SCORE, "kind": KIND, "fee": FEE
    }  # fmt: skip
    table = {name: list(values) for name, values in (plain | columns).items() if values is not None}
    lines = [table.keys(), *zip(*table.values(), strict=True)]
    return "".join(";".join(map(str, line)) + "\n" for line in lines)


def of_rows(value: Callable[[int], object]) -> list[object]:
    """A column from the numbers of the rows, 0 to 239."""
    return [value(i) for i in range(ROWS)]


def day(i: int) -> str:
    """A day in 2024."""
    return f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}"


def words(low: str, *higher: str) -> list[str]:
    """The scores as words."""
    return [(low, *higher)[int(score) % (1 + len(higher))] for score in SCORE]


@dataclass(frozen=True)
class BadLog:
    """One log: what it is, its text, the options, and what has to come out.

    says: codes of findings, of the refusal or of the reason; quiet: codes that must not be there. rows: of the file,
    listed by the refusal. excluded: rows left out, by reason. route, aside: how cases were compared, and the features
    that were set aside with their reasons. words: in what is said. own: noiseaudit.toml beside the log.
    """

    what: str
    text: str
    arguments: tuple[str, ...] = FEATURES
    says: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    exit: int = 0
    rows: tuple[int, ...] = ()
    excluded: dict[str, int] = field(default_factory=dict)
    route: str | None = None
    aside: dict[str, str] = field(default_factory=dict)
    words: str = ""
    own: str = ""


PEOPLE = tuple(word for k in range(JUDGES) for word in ("--exclude-judge", f"J{k}"))
MANY = "case;judge;decision;text\n" + "".join(f"c{i};J{i % 8};{SCORE[i % ROWS]};t{i}\n" for i in range(10_000))
CROSSED = "case;judge;decision;a;b\n" + "".join(
    f"c{i};J{i % 8};{SCORE[i % ROWS]};t{i % 100};u{i % 99}\n" for i in range(6000)
)
WIDE = "id;kind;Ann;Bob;Cas\n" + "".join(
    f"w{i};{'xy'[i % 2]};" + ";".join(str(SCORE[i]) if i % 3 == k else "" for k in range(3)) + "\n" for i in range(90)
)
WIDE_ROLES = ("--case", "id", "--feature", "kind", "--judge-columns", "Ann", "--judge-columns", "Bob",
              "--judge-columns", "Cas")  # fmt: skip

LOGS = (
    BadLog("nothing is wrong", written(), says=("log_route", "W511"), route="case_mix"),
    BadLog("no features", written(), (), ("log_no_features",), route="none"),
    BadLog("features with one value, or none", written(one=["x"] * ROWS, num=[5] * ROWS, gone=[""] * ROWS),
           (*FEATURES, "--feature", "one", "--feature", "num", "--feature", "gone"), ("feature_one_value",),
           aside={"one": "one_value", "num": "one_value", "gone": "one_value"}),
    BadLog("only such features", written(one=["x"] * ROWS), ("--feature", "one"), ("log_no_useful_features",),
           route="none", aside={"one": "one_value"}),
    BadLog("a category with 10,000 values", MANY, ("--feature", "text"), ("feature_too_many_values",), route="none",
           aside={"text": "too_many_values"}, words="10000 different texts"),
    BadLog("a feature empty in 60 % of the rows", written(part=of_rows(lambda i: "" if i % 5 < 3 else "pq"[i % 2])),
           (*FEATURES, "--feature", "part"), ("feature_missing",), words="empty in 60% of the rows"),
    BadLog("a judge with one case", written() + "z;Solo;20;a;100\n", says=("judges_alone",)),
    BadLog("the same, in classes", written() + "z;Solo;20;a;100\n", (*FEATURES, "--comparable", "classes"),
           ("judges_alone",), route="classes"),
    BadLog("every judge with one case", written(judge=of_rows(lambda i: f"q{i}")), says=("W511",), exit=4),
    BadLog("the same, as a log", written(judge=of_rows(lambda i: f"q{i}")), (*FEATURES, "--design", "log"),
           ("too_few_each", "judges_alone"), ("feature_one_value",), exit=4),
    BadLog("all cases of a class by one judge",
           written(rare=["rare" if j == "J0" and i % 16 else "common" for i, j in enumerate(JUDGE)]),
           ("--feature", "kind", "--feature", "rare", "--comparable", "strata"), ("class_of_one_judge",),
           route="strata"),
    BadLog("one id in two offices",
           written(office=["AB"[i * 2 // ROWS if j == "J0" else int(j[1]) % 2] for i, j in enumerate(JUDGE)]),
           (*FEATURES, "--office", "office"), ("office_split",)),
    BadLog("no office known", written(office=[""] * ROWS), (*FEATURES, "--office", "office"), ("office_unknown",)),
    BadLog("features that belong to the judge",
           written(office=["AB"[int(j[1]) % 2] for j in JUDGE], region=[f"r{int(j[1]) // 2}" for j in JUDGE],
                   rate=[10 * int(j[1]) + i % 2 for i, j in enumerate(JUDGE)]),
           (*FEATURES, "--feature", "office", "--feature", "region", "--feature", "rate"), ("feature_of_judge",),
           aside={"office": "of_judge", "region": "of_judge", "rate": "of_judge"}),
    BadLog("a characteristic given as feature", written(age=of_rows(lambda i: "young" if i % 3 else "old")),
           (*FEATURES, "--feature", "age", "--group", "age"), ("characteristic_not_used",),
           aside={"age": "characteristic"}),
    BadLog("the same where the config allows it", written(age=of_rows(lambda i: "young" if i % 3 else "old")),
           ("--feature", "age", "--group", "age"), ("characteristic_used",),
           own="version = 1\n[analysis]\ncharacteristics_as_features = true\n"),
    BadLog("a feature with words among its numbers", written(size=of_rows(lambda i: "big" if i in (3, 9) else i % 11)),
           (*FEATURES, "--feature", "size"), ("E410",), exit=3, rows=(5, 11), words="as_category"),
    BadLog("a feature with dates that do not exist",
           written(asked=of_rows(lambda i: "31-02-2024" if i in (3, 9) else f"{1 + i % 28:02d}-03-2024")),
           (*FEATURES, "--feature", "asked"), ("E424",), exit=3, rows=(5, 11)),
    BadLog("a feature with dates that can be read in two ways",
           written(asked=of_rows(lambda i: f"{1 + i % 12:02d}-{1 + i % 7:02d}-2024")),
           (*FEATURES, "--feature", "asked"), ("W420",)),
    BadLog("a feature that is not there", written(), ("--feature", "fea"), ("E307",), exit=3, words="'fee'"),
    BadLog("features in other capitals", written(), ("--feature", "KIND", "--feature", "Fee"), route="case_mix"),
    BadLog("a feature twice", written(), (*FEATURES, "--feature", "Fee"), route="case_mix"),
    BadLog("the decision as its own feature", written(), (*FEATURES, "--decision", "fee"), ("wrong_setting",), exit=2,
           words="both decision and feature"),
    BadLog("a pool for every judge", written(pool=JUDGE), (*FEATURES, "--pool", "pool"),
           ("no_shared_pool", "pool_of_one_judge"), exit=4),
    BadLog("a pool of one judge", written(pool=["Q" if j == "J7" else "P" for j in JUDGE]),
           (*FEATURES, "--pool", "pool"), ("pool_of_one_judge",)),
    BadLog("some cases without a pool",
           written(pool=["" if i % 10 == 0 else "PQ"[int(j[1]) // 4] for i, j in enumerate(JUDGE)]),
           (*FEATURES, "--pool", "pool"), ("pool_missing",), words="24 decisions have no assignment pool"),
    BadLog("no case with a pool", written(pool=[""] * ROWS), (*FEATURES, "--pool", "pool"), ("pool_missing",)),
    BadLog("some decisions without a date", written(on=of_rows(lambda i: "" if i % 10 == 0 else day(i))),
           (*FEATURES, "--time", "on")),
    BadLog("no decision with a date", written(on=[""] * ROWS), (*FEATURES, "--time", "on"), ("no_moment",),
           quiet=("W420",)),
    BadLog("all decisions on one day", written(on=[day(1)] * ROWS), (*FEATURES, "--time", "on")),
    BadLog("all decisions alike", written(decision=[5] * ROWS), says=("W513",)),
    BadLog("all answers yes", written(decision=["ja"] * ROWS), says=("W513", "binary_coding")),
    BadLog("one category", written(decision=["fine"] * ROWS), says=("W513",)),
    BadLog("one judge", written(judge=["Jan"] * ROWS), says=("E510", "single_judge"), exit=4),
    BadLog("one judge, as a log", written(judge=["Jan"] * ROWS), (*FEATURES, "--design", "log"),
           ("E510", "single_judge"), ("W511",), exit=4),
    BadLog("two rows", "case;judge;decision;kind\na;J;1;x\nb;K;2;y\n", ("--feature", "kind"), ("W511",), exit=4),
    BadLog("two rows, as a log", "case;judge;decision;kind\na;J;1;x\nb;K;2;y\n",
           ("--feature", "kind", "--design", "log"), ("E514",), exit=4),
    BadLog("four rows", "case;judge;decision;kind\na;J;1;x\nb;K;2;y\nc;K;2;y\nd;J;2;y\n", ("--feature", "kind")),
    BadLog("no decision at all", written(decision=[""] * ROWS), says=("E411",), exit=3),
    BadLog("some decisions missing", written(decision=["" if i < 7 else y for i, y in enumerate(SCORE)]),
           excluded={"missing_decision": 7}),
    BadLog("ids of spaces and of letters that nobody sees",
           written(judge=["  " if i == 5 else "\u200b" if i == 6 else j for i, j in enumerate(JUDGE)],
                   case=of_rows(lambda i: "\u200b " if i == 9 else f"c{i}")),
           says=("W402",), excluded={"missing_judge": 2, "missing_case": 1}),
    BadLog("a total under the columns", written() + "Totaal;;4000;;\nTotaal;Totaal;4000;;\n", says=("W310",),
           excluded={"total_row": 2}),
    BadLog("a case called Totaal", written(case=of_rows(lambda i: "Totaal" if i == 5 else f"c{i}"))),
    BadLog("categories", written(decision=words("ok", "warn", "fine")), route="classes"),
    BadLog("categories and a model", written(decision=words("ok", "warn", "fine")),
           (*FEATURES, "--comparable", "case_mix"), route="classes"),
    BadLog("categories over time", written(decision=words("ok", "warn", "fine"), on=of_rows(day)),
           (*FEATURES, "--time", "on"), ("not_numeric",)),
    BadLog("grades", written(decision=words("low", "mid", "high")), (*FEATURES, "--order", "low,mid,high"),
           ("scale_ordinal",)),
    BadLog("yes and no in words", written(decision=words("nee", "ja")), says=("binary_coding",)),
    BadLog("amounts on a logarithmic scale", written(), (*FEATURES, "--scale", "log"), ("scale_log",)),
    BadLog("a zero on a logarithmic scale", written(decision=[0 if i == 4 else y for i, y in enumerate(SCORE)]),
           (*FEATURES, "--scale", "log"), ("nonpositive_values",), exit=3, rows=(6,)),
    BadLog("weights, some of them 0", written(w=of_rows(lambda i: i % 3)), (*FEATURES, "--weight", "w"),
           excluded={"zero_weight": 80}),
    BadLog("weights that are no whole numbers", written(w=of_rows(lambda i: 0.5 if i == 4 else 1)),
           (*FEATURES, "--weight", "w"), ("E417",), exit=3, rows=(6,)),
    BadLog("events out of an exposure", written(decision=EVENTS, days=of_rows(lambda i: 1 + i % 4)),
           (*FEATURES, "--exposure", "days"), ("rates",)),
    BadLog("an exposure of 0", written(decision=EVENTS, days=of_rows(lambda i: 3 * (i != 4))),
           (*FEATURES, "--exposure", "days"), ("E418",), exit=3, rows=(6,)),
    BadLog("an exposure in words", written(decision=EVENTS, days=of_rows(lambda i: 3 if i != 4 else "many")),
           (*FEATURES, "--exposure", "days"), ("E410",), exit=3, rows=(6,), words="or name the marker"),
    BadLog("no events, but amounts, out of an exposure", written(days=[3] * ROWS), (*FEATURES, "--exposure", "days"),
           ("E416",), exit=3, words="--exposure"),
    BadLog("an account to leave out", written(), (*FEATURES, "--exclude-judge", "J0"), ("judges_left_out",),
           excluded={"excluded_judge": 30}),
    BadLog("an account to leave out that is not there", written(), (*FEATURES, "--exclude-judge", "J99"),
           ("accounts_not_found",), quiet=("judges_left_out", "J99")),
    BadLog("all accounts left out", written(), (*FEATURES, *PEOPLE), ("E411",), exit=3, words="exclude_judges"),
    BadLog("a route that does not exist", written(), (*FEATURES, "--comparable", "magic"), ("wrong_setting",), exit=2,
           words="case_mix"),
    BadLog("no comparing asked for", written(), (*FEATURES, "--comparable", "none"), route="none"),
    BadLog("more strata than cases can fill", CROSSED, ("--feature", "a", "--feature", "b", "--comparable", "strata"),
           ("too_many_strata",), exit=2, words="--comparable classes"),
    BadLog("bins", written(), (), route="strata", own=CONFIG + "bins = {Fee = [100, 500]}\n"),
    BadLog("bins of something that is no feature", written(), (), ("wrong_setting",), exit=2, words="'fee'",
           own=CONFIG + "bins = {fe = [100, 500]}\n"),
    BadLog("bins that do not ascend", written(), (), ("bad_config",), exit=2, words="line 5",
           own=CONFIG + "bins = {fee = [500, 100]}\n"),
    BadLog("bins of a category", written(), (), ("wrong_setting",), exit=2, words="categories",
           own=CONFIG + "bins = {kind = [1, 2]}\n"),
    BadLog("codes that are no amounts", written(code=of_rows(lambda i: i * 7 % 5)), (), route="case_mix",
           own=CONFIG.replace('"fee"', '"code"') + 'as_category = ["Code"]\n'),
    BadLog("a log treated as a panel", written(), (*FEATURES, "--design", "panel"), ("W511", "roles_not_used"), exit=4),
    BadLog("one column a judge, each case in one of them", WIDE, WIDE_ROLES, ("wide_table",), route="strata",
           excluded={"missing_decision": 180}),
    BadLog("the same with a total row", WIDE + "Totaal;;400;300;200\n", WIDE_ROLES, ("W310",),
           excluded={"missing_decision": 180, "total_row": 3}),
    BadLog("names that would like to be code",
           written(**{"=cmd|' /C calc'!A0": ["<script>alert(1)</script>" if k == "a" else "x" for k in KIND]}),
           ("--feature", "=cmd|' /C calc'!A0"), route="strata"),
)  # fmt: skip


def table() -> str:
    """The part of the page of bad input that is about logs."""
    lines = ["", "## Ordinary logs", "", "| log | codes | exit | places |", "|---|---|---|---|"]
    for log in LOGS[1:]:
        codes = ", ".join(log.says)
        lines.append(f"| {log.what} | {codes} | {log.exit} | {', '.join(f'row {row}' for row in log.rows)} |")
    return "\n".join(lines) + "\n"
