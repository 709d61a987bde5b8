"""One criterion of a checklist: what is asked, the answer under the thumb, and what is still wanted.

It shows a `CriterionView` and reports what the person did; the page saves. It never decides what an answer may be.
"""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ListProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from mobile.cards import CriterionView
from mobile.i18n import _
from mobile.screens.phrases import points, short_date
from mobile.screens.tiles import Thumb
from mobile.theme.states import CRITERION_LOOK, STATE_LOOK
from mobile.widgets.base import Card
from mobile.widgets.fields import Choices
from mobile.widgets.kv import load
from mobile.widgets.stepper import Stepper

VALUE_FIELD = {"judged": "points", "quantitative": "actual", "bands": "actual", "per_occurrence": "count"}


def _figures(view: CriterionView) -> tuple[Any, ...]:
    """What was answered to which criterion, without what stands beside it."""
    answer = view.answer
    return (
        view.id,
        *(() if answer is None else (answer.points, answer.actual, answer.count, answer.passed, answer.na)),
    )


class CriterionCard(Card):
    """`show` says what to show; `on_changed(field, value)` and the other events report taps."""

    view = ObjectProperty(None, allownone=True)
    locale = StringProperty("vi")
    editable = BooleanProperty(True)
    criterion = StringProperty("")
    title = StringProperty("")
    facts = StringProperty("")
    state_icon = StringProperty("circle-outline")
    state_role = StringProperty("soft")
    is_na = BooleanProperty(False)
    excluded = BooleanProperty(False)
    note = StringProperty("")
    returned = StringProperty("")
    disputed = StringProperty("")
    wanted = StringProperty("")
    wants_photo = BooleanProperty(False)
    wrong = StringProperty("")
    pictures = ListProperty([])
    __events__ = ("on_changed", "on_ask_na", "on_ask_note", "on_ask_photo", "on_ask_choice", "on_open_picture")

    def __init__(self, **kwargs: Any) -> None:
        self._control: Widget | None = None
        self.wrong_in = ""
        super().__init__(**kwargs)

    def on_wrong(self, _card: Any, _sentence: str) -> None:
        """In which language it was said: another one does not keep it."""
        self.wrong_in = self.locale

    def show(self, view: CriterionView) -> None:
        """Write everything anew, in place. `locale` is set before."""
        # What was refused stays said until it is put right: pages are drawn anew whenever anything arrives.
        if self.wrong_in != self.locale or self.view is None or _figures(self.view) != _figures(view):
            self.wrong = ""
        self.view = view
        self.criterion = view.id
        self.title = f"{view.label}  {view.name}"
        self.facts = self._facts(view)
        self.excluded = view.excluded
        self.is_na = view.state == "na"
        self.state_icon, self.state_role = CRITERION_LOOK[view.state]
        self.note = view.note
        self.returned = self._returned(view)
        self.disputed = _("Two answers were given on two phones. Choose the one that stands.") if view.choices else ""
        self.wanted = self._wanted(view)
        # What a tap on it opens. A note that a large difference asks for is said before the photo.
        self.wants_photo = self.wanted == view.problem and view.photo_asked
        if self.wanted and self.state_role == "good":
            self.state_icon, self.state_role = "alert-outline", "attention"
        self._show_control(view)
        self._show_pictures(view)

    def _facts(self, view: CriterionView) -> str:
        facts = []
        if view.self_answer is not None:
            own = _("not applicable") if view.self_answer.na else points(view.self_worth, self.locale)
            facts.append(_("Self {points}").format(points=own))
        facts.append(_("Maximum {points}").format(points=points(view.max, self.locale)))
        facts.extend(view.asked)
        if view.answer is not None and view.answer.paper is not None:
            facts.append(_("Typed in from paper of {date}").format(date=short_date(view.answer.paper)))
        return " · ".join(facts)

    def _after(self, view: CriterionView) -> str:
        """Behind a figure: what is to be written there; once it is, what it earns."""
        if view.answer is None or not getattr(view.answer, VALUE_FIELD[view.kind]):
            return _("times") if view.kind == "per_occurrence" else _("what was achieved")
        if view.worth is None:
            return _("waits for the units' results")
        return _("= {points} points").format(points=points(view.worth, self.locale))

    def _returned(self, view: CriterionView) -> str:
        if view.returned is None:
            return ""
        return _("Sent back: {reason} (answer by {date})").format(
            reason=view.returned.reason, date=short_date(view.returned.deadline)
        )

    def _wanted(self, view: CriterionView) -> str:
        if view.choices:
            return ""  # the banner above asks for the choice
        if view.discrepant and view.note_asked:
            return _("More than 10 % of the maximum away from the self-score: say why in a note.")
        return view.problem if view.state != "missing" else ""

    def _show_control(self, view: CriterionView) -> None:
        holder = self.ids.control
        if self._control is None:
            self._control = self._build(view)
            holder.add_widget(self._control)
        hidden = self.excluded or self.is_na or bool(view.choices)
        holder.opacity, holder.height = (0, 0) if hidden else (1, dp(48))
        self._control.disabled = hidden or not self.editable
        answer = view.answer
        if isinstance(self._control, Choices):
            self._control.value = answer.passed if answer else None
            return
        self._control.locale = self.locale
        self._control.after = self._after(view) if view.kind != "judged" else ""
        self._control.value = (getattr(answer, VALUE_FIELD[view.kind]) or "") if answer else ""

    def _build(self, view: CriterionView) -> Widget:
        if view.kind == "pass_fail":
            choices = Choices(tag=f"{view.id}:passed", inset=0, options=[(True, _("Passed")), (False, _("Not passed"))])
            choices.bind(on_pick=lambda _w, value: self.dispatch("on_changed", "passed", value))
            return choices
        judged = view.kind == "judged"
        stepper = Stepper(
            tag=view.id,
            limit=view.max if judged else "",
            step=(view.step or "0.5") if judged else "1",
            start=((view.self_worth if view.self_answer and view.self_answer.points else None) or view.max)
            if judged
            else "",
            locale=self.locale,
        )
        stepper.bind(on_commit=lambda _w, value: self.dispatch("on_changed", VALUE_FIELD[view.kind], value))
        stepper.bind(on_wrong=lambda _w, _text: self._say_wrong(view))
        return stepper

    def _say_wrong(self, view: CriterionView) -> None:
        if view.kind == "judged":
            self.wrong = _("Write a number from 0 to {max}.").format(max=points(view.max, self.locale))
        else:
            self.wrong = _("Write a number, for example 12.")

    def _show_pictures(self, view: CriterionView) -> None:
        row = self.ids.pictures
        if [thumb.evidence for thumb in reversed(row.children)] != [card.id for card in view.evidence]:
            row.clear_widgets()
            for card in view.evidence:
                row.add_widget(Thumb(evidence=card.id, on_release=self._tapped))
        for thumb, card in zip(reversed(row.children), view.evidence, strict=True):
            thumb.source = str(card.thumbnail or "")
            thumb.mark_icon, thumb.mark_role = STATE_LOOK[card.state]

    def _tapped(self, thumb: Thumb) -> None:
        self.dispatch("on_open_picture", thumb.evidence)

    def on_changed(self, field: str, value: Any) -> None:
        """An answer to save."""

    def on_ask_na(self) -> None:
        """ "Not applicable" was tapped."""

    def on_ask_note(self) -> None:
        """The note was tapped."""

    def on_ask_photo(self) -> None:
        """ "Photo" was tapped."""

    def on_ask_choice(self) -> None:
        """The disputed answer was tapped."""

    def on_open_picture(self, evidence: str) -> None:
        """A thumbnail was tapped."""


load(__file__)
