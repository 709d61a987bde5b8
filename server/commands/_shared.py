"""What commands share: where the data is, how problems are said, how a table or JSON is printed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from server.accounts import Account
    from server.config import Config
    from server.service import Service
    from server.workbooks import BadCell

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


def locale_option(command: Command) -> Command:
    """`locale`: what was asked for, else the terminal's language, else None: the installation's."""
    return click.option(
        "--locale",
        type=click.Choice(["vi", "en"]),
        envvar="THIDUA_LOCALE",
        default=terminals_locale,
        help="The language of what is printed (else THIDUA_LOCALE, else the terminal's, else the installation's).",
    )(command)


def terminals_locale() -> str | None:
    """The language that the terminal names first, where we speak it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        told = os.environ.get(name, "")
        if told:
            tongue = told.partition("_")[0].partition(".")[0].lower()
            return tongue if tongue in ("vi", "en") else None
    return None


def word(book: str, code: str, locale: str) -> str:
    """The word the pages have for a code of the data."""
    from babel.support import Translations

    from server.web.language import TRANSLATIONS
    from server.web.words import word as of_pages

    vietnamese = str(of_pages(book, code).text)
    return vietnamese if locale == "vi" else str(Translations.load(TRANSLATIONS, [locale]).gettext(vietnamese))


def hash_and_key(result_hash: str, key: str, locale: str) -> str:
    """What is printed on a published ranking and given to `thidua verify`, on two lines."""
    from server.bundle.signing import grouped
    from server.messages import say

    return say("hash-and-key", locale, hash=grouped(result_hash), key=grouped(key))


def tell(code: str, locale: str, /, **params: Any) -> None:
    """Print a sentence of the service."""
    from server.messages import say

    click.echo(say(code, locale, **params))


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def config_of(data: Path, *, must_exist: bool = True, couchdb: str | None = None, locale: str | None = None) -> Config:
    """The configuration of a folder that must be one of ours; else says so in `locale`, or the installation's."""
    from server.messages import say

    if must_exist and data == DATA and not data.exists() and (DEMONSTRATION / "databases").is_dir():
        data = DEMONSTRATION
    if must_exist and not (data / "databases").is_dir():
        spoken = locale or os.environ.get("THIDUA_LOCALE") or "vi"
        raise click.ClickException(say("no-folder", spoken, data=data))
    return read_config(data, couchdb=couchdb)


def read_config(data: Path, *, locale: str | None = None, couchdb: str | None = None) -> Config:
    """The configuration at `data`, made if it is not there; what is wrong with it is a sentence."""
    from server.config import ConfigRefused, load

    try:
        return load(data, locale=locale, couchdb=couchdb)
    except ConfigRefused as error:
        raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def opened(data: Path, *, must_exist: bool = True, locale: str | None = None) -> Iterator[Service]:
    """The service at `data`, not following: commands may run beside the one that serves. Problems are said in
    `locale`, else in the installation's language.
    """
    from schemas.problem import InvalidDocument
    from server import log
    from server.board.models.said import Said
    from server.naming import named
    from server.problems import Problem
    from server.service import Service

    log.configure(level=logging.WARNING)
    config = config_of(data, must_exist=must_exist, locale=locale)
    spoken = locale or config.locale
    with said_in(spoken), Service.open(config) as service:
        # Rules know units and accounts by id; whoever reads the refusal knows them by name.
        try:
            yield service
        except Problem as problem:
            problem.said = Said(problem.said.code, named(service.registry, problem.said.params, spoken))
            raise
        except InvalidDocument as invalid:
            told = [replace(it, params=named(service.registry, it.params, spoken)) for it in invalid.problems]
            raise InvalidDocument(told, locale=spoken) from invalid


def refuse_cells(file: Path, bad: Sequence[BadCell], locale: str) -> None:
    """Stop with every bad cell on a line of its own. Nothing happens where there is none."""
    from server.messages import say

    if bad:
        lines = [
            say("cell" if each.sheet else "csv-row", locale, problem=say(each.said, locale), **each.place)
            for each in bad
        ]
        raise click.ClickException("\n".join([str(file), *lines]))


def by_option(command: Command) -> Command:
    return click.option("--by", "login", help="Who decides: a sign-in name. Without it, those who could are named.")(
        command
    )


def decider(
    service: Service, login: str | None, act: str, value: Mapping[str, Any], *, group: str, year: int
) -> Account:
    """The account in whose name a command decides. Raises NotSignedIn naming who could, where none is named."""
    from schemas.problem import Refused
    from server.problems import Missing, NotSignedIn

    known = [each for each in service.accounts.all() if each.active]
    found = next((each for each in known if each.login == login), None)
    if found is not None:
        return found
    if login is not None:
        raise Missing("account-unknown", {"login": login, "account": login})
    view = service.board.view(None, group, year)
    could = [each for each in known if not isinstance(service.acts.authority(each, view, act, value), Refused)]
    logins = ", ".join(f"{each.login} ({each.name})" for each in could) or "–"
    raise NotSignedIn("act-by", {"logins": logins})


@contextlib.contextmanager
def said_in(locale: str) -> Iterator[None]:
    """Problems as sentences for the terminal, each field on its line; so with a file that is not to be had."""
    from schemas.base import InvalidDocument
    from server.messages import say
    from server.problems import Problem

    try:
        yield
    except Problem as problem:
        lines = [say(problem.said, locale)]
        lines += [f"  {path}: {say(said, locale)}" for path, said in problem.fields]
        raise click.ClickException("\n".join(lines)) from problem
    except InvalidDocument as invalid:
        raise click.ClickException("\n".join(invalid.sentences(locale))) from invalid
    except OSError as error:
        if error.filename is None:
            raise
        raise click.ClickException(say("file-trouble", locale, file=error.filename, error=error.strerror)) from error
