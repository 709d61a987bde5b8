"""One photo of an activity becomes evidence: what it shows, where, for which movement, and whether children are seen.

Everything is kept the moment Save is tapped; nothing here waits for a position or a network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kivy.properties import BooleanProperty, ListProperty, ObjectProperty, StringProperty

from mobile.cards import Place
from mobile.location import Fix
from mobile.messages import say
from mobile.problems import PhoneError
from mobile.screens.page import Page
from mobile.screens.phrases import points
from mobile.widgets.kv import load
from mobile.widgets.sheet import toast
from schemas.fields import NAME_CHARS_MAX, NOTE_CHARS_MAX
from schemas.problem import InvalidDocument
from sync.errors import SyncError

FORM = ("checklist", "criterion", "photo", "caption", "place", "note", "movement", "children_seen", "consent")
"""What is kept of a form not yet saved."""

SETTING = "capture-form"


class CapturePage(Page):
    """`checklist` and `criterion` are set when the photo is taken for one; it is then cited there at once."""

    checklist = StringProperty("")
    criterion = StringProperty("")
    photo = StringProperty("")
    caption = StringProperty("")
    place = StringProperty("")
    note = StringProperty("")
    movement = ObjectProperty(None, allownone=True)
    movements = ListProperty([])
    children_seen = BooleanProperty(False)
    consent = ObjectProperty(None, allownone=True)
    where = StringProperty("")
    purpose = StringProperty("")
    photo_problem = StringProperty("")
    caption_problem = StringProperty("")
    consent_problem = StringProperty("")
    note_problem = StringProperty("")
    consent_options = ListProperty([])

    def __init__(self, **kwargs: Any) -> None:
        self._fix: Fix | None = None
        super().__init__(**kwargs)

    def show(self, **what: Any) -> None:
        """A new photo; for `criterion` of `checklist` where they are named."""
        checklist, criterion = str(what.get("checklist", "")), str(what.get("criterion", ""))
        if not self.photo or (checklist, criterion) != (self.checklist, self.criterion):
            self._clear()
        self.checklist, self.criterion = checklist, criterion
        self._restore()
        self.refresh()
        self.app.location.start(self._located)

    def refresh(self) -> None:
        self.purpose = ""
        if self.checklist:
            view = self.phone.checklist(self.checklist)
            if self.criterion:
                line = view.criterion(self.criterion)
                self.purpose = f"{view.unit_name} · {line.label} {line.name}"
            else:
                self.purpose = view.unit_name
            groups = [(view.group, view.year)]
        else:
            groups = self.phone.years()
        # Two groups may carry on one movement: it is offered once.
        self.movements = list({it.movement: it.name for years in groups for it in self.phone.movements(*years)}.items())
        self.consent_options = [
            (True, self.words("Consent was given")),
            (False, self.words("No consent")),
        ]
        self._say_where()

    def leave(self) -> None:
        """Android may end the app while its camera is open: what was entered so far is found again."""
        self.app.location.stop()
        form = {name: getattr(self, name) for name in FORM}
        if self.photo or self.caption.strip() or self.note.strip():
            self.phone.set_setting(SETTING, json.dumps(form, sort_keys=True))

    def _restore(self) -> None:
        kept = self.phone.setting(SETTING)
        if not kept or self.photo or self.caption:
            return
        form = json.loads(kept)
        if (form["checklist"], form["criterion"]) == (self.checklist, self.criterion):
            for name in FORM:
                setattr(self, name, form[name])
            if not Path(self.photo).is_file():
                self.photo = ""

    def take(self) -> None:
        """Open the camera."""
        self.app.camera.take(self._taken)

    def _taken(self, path: Path | None) -> None:
        if path is not None:
            self.photo = ""
            self.photo = str(path)
            self.photo_problem = ""

    def _located(self, fix: Fix) -> None:
        self._fix = fix
        self._say_where()

    def _say_where(self) -> None:
        if self._fix is None:
            self.where = self.words("Position unknown. Write the place; saving does not wait for it.")
        elif self._fix.accuracy_m is not None:
            self.where = self.words(
                "Position known within {metres} m.", metres=points(self._fix.accuracy_m, self.app.locale)
            )
        else:
            self.where = self.words("Position known.")

    def save(self) -> None:
        """Keep it, cite it where it was taken for, and go back."""
        self.photo_problem = "" if self.photo else self.words("Take or choose a photo first.")
        self.caption_problem = "" if self.caption.strip() else self.words("Say in a few words what the photo shows.")
        if len(self.caption.strip()) > NAME_CHARS_MAX:
            self.caption_problem = say("text-too-long", max=str(NAME_CHARS_MAX))
        self.note_problem = ""
        if len(self.note.strip()) > NOTE_CHARS_MAX:
            self.note_problem = say("text-too-long", max=str(NOTE_CHARS_MAX))
        undecided = self.children_seen and self.consent is None
        self.consent_problem = self.words("Say whether their parents or guardians agreed.") if undecided else ""
        if self.photo_problem or self.caption_problem or self.note_problem or self.consent_problem:
            return
        try:
            self.phone.capture(
                Path(self.photo),
                title=self.caption.strip(),
                note=self.note.strip(),
                movement=self.movement,
                place=self._place(),
                criterion=self.criterion or None,
                children=self.children_seen,
                consent=self.consent if self.children_seen else None,
                checklist=self.checklist or None,
            )
        except (PhoneError, InvalidDocument, SyncError) as error:
            self.photo_problem = getattr(error, "message", str(error))
            return
        self._clear()
        self.phone.set_setting(SETTING, "")
        toast(self.words("Evidence saved on this phone"), icon="content-save-check-outline")
        if not self.app.back():
            self.app.top("home")

    def _place(self) -> Place | None:
        name = self.place.strip() or None
        if name is None and self._fix is None:
            return None
        fix = self._fix
        return Place(
            name=name,
            lat=fix.lat if fix else None,
            lon=fix.lon if fix else None,
            accuracy_m=fix.accuracy_m if fix else None,
        )

    def _clear(self) -> None:
        self._fix = None
        self.photo = self.caption = self.place = self.note = ""
        self.movement = self.consent = None
        self.children_seen = False
        self.photo_problem = self.caption_problem = self.note_problem = self.consent_problem = ""


load(__file__)
