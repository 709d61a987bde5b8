"""`thidua verify`: does a bundle hold? Needs the file alone: no server, no data folder, no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands._shared import hash_and_key, json_option, locale_option, print_json

if TYPE_CHECKING:
    from server.bundle.verify import Report


@click.command(short_help="Check a bundle, anywhere.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--expect", metavar="HASH", help="The result hash printed on the published ranking.")
@click.option("--key", metavar="FINGERPRINT", help="The key fingerprint printed there.")
@locale_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, file: Path, expect: str | None, key: str | None, *, locale: str | None, as_json: bool
) -> None:
    """Check the bundle FILE: its bytes, its signature, the chain of decisions, and the ranking computed again.

    Exit codes: 0 everything holds (and, with --expect and --key, it is what was published); 1 something does not hold,
    the first such thing is named; 2 the command was not understood or the file cannot be read.
    """
    from server.bundle.verify import verify_file

    try:
        report = verify_file(file, expect=expect, key=key)
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from error
    if as_json:
        print_json(report.to_json())
    else:
        _print(report, locale or "vi")
    if not report.holds:
        ctx.exit(1)


def _print(report: Report, locale: str) -> None:
    from schemas.figures import fixed_string, format_points, format_time
    from server.messages import say

    english = locale == "en"
    click.echo(f"{'✗' if not report.holds else '✓'} {report.verdict.sentence(locale)}")
    if report.frozen is not None:
        ranking = report.frozen.standings
        click.echo(f"\n{report.group} · {report.year} · {ranking.as_of:%d/%m/%Y}")
        if ranking.sample:
            click.echo(say("sample-scores", locale))
        for row in ranking.rows:
            name = row.short_names.get(locale) or row.short_names["vi"]
            total = "–" if row.total is None else format_points(fixed_string(row.total), locale, places=2)
            click.echo(f"{'–' if row.place is None else row.place:>4}  {total:>10}  {name}")
        for reason in (*report.notes, *report.frozen.exceptions):
            click.echo(f"  · {ranking.sentence(reason, locale)}")
    for it in report.withheld:
        kind = {"part": "private part", "photo": "photo"} if english else {"part": "phần riêng tư", "photo": "ảnh"}
        words = "withheld by decision" if english else "thu hồi theo quyết định số"
        when = format_time(it.at, locale)
        click.echo(f"  · {kind[it.kind]} {it.sha256[:12]}… {words} {it.n}, {when}: {it.reason or '–'}")
    if report.hash is not None and report.key is not None:
        click.echo("\n" + hash_and_key(report.hash, report.key, locale))
    click.echo(f"SHA-256 {'of the file' if english else 'của tệp'}: {report.file_sha256}")
