"""noiseaudit check: pass, fail or unknown, for pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import say, show

if TYPE_CHECKING:
    from noiseaudit.checks.outcome import Outcome
    from noiseaudit.result import Finding

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
    from noiseaudit.checks.outcome import check as judged
    from noiseaudit.checks.policy import Policy
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError
    from noiseaudit.pipeline import audit
    from noiseaudit.pipeline.increment import Increment, audit_increment
    from noiseaudit.report import write_report, write_text
    from noiseaudit.result.pseudonyms import read_key
    from noiseaudit.result.readers import with_judge_codes
    from noiseaudit.store.container import lock_of, store_path

    found = config_beside(file, config)
    asked = {"fail_on": fail_on, "unknown_exit": unknown_exit, "exit_zero": exit_zero or None}
    policy = Policy.of(found.check).changed(**{key: value for key, value in asked.items() if value is not None})
    before_at = baseline or _beside(found.path, found.check.baseline)
    before = _baseline(before_at)
    kept = store or _beside(found.path, found.check.store)
    kept = None if kept is None else store_path(kept)
    report_to = junit or _beside(found.path, found.check.junit)
    viewers, secret = found.privacy.audience, found.privacy.key_path(found.path)
    reads = [Path(file), found.path, before_at, kept, secret, kept and lock_of(kept)]
    _check_targets(report_to, output, force=force, reads=reads)
    key = None if secret is None or viewers == "public" else read_key(secret, outputs=[output] if output else [])
    design = AuditDesign(**(found.settings | chosen))

    outcome: Outcome | None = None

    def settle(night: Increment) -> None:
        """Judge and tell before anything is kept: a night that is kept cannot be added again."""
        nonlocal outcome
        if design.dates == "auto" and any(said.code == "W420" for said in night.result.findings):
            what = 'the order of day and month is a guess here; set it: [reading] dates = "dmy"'
            raise CallError("dates_not_set", what)
        result, latest = night.result, night.part
        if key is not None and before is not None:  # the baseline names professionals by their codes
            result = with_judge_codes(result, key=key)
            latest = None if latest is None else with_judge_codes(latest, key=key)
        outcome = judged(result, policy, baseline=before or night.before, latest=latest)
        if report_to is not None:
            write_text(outcome.to_junit(), report_to, force=True)
        if output is not None:
            write_report(night.result, output, audience=viewers, key=key, force=True)
        _show(outcome, night.result.findings, manner)

    with readable(file, max_bytes=design.max_bytes) as (path, name):
        if kept is not None:
            audit_increment(path, design, kept, name=name, change=policy.needs_baseline, accept=settle)
        else:
            settle(Increment(audit(path, design, name=name, propose=False), None, None))
    raise typer.Exit(0 if outcome is None else outcome.exit_code)


def _show(outcome: Outcome, findings: Sequence[Finding], manner: o.Manner) -> None:
    """Warnings, the outcome in words, and on the last line of standard output as JSON."""
    from noiseaudit.checks.words import outcome_text
    from noiseaudit.formatting import json_text

    if not manner.quiet:
        for said in findings:
            if said.severity != "info":
                say(f"{said.code}: {said.what}")
        show(outcome_text(outcome, language=manner.language))
    show(json_text(outcome.to_dict(), indent=None))


def _beside(config: Path | None, named: str | None) -> Path | None:
    """A path of the config, seen from its folder."""
    if named is not None and "\0" in named:
        from noiseaudit.errors import CallError

        raise CallError("wrong_setting", f"{named!r} is no path: it holds a NUL character")
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
