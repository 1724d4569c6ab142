"""noiseaudit inspect: what the file holds, how it was read, which roles fit, what is wrong."""

from __future__ import annotations

import typer

from noiseaudit.cli import options as o


def inspect(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    file: o.File,
    case: o.Case = None,
    judge: o.Judge = None,
    decision: o.Decision = None,
    scale: o.Scale = None,
    positive: o.Positive = None,
    order: o.Order = None,
    encoding: o.Encoding = None,
    delimiter: o.Delimiter = None,
    decimal: o.Decimal = None,
    header_row: o.HeaderRow = None,
    na: o.Na = None,
    max_bytes: o.MaxBytes = None,
    config: o.ConfigFile = None,
    lang: o.Language = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Look at a file before an audit: no results, no guesses in silence."""
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.reading.inspection import inspect as look
    from noiseaudit.report import printable

    context.obj.with_options(lang, quiet, verbose)
    settings = o.chosen(
        case=case,
        judge=judge,
        decision=decision,
        scale=scale,
        positive=positive,
        order=order,
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        header_row=header_row,
        na=na,
        max_bytes=max_bytes,
    )
    design = AuditDesign(**(config_beside(file, config).settings | settings))
    with readable(file) as (path, name):
        found = look(path, design, name=name)
    lines = [f"{found.name}: {found.rows:,} rows, {len(found.columns)} columns"]
    lines += [f"  {key.replace('_', ' ')}: {value!r}" for key, value in found.reading.items()]
    width = max((len(c.name) for c in found.columns), default=0)
    lines.append("columns")
    lines += [
        f"  {c.name:<{width}}  {c.kind:<6}  {c.filled:>10,} filled  about {c.distinct:,} different"
        for c in found.columns
    ]
    lines.append("roles")
    why = {p.role: p.why for p in found.proposals}
    lines += [
        f"  {role} = {column}" + (f"  (assumed: {why[role]})" if role in why else "")
        for role, column in found.roles.items()
    ]
    if found.scale:
        lines.append(f"  scale of the decision: {found.scale}")
    lines += ["problems", *(f"  {problem}" for problem in found.problems)] if found.problems else ["no problems found"]
    typer.echo(printable("\n".join(lines)))
    if found.problems:
        raise typer.Exit(3)
