"""`thidua user`: people and their accounts."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands._shared import data_option, json_option, opened, print_json


@click.group(short_help="People and their accounts.")
def command() -> None:
    """People and their accounts."""


@command.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as it is to be read.")
@click.option("--unit", required=True, help="The unit's id.")
@click.option("--role", "roles", multiple=True, required=True, help="specialist, head, inspector, grassroots …")
@click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
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
    if password is None and not no_password:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(data) as service:
        account = service.accounts.add(login=login, name=name, unit=unit, roles=roles, password=password, locale=locale)
        service.setup.joined(account)
    if as_json:
        print_json({"account": account.account, "login": account.login, "unit": account.unit, "roles": account.roles})
    else:
        click.echo(f"{account.name} may sign in as {account.login}. A phone: thidua enrol {account.login}")


@command.command("list")
@data_option
@json_option
def list_all(data: Path, *, as_json: bool) -> None:
    """Everybody with an account."""
    with opened(data) as service:
        accounts = service.accounts.all()
    if as_json:
        print_json(
            [
                {"account": it.account, "login": it.login, "name": it.name, "unit": it.unit, "roles": it.roles}
                for it in accounts
            ]
        )
        return
    for it in accounts:
        click.echo(f"{it.login:20} {it.unit:28} {','.join(it.roles):24} {it.name or ''}")
