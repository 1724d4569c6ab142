"""The faces that people read: HTML page, Markdown, CSV and xlsx tables, JSON, and the terminal summary."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from noiseaudit.errors import CallError
from noiseaudit.formatting import json_text, printable
from noiseaudit.language import LANGUAGES
from noiseaudit.report.summary import summary_text
from noiseaudit.result import Audience, AuditResult

__all__ = ["FORMATS", "printable", "render", "summary_text", "write_report", "write_text"]

TEXTS = (".html", ".json", ".md", ".csv")
FORMATS = (*TEXTS, ".xlsx")


def render(
    result: AuditResult,
    suffix: str,
    *,
    language: str = "en",
    audience: Audience = "public",
    key: bytes | None = None,
) -> str:
    """The result as text in the format of a file suffix; CallError for a format or language that does not exist.

    key: of the codes that stand for professionals in a file for the team.
    """
    if language not in LANGUAGES:
        raise CallError("no_such_language", f"there is no report in {language!r} yet; there is {', '.join(LANGUAGES)}")
    if suffix == ".html":
        from noiseaudit.report.html import render_html

        return render_html(result, language=language, audience=audience, key=key)
    if suffix == ".json":
        return json_text(result.to_dict(audience, key=key)) + "\n"
    if suffix == ".md":
        from noiseaudit.report.plain_tables import render_markdown

        return render_markdown(result, language=language)
    if suffix == ".csv":
        from noiseaudit.report.plain_tables import render_csv

        return render_csv(result)
    raise CallError(
        "no_such_format", f"cannot write {suffix or 'a file without a suffix'!r}; there is {', '.join(FORMATS)}"
    )


def write_report(
    result: AuditResult,
    path: str | Path,
    *,
    language: str = "en",
    audience: Audience = "public",
    key: bytes | None = None,
    force: bool = False,
) -> Path:
    """Write the result in the format of the path's suffix (see FORMATS); CallError where it cannot be."""
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".xlsx":
        from noiseaudit.report.spreadsheet import render_workbook

        return _written(render_workbook(result, audience=audience, key=key), target, force=force)
    return write_text(render(result, suffix, language=language, audience=audience, key=key), target, force=force)


def write_text(text: str, target: Path, *, force: bool = False) -> Path:
    """Write text as UTF-8; CallError names what stands in the way."""
    return _written(text.encode("utf-8"), target, force=force)


def _written(content: bytes, target: Path, *, force: bool) -> Path:
    """Write under a temporary name, then rename: no half file is ever left."""
    check_target(target, force=force)
    try:
        handle, name = tempfile.mkstemp(prefix=".noiseaudit-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallError("cannot_write", f"cannot write {str(target)!r}: {error.strerror}") from None
    return target


def check_target(target: Path, *, force: bool = False, reads: Iterable[str | Path | None] = ()) -> None:
    """Refuse an existing file without `force`, a folder, and a folder that does not exist: before any work is done.

    reads: files that the command reads or keeps, which no output may replace, force or not.
    """
    if target.is_dir():
        raise CallError("output_is_folder", f"{str(target)!r} is a folder; give a file name")
    if not target.parent.exists():
        raise CallError("no_such_folder", f"there is no folder {str(target.parent)!r}")
    if any(path is not None and Path(path).resolve() == target.resolve() for path in reads):
        raise CallError("output_is_input", f"{str(target)!r} is read by this command; give the output another name")
    if target.exists() and not force:
        raise CallError("output_exists", f"{str(target)!r} exists already; add --force to replace it")
