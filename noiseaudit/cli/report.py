"""noiseaudit report: the audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import say, show

if TYPE_CHECKING:
    from noiseaudit.result import AuditResult

_NO_BASIS = "P602"  # a characteristic that was asked for was not analysed

Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", help="Where to: .html, .json, .md, .csv, .xlsx; repeatable.", rich_help_panel=o.OUTPUT
    ),
]
AudienceOption = Annotated[
    str | None, typer.Option("--audience", help="public, or team with codes.", rich_help_panel=o.OUTPUT)
]


@o.reads_data
def report(
    file: o.File,
    *,
    output: Output = None,
    audience: AudienceOption = None,
    force: o.Force = False,
    chosen: dict[str, Any],
    config: o.ConfigFile = None,
    manner: o.Manner,
) -> None:
    """Audit a panel: how much professionals differ on the same cases, and where that comes from.

    Without -o the short summary is printed. Files for the public hold nothing about individuals.
    """
    from noiseaudit.cli.progress import sign_of_life
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError, NotIdentified
    from noiseaudit.report import FORMATS, check_target, summary_text, write_report
    from noiseaudit.result.pseudonyms import read_key

    found = config_beside(file, config)
    viewers = audience or found.privacy.audience
    if viewers not in ("public", "team"):
        raise CallError("wrong_setting", f"--audience is public or team, not {audience!r}")
    targets = output or []
    for target in targets:
        if target.suffix.lower() not in FORMATS:
            raise CallError("no_such_format", f"cannot write {target.name!r}; the formats are {', '.join(FORMATS)}")
        check_target(target, force=force, reads=[file, found.path])
    secret = found.privacy.key_path(found.path)
    key = None if secret is None or viewers == "public" else read_key(secret, outputs=targets)
    design = AuditDesign(**(found.settings | chosen))
    with (
        readable(file, max_bytes=design.max_bytes) as (path, name),
        sign_of_life(f"noiseaudit: {name}", quiet=manner.quiet),
    ):
        from noiseaudit.pipeline import audit

        result = audit(path, design, name=name)
        for target in targets:
            write_report(result, target, language=manner.language, audience=viewers, key=key, force=force)  # type: ignore[arg-type]
    if not targets:
        show(summary_text(result, language=manner.language))
    if not manner.quiet:
        _tell(result, everything=bool(targets), verbose=manner.verbose)
        for target in targets:
            say(str(target))
    nothing = result.noise.system
    if isinstance(nothing, NotIdentified) and isinstance(result.noise.level, NotIdentified):
        if not manner.quiet:
            say(f"No figure is possible: {nothing.because}.\n[{nothing.reason}]")
        raise typer.Exit(4)
    if any(said.code == _NO_BASIS for said in result.findings):
        raise typer.Exit(4)


def _tell(result: AuditResult, *, everything: bool, verbose: bool) -> None:
    """What a reader of the files must know; beside the summary only what was not analysed."""
    for said in result.findings:
        if everything:
            worth = said.severity != "info" or said.code in ("roles_assumed", "binary_coding") or verbose
        else:
            worth = said.code == _NO_BASIS
        if worth:
            say(f"{said.code}: {said.what} {said.do}".rstrip())
