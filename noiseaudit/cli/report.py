"""noiseaudit report: the audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noiseaudit.cli import options as o

Output = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", help="Where to: .html, .json, .md or .csv; repeatable.", rich_help_panel=o.OUTPUT),
]
AudienceOption = Annotated[
    str | None, typer.Option("--audience", help="public, or team with codes.", rich_help_panel=o.OUTPUT)
]


def report(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    file: o.File,
    output: Output = None,
    case: o.Case = None,
    judge: o.Judge = None,
    decision: o.Decision = None,
    occasion: o.Occasion = None,
    truth: o.Truth = None,
    time: o.Time = None,
    group: o.Group = None,
    feature: o.Feature = None,
    office: o.Office = None,
    pool: o.Pool = None,
    scale: o.Scale = None,
    design: o.DesignKind = None,
    estimator: o.Estimator = None,
    positive: o.Positive = None,
    order: o.Order = None,
    unit: o.Unit = None,
    confidence: o.Confidence = None,
    duplicates: o.Duplicates = None,
    encoding: o.Encoding = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = None,
    header_row: o.HeaderRow = None,
    na: o.Na = None,
    max_bytes: o.MaxBytes = None,
    config: o.ConfigFile = None,
    audience: AudienceOption = None,
    force: o.Force = False,
    lang: o.Language = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Audit a panel: how much professionals differ on the same cases, and where that comes from.

    Without -o the short summary is printed. Files for the public hold nothing about individuals.
    """
    from noiseaudit.cli.progress import sign_of_life
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError
    from noiseaudit.report import FORMATS, check_target, summary_text, write_report
    from noiseaudit.result.pseudonyms import read_key

    manner = context.obj.with_options(lang, quiet, verbose)
    found = config_beside(file, config)
    viewers = audience or found.privacy.audience
    if viewers not in ("public", "team"):
        raise CallError("wrong_setting", f"--audience is public or team, not {audience!r}")
    targets = output or []
    for target in targets:
        if target.suffix.lower() not in FORMATS:
            raise CallError("no_such_format", f"cannot write {target.name!r}; the formats are {', '.join(FORMATS)}")
        check_target(target, force=force)
    secret = found.privacy.key_path(found.path)
    key = None if secret is None or viewers == "public" else read_key(secret, outputs=targets)
    settings = o.chosen(
        case=case, judge=judge, decision=decision, occasion=occasion, truth=truth, time=time, groups=group,
        features=feature, office=office, pool=pool, scale=scale, design=design, estimator=estimator,
        positive=positive, order=order, unit=unit, confidence=confidence, duplicates=duplicates, encoding=encoding,
        delimiter=delimiter, decimal=decimal, header_row=header_row, na=na, max_bytes=max_bytes,
    )  # fmt: skip
    chosen = AuditDesign(**(found.settings | settings))
    with readable(file) as (path, name), sign_of_life(f"noiseaudit: {name}", quiet=manner.quiet):
        from noiseaudit.pipeline import audit

        result = audit(path, chosen, name=name)
        for target in targets:
            write_report(result, target, language=manner.language, audience=viewers, key=key, force=force)  # type: ignore[arg-type]
    if not targets:
        typer.echo(summary_text(result, language=manner.language))
    elif not manner.quiet:
        for found_ in result.findings:
            if found_.severity != "info" or found_.code in ("roles_assumed", "binary_coding") or manner.verbose:
                typer.echo(f"{found_.what} {found_.do}", err=True)
        for target in targets:
            typer.echo(str(target), err=True)
    if result.noise.system.status == "not_identified":
        raise typer.Exit(4)
