"""What comes up from the bottom while scoring: a note, evidence, a disputed answer, what still stops Submit.

Each is given what to show and whom to tell; none knows the phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kivy.app import App
from kivy.metrics import dp
from kivy.properties import BooleanProperty, StringProperty

from mobile.cards import AnswerView, EvidenceCard, Problem
from mobile.i18n import _
from mobile.messages import say
from mobile.screens.phrases import moment, points
from mobile.screens.tiles import Thumb
from mobile.theme.states import STATE_LOOK
from mobile.widgets.base import Row
from mobile.widgets.buttons import Chip, Secondary
from mobile.widgets.kv import load
from mobile.widgets.sheet import Option, Sheet
from schemas.evidence import PHOTOS_MAX
from schemas.fields import NOTE_CHARS_MAX


class NoteSheet(Sheet):
    """A text with canned sentences to tap. Closing it keeps what was written, as everything here is kept.

    With `required` the text gives the reason for an act: it is not taken empty, and closing it changes nothing.
    """

    text = StringProperty("")
    problem = StringProperty("")
    required = BooleanProperty(False)

    def __init__(self, *, canned: Sequence[str], then: Callable[[str], object], **kwargs: Any) -> None:
        self._then = then
        super().__init__(**kwargs)
        self._before = self.text.strip()
        for index, sentence in enumerate(canned):
            chip = Chip(text=sentence, tag=f"canned:{index}")
            chip.bind(on_release=self._canned)
            self.ids.canned.add_widget(chip)

    def _canned(self, chip: Chip) -> None:
        said = self.text.strip()
        if chip.text not in said:
            self.text = f"{said} {chip.text}".strip()

    def done(self) -> None:
        """Hand over what was written."""
        if self.required and not self.text.strip():
            self.problem = _("Write the reason in a few words, or tap one above.")
            return
        if self._too_long():
            return
        self._hand_over()
        self.dismiss()

    def on_dismiss(self) -> bool:
        """Closed in whatever way. It stays open (True) over a text that would be lost."""
        if not self.required and self.text.strip() != self._before:
            if self._too_long():
                return True
            self._hand_over()
        return False

    def _too_long(self) -> bool:
        if len(self.text.strip()) <= NOTE_CHARS_MAX:
            return False
        self.problem = say("text-too-long", max=str(NOTE_CHARS_MAX))
        return True

    def _hand_over(self) -> None:
        self._before = self.text.strip()
        self._then(self._before)


class EvidenceSheet(Sheet):
    """The photos that can be cited here; a tap cites or stops citing one. The first button takes a new one."""

    def __init__(
        self,
        *,
        cards: Sequence[EvidenceCard],
        chosen: Sequence[str],
        then: Callable[..., object],
        capture: Callable[[], object],
        **kwargs: Any,
    ) -> None:
        self._then = then
        self._capture = capture
        super().__init__(**kwargs)
        for card in cards:
            self.ids.list.add_widget(self._row(card, on=card.id in chosen))
        self.ids.none.text = "" if cards else _("No evidence here yet. Take a photo, and it can be cited at once.")

    def _row(self, card: EvidenceCard, *, on: bool) -> Row:
        row = Row(spacing=dp(12))
        thumb = Thumb(evidence=card.id, source=str(card.thumbnail or ""), chosen=on)
        thumb.tag = f"cite:{card.id}"
        thumb.mark_icon, thumb.mark_role = ("check-circle", "primary") if on else ("", "soft")
        option = Option(text=card.title, detail=self._detail(card), tag=f"pick:{card.id}")
        for tap in (thumb, option):
            tap.pos_hint = {"center_y": 0.5}
            tap.bind(on_release=lambda _w: self._toggle(thumb))
        row.add_widget(thumb)
        row.add_widget(option)
        return row

    def _detail(self, card: EvidenceCard) -> str:
        place = card.place.name if card.place and card.place.name else ""
        return " · ".join(part for part in (moment(card.at, App.get_running_app().locale), place) if part)

    def _toggle(self, thumb: Thumb) -> None:
        thumb.chosen = not thumb.chosen
        thumb.mark_icon, thumb.mark_role = ("check-circle", "primary") if thumb.chosen else ("", "soft")
        self._then(thumb.evidence, on=thumb.chosen)

    def take_photo(self) -> None:
        """Leave for the camera."""
        self.dismiss()
        self._capture()


class ChoiceSheet(Sheet):
    """A disputed answer: what each side wrote, by whom and when. A tap decides."""

    def __init__(self, *, choices: Sequence[AnswerView], then: Callable[[int], object], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        locale = App.get_running_app().locale
        for index, answer in enumerate(choices):
            detail = " · ".join(part for part in (answer.by_name, moment(answer.at, locale), answer.note) if part)
            option = Option(text=answer_words(answer, locale), detail=detail, icon="arrow-right", tag=f"choice:{index}")
            option.choice = index

            def choose(tapped: Option) -> None:
                self.dismiss()
                then(tapped.choice)

            option.bind(on_release=choose)
            self.add_widget(option)


def answer_words(answer: AnswerView, locale: str) -> str:
    """An answer in words, whatever its kind."""
    if answer.na:
        return _("Not applicable")
    if answer.passed is not None:
        return _("Passed") if answer.passed else _("Not passed")
    if answer.points is not None:
        return _("{points} points").format(points=points(answer.points, locale))
    if answer.count is not None:
        return _("{n} times").format(n=points(answer.count, locale))
    return points(answer.actual, locale)


class ProblemsSheet(Sheet):
    """What stops Submit and what is missing, in order; each line leads to its criterion.

    `anyway` is given where nothing but missing answers stands against submitting.
    """

    def __init__(
        self,
        *,
        problems: Sequence[Problem],
        labels: Mapping[str, str],
        then: Callable[[str], object],
        anyway: Callable[[], object] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for problem in problems:
            label = labels.get(problem.criterion or "", "")
            option = Option(
                text=f"{label}  {problem.message}".strip(),
                icon="alert-circle-outline",
                tag=f"problem:{problem.criterion}",
            )
            option.criterion = problem.criterion

            def lead(tapped: Option) -> None:
                self.dismiss()
                if tapped.criterion is not None:
                    then(tapped.criterion)

            option.bind(on_release=lead)
            self.add_widget(option)
        if anyway is not None:
            button = Secondary(text=_("Submit with answers missing"), tag="submit:anyway")

            def submit(_button: Secondary) -> None:
                self.dismiss()
                anyway()

            button.bind(on_release=submit)
            self.add_widget(button)


class EvidencePicture(Sheet):
    """One piece of evidence, large: the picture, when and where, and how safe it is."""

    source = StringProperty("")
    which = StringProperty("")
    several = BooleanProperty(False)
    mine = BooleanProperty(False)
    facts = StringProperty("")
    note = StringProperty("")
    state_icon = StringProperty("")
    state_text = StringProperty("")
    state_role = StringProperty("soft")

    def __init__(
        self, *, card: EvidenceCard, state_text: str, add_photo: Callable[[], object], shown: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._photos, self._shown, self._add_photo = card.photos, shown, add_photo
        locale = App.get_running_app().locale
        self.mine = card.mine and len(card.photos) < PHOTOS_MAX
        self.several = len(card.photos) > 1
        self._show()
        place = card.place.name if card.place and card.place.name else ""
        self.facts = " · ".join(
            part for part in (moment(card.at, locale), place, card.by_name, card.movement_name) if part
        )
        self.note = card.reason or card.note
        self.state_icon, self.state_role = STATE_LOOK[card.state]
        self.state_text = state_text

    def next(self) -> None:
        """The next photo of the same; after the last the first."""
        self._shown += 1
        self._show()

    def add(self) -> None:
        """Leave for the camera: one more photo of the same."""
        self.dismiss()
        self._add_photo()

    def _show(self) -> None:
        if not self._photos:
            return
        at = self._shown % len(self._photos)
        photo = self._photos[at]
        self.source = str(photo.file or photo.thumbnail or "")
        self.which = _("Photo {n} of {of}").format(n=at + 1, of=len(self._photos)) if self.several else ""


load(__file__)
