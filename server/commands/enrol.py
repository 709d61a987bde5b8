"""`thidua enrol`: a code by which one phone becomes somebody's."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from server.commands._shared import data_option, json_option, locale_option, opened, print_json, tell


@click.command(short_help="A code and a QR for somebody's phone.")
@click.argument("user")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the phone reaches the service.")
@data_option
@locale_option
@json_option
def command(user: str, url: str, data: Path, *, locale: str | None, as_json: bool) -> None:
    """Give USER (a login) a code that enrols one phone, once, within a day. It is shown here and kept nowhere."""
    from schemas.figures import format_time
    from server.problems import Missing

    with opened(data, locale=locale) as service:
        spoken = locale or service.config.locale
        account = service.accounts.by_login(user)
        if account is None:
            raise Missing("account-unknown", {"account": user})
        fresh = service.accounts.new_code(account.account)
    # After the fragment's mark: browsers and proxies neither send nor log it.
    link = f"{url.rstrip('/')}/enrol#{fresh.code}"
    if as_json:
        print_json({"code": fresh.code, "link": link, "account": fresh.account, "expires_at": fresh.expires_at})
        return
    import segno

    segno.make(link, error="m").terminal(out=sys.stdout, compact=True)
    until = format_time(fresh.expires_at, spoken)
    tell("enrolment-code", spoken, name=account.name or account.login, code=fresh.code, url=url, until=until)
