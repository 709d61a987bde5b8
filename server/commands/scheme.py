"""`thidua scheme`: the library of schemes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from server.commands._shared import (
    data_option,
    json_option,
    locale_option,
    opened,
    print_json,
    refuse_cells,
    said_in,
    tell,
)


@click.group(short_help="The library of schemes.")
def command() -> None:
    """The library of schemes."""


@command.command("import")
@click.argument("source", metavar="FILE")
@data_option
@locale_option
@json_option
def import_(source: str, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Read a scheme into the library: FILE is an Excel workbook, a JSON file, or the name of a shipped scheme.

    `thidua scheme export` writes a workbook to begin with. All of it is read, or nothing and every bad cell is named.
    """
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        document = _read(source, spoken)
        written = service.setup.scheme(document)
    if as_json:
        print_json({"scheme": written["_id"]})
    else:
        tell("scheme-kept", spoken, scheme=written["_id"])


@command.command()
@click.argument("scheme")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@locale_option
@json_option
def export(scheme: str, out: Path, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Write a SCHEME of the library, or a shipped one, as a workbook to read, change and import again.

    SCHEME is its id, `scheme:cum-1000:1`, or the name of a shipped one.
    """
    from schemas.scheme import SHIPPED, shipped
    from server.problems import Missing
    from server.scheme_book import write

    spoken = locale or "vi"
    if scheme in SHIPPED:
        document = shipped(scheme)
    else:
        with opened(data, locale=locale) as service:
            found = service.registry.find(scheme)
            if found is None or found["type"] != "scheme":
                raise Missing("scheme-unknown", {"scheme": scheme})
            document = found
    with said_in(spoken):
        out.write_bytes(write(document))
    if as_json:
        print_json({"scheme": document["_id"], "file": str(out)})
    else:
        tell("scheme-written", spoken, scheme=document["_id"], file=out)


def _read(source: str, locale: str) -> dict[str, Any]:
    from schemas.scheme import SHIPPED, shipped
    from server.problems import Invalid
    from server.scheme_book import read as read_book

    if source.lower().endswith(".xlsx") and Path(source).is_file():
        document, bad = read_book(Path(source).read_bytes())
        refuse_cells(Path(source), bad, locale)
        assert document is not None
        return document

    if source in SHIPPED:
        return shipped(source)
    try:
        read: Any = json.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(SHIPPED)
        raise Invalid("scheme-file-lost", {"file": source, "error": error.strerror, "names": names}) from error
    except (ValueError, RecursionError) as error:
        raise Invalid("json-broken", {"file": source, "error": error}) from error
    if not isinstance(read, dict) or not {"scheme", "version"} <= read.keys():
        raise Invalid("scheme-file-none", {"file": source})
    return read
