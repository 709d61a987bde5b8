"""Devices: enrolling a phone by a code typed or scanned, and taking a lost one's rights away."""

from __future__ import annotations

from typing import Any

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from server import naming
from server.accounts import Account, Device, Enrolment
from server.problems import Refused
from server.web.blueprint import web
from server.web.language import locale
from server.web.reader import account, service


@web.get("/enrol")
def enrol() -> Any:
    """Where a QR leads whom a camera, not the app, has read it. The code stands after the `#`: it never comes here."""
    return render_template("enrol.html", middle=True)


@web.get("/devices")
def devices() -> Any:
    return _page()


@web.post("/devices/codes")
def new_code() -> Any:
    """The code is shown in this answer alone: it is kept nowhere and stands in no address."""
    wanted = request.form.get("account") or account().account
    if wanted not in {each.account for each in enrollable(account())}:
        raise Refused("enrol-others")
    return _page(service().accounts.new_code(wanted))


@web.post("/devices/<device>")
def device_sent(device: str) -> Any:
    state = "lost" if request.form.get("state") == "lost" else "revoked"
    service().accounts.set_device_state(account().account, device, state)
    flash(
        _("Đã ghi nhận. Điện thoại này không nhận thêm số liệu; phiếu đã làm trên máy vẫn gửi được trong 30 ngày.")
        if state == "revoked"
        else _("Đã báo mất. Từ giờ, những gì máy này gửi lên được để riêng, không tính."),
        "good",
    )
    return redirect(url_for("web.devices"), 303)


def enrollable(asking: Account) -> list[Account]:
    """Whose phones `asking` may enrol: one's own; an administrator anybody's."""
    if "admin" not in asking.roles:
        return [asking]
    active = [each for each in service().accounts.all() if each.active]
    return sorted(active, key=lambda each: (each.account != asking.account, each.unit, each.name or each.login))


def doubled(people: list[Account]) -> list[tuple[Device, Account]]:
    """The phones of these people with whose enrolment another phone asks too."""
    known = {each.account for each in people}
    found = [service().accounts.by_device(device) for device in service().sightings.doubled(now=service().now())]
    return [(each[1], each[0]) for each in found if each is not None and each[0].account in known]


def qr(text: str) -> Markup:
    """A QR code as an inline drawing, dark on light in every look: that is what cameras read."""
    drawn = segno.make(text, error="m").svg_inline(border=1, dark="#14202B", light="#FFFFFF", omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn by segno from numbers alone


def _page(fresh: Enrolment | None = None) -> str:
    people = enrollable(account())
    owner = next((each for each in people if fresh and each.account == fresh.account), None)
    code = None if fresh is None else qr(f"{request.host_url}enrol#{fresh.code}")
    return render_template(
        "devices.html",
        devices=service().accounts.devices(account().account),
        doubled=doubled(people),
        people=people,
        fresh=fresh,
        owner=owner,
        unit_of=lambda each: naming.named(service().registry, {"unit": each.unit}, locale())["unit"],
        qr=code,
        tab="devices",
    )
