"""`thidua user`: people and their accounts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands._shared import (
    data_option,
    json_option,
    locale_option,
    opened,
    print_json,
    tell,
    terminals_locale,
    word,
)

if TYPE_CHECKING:
    from server.accounts import Account
    from server.service import Service


@click.group(short_help="People and their accounts.")
def command() -> None:
    """People and their accounts."""


@command.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as it is to be read.")
@click.option("--unit", required=True, help="The unit's id.")
@click.option("--role", "roles", multiple=True, required=True, help="specialist, head, inspector, grassroots …")
@click.option(
    "--locale", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="The language the person reads."
)
@click.option("--password", envvar="THIDUA_PASSWORD", help="Asked for when not given; keep it out of shell histories.")
@click.option("--no-password", is_flag=True, help="The account uses a phone alone.")
@data_option
@json_option
def add(
    *,
    login: str,
    name: str,
    unit: str,
    roles: tuple[str, ...],
    locale: str,
    password: str | None,
    data: Path,
    no_password: bool,
    as_json: bool,
) -> None:
    """Add a person who signs in as LOGIN; they enter every group year of their unit."""
    spoken = os.environ.get("THIDUA_LOCALE") or terminals_locale()
    with opened(data, locale=spoken) as service:
        spoken = spoken or service.config.locale
        if password is None and not no_password:
            password = _ask_password(spoken)
        account = service.accounts.add(login=login, name=name, unit=unit, roles=roles, password=password, locale=locale)
        service.setup.joined(account)
    if as_json:
        print_json({"account": account.account, "login": account.login, "unit": account.unit, "roles": account.roles})
    else:
        tell("account-added", spoken, name=account.name, login=account.login)


@command.command()
@click.argument("login")
@click.option("--password", envvar="THIDUA_PASSWORD", help="Asked for when not given; keep it out of shell histories.")
@data_option
@locale_option
@json_option
def password(*, login: str, password: str | None, data: Path, locale: str | None, as_json: bool) -> None:
    """Give LOGIN a new password; also to an account that had none."""
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        known = _known(service, login)
        # After the name is known to be right: nobody thinks up a password for a mistyped one.
        given = password or _ask_password(spoken)
        account = service.accounts.set_password(known.account, given)
    _tell(account, "account-password", spoken, as_json=as_json)


@command.command()
@click.argument("login")
@click.option("--role", "roles", multiple=True, required=True, help="Again for each; the roles not named are taken.")
@data_option
@locale_option
@json_option
def roles(*, login: str, roles: tuple[str, ...], data: Path, locale: str | None, as_json: bool) -> None:
    """Give LOGIN these roles and no others, here and in the group years of their unit."""
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        account = service.accounts.set_roles(_known(service, login).account, roles)
        service.setup.joined(account)
    _tell(account, "account-roles", spoken, as_json=as_json)


@command.command()
@click.argument("login")
@data_option
@locale_option
@json_option
def close(*, login: str, data: Path, locale: str | None, as_json: bool) -> None:
    """Close LOGIN's account: no more signing in, and their phones read nothing more.

    What the phones did before may be sent for thirty days; it arrives flagged, and counts by decision only.
    """
    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        account = service.accounts.close(_known(service, login).account)
    _tell(account, "account-closed", spoken, as_json=as_json)


@command.command("list")
@data_option
@locale_option
@json_option
def list_all(data: Path, *, locale: str | None, as_json: bool) -> None:
    """Everybody with an account."""
    from server.messages import say

    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        accounts = service.accounts.all()
    if as_json:
        print_json(
            [
                {
                    "account": it.account, "login": it.login, "name": it.name, "unit": it.unit, "roles": it.roles,
                    "active": it.active, "closed_at": it.closed_at,
                }
                for it in accounts
            ]
        )  # fmt: skip
        return
    for it in accounts:
        name = it.name or ""
        closed = say("account-was-closed", spoken, name=name)
        click.echo(f"{it.login:20} {it.unit:28} {','.join(it.roles):24} {name if it.active else closed}")


def _known(service: Service, login: str) -> Account:
    """An active account by what was typed. Raises Missing, naming that."""
    found = service.accounts.by_login(login)
    if found is None or not found.active:
        from server.problems import Missing

        raise Missing("account-unknown", {"account": login})
    return found


def _ask_password(locale: str) -> str:
    from server.messages import say

    again = say("password-again", locale)
    given: str = click.prompt(say("password-asked", locale), hide_input=True, confirmation_prompt=again)
    return given


def _tell(account: Account, code: str, locale: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"account": account.account, "login": account.login, "roles": account.roles, "active": account.active,
             "closed_at": account.closed_at}
        )  # fmt: skip
    else:
        tell(code, locale, login=account.login, roles=[word("role", each, locale) for each in account.roles])
