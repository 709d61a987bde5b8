"""What commands share: where the data is, how problems are said, how a table or JSON is printed."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from server.config import Config
    from server.service import Service

DATA = Path("thidua-data")
DEMONSTRATION = Path("var/demo/server")
"""Where `thidua demo` keeps its own: read when no folder is named and there is no other here."""

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="THIDUA_DATA",
        default=DATA,
        show_default=True,
        help="The installation's data folder.",
    )(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def config_of(data: Path, *, must_exist: bool = True, couchdb: str | None = None) -> Config:
    from server.config import ConfigRefused, load

    if must_exist and data == DATA and not data.exists() and (DEMONSTRATION / "databases").is_dir():
        data = DEMONSTRATION
    if must_exist and not (data / "databases").is_dir():
        raise click.ClickException(f"{data} is no data folder of Thidua: make one with `thidua init --data {data}`.")
    try:
        return load(data, couchdb=couchdb)
    except ConfigRefused as error:
        raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def opened(data: Path, *, must_exist: bool = True) -> Iterator[Service]:
    """The service at `data`, not following: commands may run beside the one that serves."""
    from server import log
    from server.service import Service

    log.configure(level=logging.WARNING)
    config = config_of(data, must_exist=must_exist)
    with said_in(config.locale), Service.open(config) as service:
        yield service


@contextlib.contextmanager
def said_in(locale: str) -> Iterator[None]:
    """Problems as sentences for the terminal, each field on its line."""
    from schemas.base import InvalidDocument
    from server.messages import say
    from server.problems import Invalid, Problem

    try:
        yield
    except Problem as problem:
        lines = [say(problem.said, locale)]
        if isinstance(problem, Invalid):
            lines += [f"  {path}: {say(said, locale)}" for path, said in problem.fields]
        raise click.ClickException("\n".join(lines)) from problem
    except InvalidDocument as invalid:
        raise click.ClickException("\n".join(invalid.sentences(locale))) from invalid
