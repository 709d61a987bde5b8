"""`thidua bundle`: the frozen ranking with all it was computed from, in one file that anybody can check."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, hash_and_key, json_option, locale_option, opened, print_json


@click.command(short_help="Write a frozen ranking and all its inputs to one file.")
@click.argument("group")
@click.argument("year", type=int)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--photos", is_flag=True, help="With the photos that evidence names: large.")
@click.option("--public", is_flag=True, help="Without private parts: no texts, places, names or photos.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@data_option
@locale_option
@json_option
def command(
    group: str,
    year: int,
    out: Path,
    *,
    photos: bool,
    public: bool,
    force: bool,
    data: Path,
    locale: str | None,
    as_json: bool,
) -> None:
    """Write the bundle of GROUP in YEAR to OUT: the published ranking, else the last frozen one.

    The same state gives the same bytes. `thidua verify OUT` checks it, anywhere.
    """
    from schemas.figures import format_points
    from server.messages import say
    from server.problems import Clash

    with opened(data, locale=locale) as service:
        if out.exists() and not force:
            raise Clash("file-exists", {"file": out})
        spoken = locale or service.config.locale
        service.follower.sweep()
        made = service.results.bundle(None, group, year, out, photos=photos, public=public)
    report = made.report
    if as_json:
        print_json({
            "file": str(out), "file_sha256": report.file_sha256, "hash": made.hash, "key": made.key,
            "documents": report.documents, "photos": report.photos, "public": public,
        })  # fmt: skip
        return
    counts = {"documents": report.documents, "photos": report.photos}
    click.echo(say("bundle-made", spoken, file=out, bytes=format_points(out.stat().st_size, spoken), **counts))
    click.echo(hash_and_key(made.hash, made.key, spoken))
