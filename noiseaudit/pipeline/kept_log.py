"""A log of which cells of professional and class are kept, and no single decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from noiseaudit.aggregates.characteristics import CharacteristicSums
from noiseaudit.comparable.measure import measure_classes
from noiseaudit.comparable.rules import Leaf, Rules, Split, features_of
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.comparable_pairs import pairs_disagreement
from noiseaudit.estimators.magnitude import check_cells
from noiseaudit.pipeline.case_counts import CaseCounts, cells_decided_twice
from noiseaudit.pipeline.compared import classes_of_one_judge, coded_decisions, of_scale, usable_features
from noiseaudit.pipeline.large_log import SAMPLE, case_classes, learnt_rules, listed_from_cells
from noiseaudit.pipeline.large_log_groups import groups_of_kept_sums
from noiseaudit.pipeline.log import found_of, log_findings, result_of
from noiseaudit.reading import Log, Tabulated, tabulate
from noiseaudit.reading.case_columns import case_columns, fetch_rows
from noiseaudit.reading.group_sums import fetch_group_sums
from noiseaudit.reading.judge_offices import JudgeOffices
from noiseaudit.result import Assignment, AuditResult, Comparison, Finding, LogAudit, Number
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import CLASSES


@dataclass(frozen=True)
class ClassRows:
    """Cells of professional and class of one export, the rules of the classes, and counts of its cases."""

    table: Tabulated
    rules: Rules
    counts: dict[str, int]
    groups: tuple[CharacteristicSums, ...]


def class_rows(log: Log, design: AuditDesign, rules: Rules | None) -> ClassRows:
    """Class every row in the engine. rules: of the store; None: they are learnt from these rows."""
    columns, findings = case_columns(log.table, design), list[Finding]()
    if rules is None:
        sample = fetch_rows(log, columns, findings=findings, sample=SAMPLE)
        features, _ = usable_features(sample, design, findings)
        rules = learnt_rules(features, coded_decisions(sample, log), sample, design)
    classes = case_classes(rules, columns, log)
    table = tabulate(log, classes=classes)
    sums: tuple[CharacteristicSums, ...] = ()
    if log.scale != "nominal":
        sums = fetch_group_sums(log, classes, cells=table.main, columns=log.characteristics)
    found = Tabulated(table.main, table.indicators, table.input, (*table.findings, *findings))
    return ClassRows(found, rules, asdict(cells_decided_twice(log).counts), sums)


def kept_log_result(
    log: Log,
    table: Tabulated,
    rules: Rules,
    counts: Mapping[str, int],
    *,
    offices: JudgeOffices | None = None,
    groups: Sequence[CharacteristicSums] = (),
) -> AuditResult:
    """Level noise, the pattern of classes and bounds; what needs single decisions says so."""
    design, cells, findings = log.design, table.main, list(table.findings)
    check_cells(cells)
    measured, _ = measure_classes(
        cells, name=CLASSES, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor
    )
    measured = of_scale(measured, log.scale)
    nothing = NotIdentified.of("kept_as_cells")
    alone = classes_of_one_judge(cells.case, cells.judge)
    if alone:
        findings.append(finding("class_of_one_judge", "warning", n=alone))
    findings.append(finding("store_of_classes", n=len(np.unique(cells.case))))
    names = features_of(rules)
    comparison = Comparison(
        route="classes" if names else "none", features=names, set_aside=(), explained=None, learner=None, pools=None,
        classes=listed_from_cells(rules, cells, float(log.shift)) if names else (),
    )  # fmt: skip
    differing: Number = NotIdentified.of("not_categorical")
    if log.scale in ("binary", "nominal"):
        factor = 2.0 if log.scale == "binary" else 1.0
        differing = pairs_disagreement(measured.level_component, measured.spread, factor=factor)
    parts = LogAudit(
        comparison=comparison,
        comparable_pairs_difference=nothing,
        comparable_pairs_disagreement=differing,
        split_half=nothing,
        pattern_sources=measured.sources,
        assignment=Assignment(design.assigned_by_lot, nothing, ()),
        sensitivity=nothing,
        over_time=nothing,
        second_decisions=nothing,
    )
    found = found_of(log, cells, measured, parts)
    known = CaseCounts(**counts)
    findings += log_findings(log, cells, known, design, rates=False)
    grouped = groups_of_kept_sums(
        log, cells, groups, design, noise=found.noise, route=comparison.route, findings=findings
    )
    return result_of(log, table, found, known, design, findings, cases=None, offices=offices, grouped=grouped)


def rules_as_data(rules: Rules) -> dict[str, Any]:
    """Rules as plain data for a file."""
    if isinstance(rules, Leaf):
        return {"class": rules.number}
    return {
        "feature": rules.feature, "bound": rules.bound, "values": list(rules.values), "missing": rules.missing,
        "yes": rules_as_data(rules.yes), "no": rules_as_data(rules.no),
    }  # fmt: skip


def rules_of(data: Mapping[str, Any]) -> Rules:
    """The rules that `rules_as_data` wrote."""
    if "class" in data:
        return Leaf(int(data["class"]))
    return Split(
        data["feature"], data["bound"], tuple(data["values"]), data["missing"], rules_of(data["yes"]),
        rules_of(data["no"]),
    )  # fmt: skip
