"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from server.problems import NotSignedIn
from server.web.blueprint import web
from server.web.language import said
from server.web.reader import Reader, service
from server.web.views.common import local_path


@web.get("/sign-in")
def sign_in() -> Any:
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")) or url_for("web.groups"))
    return render_template("sign_in.html", login="", wrong=None)


@web.post("/sign-in")
def sign_in_sent() -> Any:
    login = request.form.get("login", "").strip()
    try:
        account = service().accounts.sign_in(login, request.form.get("password", ""))
    except NotSignedIn as problem:
        return render_template("sign_in.html", login=login, wrong=said(problem.said)), 401
    # A new session: what a stranger may have planted in the old one is worth nothing.
    session.clear()
    login_user(Reader(account))
    return redirect(local_path(request.args.get("next")) or url_for("web.groups"), 303)


@web.post("/sign-out")
def sign_out() -> Any:
    logout_user()
    session.clear()
    return redirect(url_for("web.sign_in"), 303)
