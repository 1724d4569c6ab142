"""The schema of result.json: every audit fits it, and nothing that is bent does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import jsonschema
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.result import Bounded
from noiseaudit.result.exchange import OWN_DIFFERENCE
from noiseaudit.result.schema import result_schema

from ..conftest import ROLES, TOY, long

VALIDATOR = jsonschema.Draft202012Validator(result_schema())
Place = tuple[str | int, ...]
OPEN: list[Place] = [("settings",), ("design", "roles"), ("supplement", "level_test"), ("findings", 0, "values")]
GONE = object()


def results() -> dict[str, na.AuditResult]:
    def of(data: pd.DataFrame, **more: Any) -> na.AuditResult:
        return na.audit(data, **ROLES, **more)

    scales = {
        scale: of(na.simulate(judges=11, cases=20, scale=scale, mean=1.0, seed=6).data, scale=scale)
        for scale in ("continuous", "log", "binary", "nominal", "ordinal", "count")
    }
    answered = na.simulate(judges=8, cases=20, repeats=(1, 2), with_answer=True, seed=3).data
    blocks = pd.concat([long(TOY), long(TOY).assign(case=lambda d: "x" + d["case"], judge=lambda d: "x" + d["judge"])])
    toy = of(long(TOY), unit="€")
    bounded = replace(toy.noise, pattern=Bounded((0.5, 2.0), "no case was decided twice"))
    return scales | {
        "truth and repeats": of(answered, occasion="occasion", truth="truth"),
        "toy": toy,
        "bounded": replace(toy, noise=bounded, design=replace(toy.design, kind="log")),
        "two judges": of(long([row[:2] for row in TOY])),
        "one case": of(long(TOY[:1])),
        "blocks": of(blocks),
        "one judge": of(pd.DataFrame({"case": range(5), "judge": "x", "decision": range(5)})),
        "alike": of(pd.DataFrame([(c, j, c) for c in range(5) for j in "xyz"], columns=list(ROLES))),
        "reml": of(long(TOY), estimator="reml"),
        "gao_owen": of(long(TOY), estimator="gao_owen"),
    }


RESULTS = results()
GROUP = {
    "group": "Age", "value": "65+", "tests": 2, "too_few": 1,
    "systemic_gap": {"status": "not_identified", "reason": "same_cases", "because": "all see the same cases"},
    "raw_gap": {"status": "estimated", "value": -40.0, "unit": "€", "interval": [-85.0, 5.0]},
    "heterogeneity": {"status": "not_identified", "reason": "too_few_judges", "because": "too few"},
    "judges": [{"judge": "P01", "n_in": 10, "n_out": 20, "gap": -3.5, "shrunk": -1.0, "interval": [-4.0, 2.0], "p": 0.2,
                "q": 0.4, "flag": False, "smallest_detectable": 5.0, "because": None,
                "difference": 4.0, "difference_interval": [1.0, 7.0], "difference_q": 0.01}],
}  # fmt: skip


def written(result: na.AuditResult, audience: str) -> dict[str, Any]:
    return json.loads(json.dumps(result.to_dict(audience), allow_nan=False))  # type: ignore[arg-type]


def full() -> dict[str, Any]:
    """A result with one thing in every list."""
    result = written(RESULTS["truth and repeats"], "team")
    result["supplement"]["differences"] |= {"edges": [0.0, 1.0], "share": [1.0]}
    return result | {
        "judges": result["judges"][:1],
        "groups": [GROUP],
        "findings": [{"code": "c", "severity": "info", "what": "w", "why": "y", "do": "d", "values": {"n": 3}}],
        "input": {"name": "a.csv", "sha256": "0" * 64, "rows_read": 4, "rows_used": 3,
                  "rows_excluded": [{"code": "blank_row", "reason": "empty row", "n": 1}]},
    }  # fmt: skip


FULL = full()


def places(tree: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    yield place, tree
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from places(value, (*place, key))


def closed() -> list[tuple[Place, Any]]:
    """Every place whose keys the contract names: not those of the settings and the like."""
    return [
        (place, value)
        for place, value in places(FULL)
        if not any(place[: len(start)] == start and len(place) > len(start) for start in OPEN)
    ]


def bent(place: Place, value: object) -> dict[str, Any]:
    """The full result with something else at one place, or nothing."""
    tree = deepcopy(FULL)
    inner: Any = tree
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return tree


def test_the_schema_itself_is_sound_and_the_same_every_time() -> None:
    jsonschema.Draft202012Validator.check_schema(result_schema())
    assert json.dumps(result_schema()) == json.dumps(result_schema())
    assert result_schema()["$id"] == "urn:noiseaudit:result:1.0"


@pytest.mark.parametrize("audience", ["public", "team"])
@pytest.mark.parametrize("name", RESULTS)
def test_every_audit_fits(name: str, audience: str) -> None:
    errors = list(VALIDATOR.iter_errors(written(RESULTS[name], audience)))
    assert not errors, errors[0].message


def test_the_full_example_fits() -> None:
    VALIDATOR.validate(FULL)
    relation = {key: value for key, value in GROUP.items() if key != "group"} | {"relation": "a == b"}
    VALIDATOR.validate(FULL | {"groups": [relation]})


def test_every_missing_key_is_refused() -> None:
    for place, _ in closed():
        if place and isinstance(place[-1], str):
            optional = place[-1] in OWN_DIFFERENCE  # of relations in panels only
            assert VALIDATOR.is_valid(bent(place, GONE)) is optional, place


def test_every_extra_key_is_refused() -> None:
    for place, value in closed():
        if isinstance(value, dict) and place not in OPEN:
            assert not VALIDATOR.is_valid(bent((*place, "extra"), 1)), place


def test_text_and_truth_values_are_no_numbers_and_numbers_no_text() -> None:
    for place, value in closed():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        wrong = (str(value), True, [value]) if number else (3,) if isinstance(value, str | bool) else ()
        for other in wrong:
            assert not VALIDATOR.is_valid(bent(place, other)), (place, other)


@pytest.mark.parametrize("wrong", ["bounded", "not_identified", "unknown", "", None])
def test_a_wrong_status_is_refused(wrong: object) -> None:
    found = [place for place, value in closed() if place and place[-1] == "status" and value == "estimated"]
    assert len(found) > 10
    for place in found:
        assert not VALIDATOR.is_valid(bent(place, wrong)), place


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "other"),
        (("schema_version",), "2.0"),
        (("design", "kind"), "auto"),
        (("design", "scale"), "wild"),
        (("design", "judges"), -1),
        (("design", "judges"), 1.5),
        (("input", "sha256"), "abc"),
        (("noise", "system", "sd"), -0.1),
        (("noise", "system", "variance_interval"), [1.0]),
        (("noise", "system", "variance_interval"), [1.0, 2.0, 3.0]),
        (("noise", "system", "variance_interval"), None),  # without a reason
        (("lottery", "mean_difference", "interval"), None),
        (("findings", 0, "severity"), "fatal"),
        (("settings", "audience"), "everybody"),
        (("settings", "audience"), GONE),
        (("settings", "audience"), "public"),  # with people in it
        (("groups", 0, "judges", 0, "p"), 1.5),
        (("groups", 0, "relation"), "a == b"),  # a group is a characteristic or a relation
        (("book",), None),
        (("judges",), {}),
    ],
)
def test_what_the_contract_forbids_is_refused(place: Place, value: object) -> None:
    assert not VALIDATOR.is_valid(bent(place, value))


def test_public_results_hold_nobody() -> None:
    public = written(RESULTS["toy"], "public")
    VALIDATOR.validate(public)
    assert not VALIDATOR.is_valid(public | {"judges": FULL["judges"]})
    assert not VALIDATOR.is_valid(public | {"groups": [GROUP]})
    VALIDATOR.validate(public | {"groups": [GROUP | {"judges": []}]})
