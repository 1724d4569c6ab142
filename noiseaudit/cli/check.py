"""noiseaudit check: pass, fail or unknown, for pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import say, show

CHECK = "Check"


FailOn = Annotated[
    str | None, typer.Option("--fail-on", help="fail, or warn: warnings fail too.", rich_help_panel=CHECK)
]
UnknownExit = Annotated[
    int | None,
    typer.Option(
        "--unknown-exit", help="Exit code where a rule cannot be judged: 0, 1, 4 or 99.", rich_help_panel=CHECK
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever is found.", rich_help_panel=CHECK)]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", help="result.json of an earlier audit, for rules on change.", rich_help_panel=CHECK),
]
JUnit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.", rich_help_panel=CHECK)]
Store = Annotated[
    Path | None,
    typer.Option("--store", help="Add these rows to a store, and check all of it.", rich_help_panel=CHECK),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the result here, .json.", rich_help_panel=CHECK)
]


@o.reads_data
def check(
    file: o.File,
    *,
    fail_on: FailOn = None,
    unknown_exit: UnknownExit = None,
    exit_zero: ExitZero = False,
    baseline: Baseline = None,
    junit: JUnit = None,
    store: Store = None,
    output: Output = None,
    force: o.Force = False,
    chosen: dict[str, Any],
    config: o.ConfigFile = None,
    manner: o.Manner,
) -> None:
    """Hold an export against the policy in the config: pass (0), fail (1) or unknown (4).

    Nothing is guessed: roles and dates come from the config or from options. The last line of the output is JSON.
    """
    from noiseaudit.checks.outcome import Outcome
    from noiseaudit.checks.outcome import check as judged
    from noiseaudit.checks.policy import Policy
    from noiseaudit.checks.words import outcome_text
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError
    from noiseaudit.formatting import json_text
    from noiseaudit.pipeline import audit
    from noiseaudit.pipeline.increment import Increment, audit_increment
    from noiseaudit.report import write_report, write_text

    found = config_beside(file, config)
    asked = {"fail_on": fail_on, "unknown_exit": unknown_exit, "exit_zero": exit_zero or None}
    policy = Policy.of(found.check).changed(**{key: value for key, value in asked.items() if value is not None})
    before_at = baseline or _beside(found.path, found.check.baseline)
    before = _baseline(before_at)
    kept = store or _beside(found.path, found.check.store)
    report_to = junit or _beside(found.path, found.check.junit)
    _check_targets(report_to, output, force=force, reads=[Path(file), found.path, before_at, kept])
    design = AuditDesign(**(found.settings | chosen))

    def outcome_of(night: Increment) -> Outcome:
        if design.dates == "auto" and any(said.code == "W420" for said in night.result.findings):
            what = 'the order of day and month is a guess here; set it: [reading] dates = "dmy"'
            raise CallError("dates_not_set", what)
        return judged(night.result, policy, baseline=before or night.before, latest=night.part)

    def write(night: Increment) -> None:  # before anything is kept: a night that is kept cannot be added again
        outcome = outcome_of(night)
        if report_to is not None:
            write_text(outcome.to_junit(), report_to, force=True)
        if output is not None:
            write_report(night.result, output, audience=found.privacy.audience, force=True)

    with readable(file, max_bytes=design.max_bytes) as (path, name):
        if kept is not None:
            change = policy.needs_baseline
            night = audit_increment(path, design, kept, name=name, change=change, accept=write)
        else:
            night = Increment(audit(path, design, name=name, propose=False), None, None)
            write(night)
    result, outcome = night.result, outcome_of(night)
    if not manner.quiet:
        for said in result.findings:
            if said.severity != "info":
                say(f"{said.code}: {said.what}")
        show(outcome_text(outcome, language=manner.language))
    show(json_text(outcome.to_dict(), indent=None))
    raise typer.Exit(outcome.exit_code)


def _beside(config: Path | None, named: str | None) -> Path | None:
    """A path of the config, seen from its folder."""
    return None if named is None else (config.parent if config is not None else Path()) / named


def _check_targets(report_to: Path | None, output: Path | None, *, force: bool, reads: list[Path | None]) -> None:
    """Refuse outputs that would replace a file: only what an earlier check left there goes without `--force`."""
    from noiseaudit.checks.junit import is_report
    from noiseaudit.errors import CallError
    from noiseaudit.report import check_target
    from noiseaudit.result.exchange import is_result

    if output is not None and output.suffix.lower() != ".json":
        raise CallError("no_such_format", f"the result of a check is written as .json, not {output.name!r}")
    taken = [*reads]
    for target, of_earlier_check in ((report_to, is_report), (output, is_result)):
        if target is not None:
            check_target(target, force=force or (target.is_file() and of_earlier_check(target)), reads=taken)
            taken.append(target)


def _baseline(path: Path | None) -> Any:
    from noiseaudit.result.exchange import read_result

    return None if path is None else read_result(path)
