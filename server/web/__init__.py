"""The pages for people: server-rendered, in Vietnamese and English, complete without scripts.

`init_app` mounts them. A view loads from the board, renders, and never computes a figure; a form becomes one act or is
refused in words. This package must never open a database: it knows the service's board, accounts and acts alone.

    language   which language, and how figures, times and names read in it
    words      every code a document or the board uses → its word, icon and tone, one place for all pages
    reader     who reads: Flask-Login's user around the accounts' identity
    guard      CSRF on every form, headers on every answer
    forms      what a person typed → an act's value, or what is wrong with which field (pure)
    unit_forms likewise, for what the group decides about a whole unit (pure)
    event_forms  likewise, for what happens to units (pure)
    icons      the few icons pages draw, inlined
    errors     problems as pages in plain words
    views/     one module a page
"""

from __future__ import annotations

from flask import Flask

from server.web import errors, guard, icons, language, reader, views, words
from server.web.blueprint import web

__all__ = ["errors", "init_app"]


def init_app(app: Flask) -> None:
    """Mount the pages on `app`. Expects `app.extensions["thidua"]` by the first request, and a `SECRET_KEY`."""
    language.init_app(app)
    reader.init_app(app)
    guard.init_app(app)
    icons.init_app(app)
    words.init_app(app)
    views.init_app(app)
    # Last: what hangs on a blueprint must hang there before it is mounted.
    app.register_blueprint(web)
