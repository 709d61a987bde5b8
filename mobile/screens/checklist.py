"""A checklist, one section at a time: the score sheet of a visit or of one's own unit.

Every change is saved at once through `Phone`; the page then shows what the phone holds. In a wide window the list of
all criteria stands beside the section being scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kivy.clock import Clock
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, ObjectProperty, StringProperty

from mobile.cards import ChecklistView, ClaimItem, Problem, SectionView
from mobile.i18n import ngettext_, state_word
from mobile.problems import PhoneError
from mobile.screens.claims import ClaimsSheet
from mobile.screens.criterion import CriterionCard
from mobile.screens.page import Page
from mobile.screens.phrases import date_range, points, share
from mobile.screens.sheets import ChoiceSheet, EvidenceSheet, NoteSheet, ProblemsSheet
from mobile.theme.states import CRITERION_LOOK
from mobile.widgets.base import Tap
from mobile.widgets.kv import load
from mobile.widgets.sheet import ask, toast
from schemas.problem import InvalidDocument
from sync.errors import SyncError

SAVED_S = 1.6
"""How long "Saved" stays: read in passing, gone before the next criterion."""


class SectionTab(Tap):
    """One section in the row of tabs: its number and how far it is."""

    text = StringProperty("")
    progress = StringProperty("")
    on = BooleanProperty(False)
    done = BooleanProperty(False)


class OverviewLine(Tap):
    """One criterion in the list beside (wide windows)."""

    text = StringProperty("")
    figure = StringProperty("")
    icon = StringProperty("circle-outline")
    role = StringProperty("soft")
    heading = BooleanProperty(False)


class ChecklistPage(Page):
    """Holds the view of `key`; `section` is the index shown."""

    key = StringProperty("")
    section = NumericProperty(0)
    view = ObjectProperty(None, allownone=True)
    title = StringProperty("")
    subtitle = StringProperty("")
    section_name = StringProperty("")
    section_progress = StringProperty("")
    section_ratio = NumericProperty(0.0)
    section_points = StringProperty("")
    total = StringProperty("")
    provisional = BooleanProperty(True)
    saved = BooleanProperty(False)
    missing_text = StringProperty("")
    missing_icon = StringProperty("check")
    attend = ListProperty([])
    minutes = StringProperty("")
    claims = StringProperty("")
    banner = StringProperty("")
    banner_tone = StringProperty("calm")
    can_submit = BooleanProperty(True)
    submit_text = StringProperty()

    def show(self, **what: Any) -> None:
        """`key`, and perhaps `criterion`: open the checklist at its first section, or there."""
        key, criterion = str(what["key"]), what.get("criterion")
        if key != self.key:
            self.key = key
            self.section = 0
            self.ids.scroll.scroll_y = 1
        self.refresh()
        if criterion is not None:
            self.go_to(criterion)

    def refresh(self) -> None:
        if not self.key:
            return
        self._show(self.phone.checklist(self.key))

    def _show(self, view: ChecklistView) -> None:
        self.view = view
        locale = self.app.locale
        stage = self.words("Self-score") if view.stage == "self" else self.words("Cross-inspection")
        self.title = view.unit_name
        when = date_range(view.visit_from, view.visit_to, locale) if view.visit_from else str(view.year)
        self.subtitle = " · ".join(part for part in (stage, when, view.visit_place or view.group_name) if part)
        section = view.sections[self.section]
        self.section_name = f"{section.label}. {section.name}"
        self.section_ratio = share(section.done, section.applicable)
        self.section_progress = f"{section.done}/{section.applicable}"
        self.section_points = f"{points(section.subtotal, locale)} / {points(section.max, locale)}"
        self.total = f"{points(view.total, locale)} / {points(view.total_max, locale)}"
        self.provisional = view.provisional
        self.missing_text, self.missing_icon, self.attend = self._attend(view)
        self.can_submit = view.editable
        approve = view.awaiting == "mine" and not view.changed
        self.submit_text = self.words("Approve") if approve else self.words("Submit")
        self.minutes = self._minutes(view)
        self.claims = self._claims(view)
        self._say_banner(view)
        self._tabs(view)
        self._cards(section)
        if self.app.wide:
            self._overview(view)

    def _attend(self, view: ChecklistView) -> tuple[str, str, tuple[str, ...]]:
        """What there is to see to next, in words, with its icon and its criteria: what stops a submission first."""
        if view.disputed and view.editable and not view.published:
            return ngettext_("{n} to choose", "{n} to choose", len(view.disputed)), "call-split", view.disputed
        if view.missing:
            count = len(view.missing)
            return ngettext_("{n} item missing", "{n} items missing", count), "circle-outline", view.missing
        stopped = tuple(dict.fromkeys(each.criterion for each in view.problems if each.criterion is not None))
        if stopped and view.editable and not view.published:
            return ngettext_("{n} to complete", "{n} to complete", len(stopped)), "alert-outline", stopped
        if view.returned and view.editable and not view.published:
            return ngettext_("{n} sent back", "{n} sent back", len(view.returned)), "undo-variant", view.returned
        return "", "check", ()

    def _minutes(self, view: ChecklistView) -> str:
        """The line that leads to the minutes of a visit, with how they stand."""
        if view.stage != "cross":
            return ""
        minutes = self.phone.minutes(self.key)
        if minutes.state is not None and not minutes.written:
            return self.words("Minutes of the visit") + " · " + state_word(minutes.state)
        return self.words("Minutes of the visit") + (" · " + state_word("draft") if minutes.written else "")

    def _claims(self, view: ChecklistView) -> str:
        """The line that leads to what the unit claims: also a head who is to approve reads it."""
        if view.stage != "self" or not (view.claims or (view.editable and view.claim_items)):
            return ""
        return " · ".join([self.words("Bonus and penalty points"), str(len(view.claims))][: 2 if view.claims else 1])

    def _say_banner(self, view: ChecklistView) -> None:
        self.banner_tone = "calm"
        if view.state == "refused":
            self.banner = self.words("The server did not take this checklist: {reason}", reason=self._refusal())
            self.banner_tone = "problem"
        elif view.published:
            self.banner = self.words(
                "The result of {year} is published: nothing sent now changes it.", year=str(view.year)
            )
        elif view.disputed:
            self.banner = ngettext_(
                "{n} criterion was answered differently on two phones.",
                "{n} criteria were answered differently on two phones.",
                len(view.disputed),
            )
            self.banner_tone = "attention"
        elif view.returned:
            self.banner = ngettext_(
                "{n} criterion was sent back. Correct it and submit again.",
                "{n} criteria were sent back. Correct them and submit again.",
                len(view.returned),
            )
            self.banner_tone = "attention"
        elif not view.editable:
            self.banner = self.words("This checklist can be read here, not changed.")
        elif view.awaiting == "mine" and not view.changed:
            self.banner = self.words("Prepared for you. Read it, then approve: only then does it count.")
            self.banner_tone = "attention"
        elif view.awaiting == "head" and not view.changed:
            self.banner = self.words("Submitted. It counts once your unit's head has approved it.")
        elif view.submitted and not view.changed:
            self.banner = self.words("Submitted. Change an answer and submit again to correct it.")
            self.banner_tone = "good"
        elif view.sample:
            self.banner = self.words("Sample data: the scores are invented.")
        else:
            self.banner = ""

    def _refusal(self) -> str:
        """The server's sentence about what was last submitted."""
        said = (it.reason for it in self.phone.outbox() if it.key == self.key and it.state == "refused")
        return next(said, "")

    def _tabs(self, view: ChecklistView) -> None:
        tabs = self.ids.tabs
        if len(tabs.children) != len(view.sections):
            tabs.clear_widgets()
            for index in range(len(view.sections)):
                tab = SectionTab(tag=f"section:{index}")
                tab.index = index
                tab.bind(on_release=lambda it: self.open_section(it.index))
                tabs.add_widget(tab)
        for tab, section in zip(reversed(tabs.children), view.sections, strict=True):
            tab.text = section.label
            tab.progress = f"{section.done}/{section.applicable}"
            tab.done = section.done == section.applicable
            tab.on = tab.index == self.section

    def _cards(self, section: SectionView) -> None:
        column = self.ids.cards
        if [card.criterion for card in reversed(column.children)] != [view.id for view in section.criteria]:
            column.clear_widgets()
            for view in section.criteria:
                card = CriterionCard(criterion=view.id)
                card.bind(
                    on_changed=self._changed,
                    on_ask_na=self._not_applicable,
                    on_ask_note=self._note,
                    on_ask_photo=self._photo,
                    on_ask_choice=self._choose,
                    on_open_picture=lambda _card, evidence: self.app.show_evidence(evidence),
                )
                column.add_widget(card)
        for card, view in zip(reversed(column.children), section.criteria, strict=True):
            card.editable = self.view.editable
            if card.view != view or card.locale != self.app.locale:
                card.locale = self.app.locale
                card.show(view)

    def _overview(self, view: ChecklistView) -> None:
        column = self.ids.overview
        rows: list[dict[str, Any]] = []
        for index, section in enumerate(view.sections):
            figure = points(section.subtotal, self.app.locale)
            rows.append({"text": f"{section.label}. {section.name}", "figure": figure, "heading": True, "to": index})
            for line in section.criteria:
                icon, role = CRITERION_LOOK[line.state]
                text = f"{line.label}  {line.name}"
                figure = points(line.worth, self.app.locale)
                rows.append({"text": text, "figure": figure, "icon": icon, "role": role, "to": line.id})
        if len(column.children) != len(rows):
            column.clear_widgets()
            for _row in rows:
                line = OverviewLine()
                line.bind(on_release=self._overview_tapped)
                column.add_widget(line)
        for line, row in zip(reversed(column.children), rows, strict=True):
            line.to = row["to"]
            line.tag = f"overview:{row['to']}"
            line.heading = row.get("heading", False)
            line.text, line.figure = row["text"], row["figure"]
            line.icon, line.role = row.get("icon", ""), row.get("role", "soft")

    def _overview_tapped(self, line: OverviewLine) -> None:
        if isinstance(line.to, int):
            self.open_section(line.to)
        else:
            self.go_to(line.to)

    # Moving

    def open_section(self, index: int) -> None:
        """Show another section, from its top."""
        if index != self.section:
            self.section = index
            self._show(self.view)
            self.ids.scroll.scroll_y = 1

    def go_to(self, criterion: str) -> None:
        """Bring `criterion` into sight, whatever section it is in."""
        for index, section in enumerate(self.view.sections):
            if criterion in {view.id for view in section.criteria}:
                self.open_section(index)
                Clock.schedule_once(lambda _dt: self._scroll_to(criterion), 0)
                return

    def _scroll_to(self, criterion: str) -> None:
        for card in self.ids.cards.children:
            if card.criterion == criterion:
                self.ids.scroll.scroll_to(card, padding=12, animate=False)

    def next_missing(self) -> None:
        """Lead to the first criterion to be seen to, from this section on and then from the start."""
        here = [view.id for section in self.view.sections[self.section :] for view in section.criteria]
        ahead = [criterion for criterion in here if criterion in self.attend]
        self.go_to((ahead or self.attend)[0])

    # Writing

    def _save(self, write: Any, *arguments: Any, **values: Any) -> bool:
        """Run one write of the phone's; False when it was refused, and then the card says why."""
        criterion = arguments[1]
        try:
            write(*arguments, **values)
        except (PhoneError, InvalidDocument) as error:
            self.refresh()
            self._say_at(criterion, getattr(error, "message", str(error)))
            return False
        except SyncError as error:
            self.refresh()
            self._say_at(criterion, self.words("Not saved: {reason}", reason=str(error)))
            return False
        self.refresh()
        self._flash_saved()
        return True

    def _say_at(self, criterion: str, sentence: str) -> None:
        for card in self.ids.cards.children:
            if card.criterion == criterion:
                card.wrong = sentence

    def _flash_saved(self) -> None:
        self.saved = True
        Clock.unschedule(self._unflash)
        Clock.schedule_once(self._unflash, SAVED_S)

    def _unflash(self, _dt: float) -> None:
        self.saved = False

    def _changed(self, card: CriterionCard, field: str, value: Any) -> None:
        card.wrong = ""
        if value in ("", None):
            return
        answer = card.view.answer
        if answer is not None and getattr(answer, field) == value:
            return
        self._save(self.phone.set_answer, self.key, card.criterion, **{field: value})

    def _not_applicable(self, card: CriterionCard) -> None:
        criterion = card.criterion
        if card.is_na:
            self._save(self.phone.clear_answer, self.key, criterion)
            return

        def write(reason: str) -> None:
            if self._save(self.phone.set_answer, self.key, criterion, na=True):
                self._save(self.phone.set_note, self.key, criterion, reason)

        NoteSheet(
            title=self.words("Why does {label} not apply?", label=card.view.label),
            text=card.note,
            required=True,
            canned=[
                self.words("The unit has no such activity this year."),
                self.words("The task belongs to another authority."),
                self.words("The facility is closed or under repair."),
            ],
            then=write,
        ).open()

    def _note(self, card: CriterionCard) -> None:
        criterion = card.criterion
        NoteSheet(
            title=self.words("Note on {label}", label=card.view.label),
            text=card.note,
            canned=[
                self.words("Meets the requirement."),
                self.words("Records are incomplete."),
                self.words("Figures differ from the report."),
                self.words("Carried out late against the plan."),
                self.words("No evidence was shown."),
            ],
            then=lambda text: self._save(self.phone.set_note, self.key, criterion, text),
        ).open()

    def _photo(self, card: CriterionCard) -> None:
        criterion = card.criterion
        EvidenceSheet(
            title=self.words("Evidence for {label}", label=card.view.label),
            cards=self.phone.evidence(checklist=self.key),
            chosen=[one.id for one in card.view.evidence],
            then=lambda evidence, on: self._attach(criterion, evidence, on=on),
            capture=lambda: self.app.go("capture", checklist=self.key, criterion=criterion),
        ).open()

    def _attach(self, criterion: str, evidence: str, *, on: bool) -> None:
        self._save(self.phone.attach if on else self.phone.detach, self.key, criterion, evidence)

    def _choose(self, card: CriterionCard) -> None:
        criterion = card.criterion
        ChoiceSheet(
            title=self.words("Which answer to {label} stands?", label=card.view.label),
            choices=card.view.choices,
            then=lambda index: self._save(self.phone.choose, self.key, criterion, index),
        ).open()

    def open_claims(self) -> None:
        """What is claimed, and what may be."""
        ClaimsSheet(
            title=self.words("Bonus and penalty points"),
            claims=self.view.claims,
            items=self.view.claim_items,
            editable=self.view.editable,
            attach=self._claim_evidence,
            withdraw=self._withdraw,
            add=self._new_claim,
        ).open()

    def _new_claim(self, item: ClaimItem) -> None:
        NoteSheet(
            title=item.name,
            required=True,
            canned=[],
            then=lambda subject: self._claim_number(item, subject.strip()),
        ).open()

    def _claim_number(self, item: ClaimItem, subject: str) -> None:
        # It is kept before its number is asked for: whoever closes that loses nothing.
        if self._keep_claim(item.id, subject, None, ()) and item.bonus:
            NoteSheet(
                title=self.words("Number of the decision that recognises it"),
                canned=[],
                then=lambda number: self._keep_claim(item.id, subject, number.strip() or None, ()),
            ).open()

    def _claim_evidence(self, index: int) -> None:
        claim = self.view.claims[index]
        chosen = set(claim.evidence)

        def toggle(evidence: str, *, on: bool) -> None:
            (chosen.add if on else chosen.discard)(evidence)
            self._keep_claim(claim.item, claim.subject, claim.number, sorted(chosen))

        EvidenceSheet(
            title=self.words("Evidence for {label}", label=claim.item_name),
            cards=self.phone.evidence(checklist=self.key),
            chosen=claim.evidence,
            then=toggle,
            capture=lambda: self.app.go("capture", checklist=self.key),
        ).open()

    def _keep_claim(self, item: str, subject: str, number: str | None, evidence: Sequence[str]) -> bool:
        return self._claimed(
            lambda: self.phone.set_claim(self.key, item, subject=subject, number=number, evidence=evidence)
        )

    def _withdraw(self, index: int) -> None:
        self._claimed(lambda: self.phone.drop_claim(self.key, index))

    def _claimed(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except (PhoneError, InvalidDocument, SyncError) as error:
            toast(getattr(error, "message", str(error)), icon="alert-outline")
            return False
        self.refresh()
        self._flash_saved()
        return True

    def submit(self) -> None:
        """Show what stops it and what is missing, or ask once and submit. What is missing may stay so, but never
        unnoticed: then it is submitted as missing, not as nought.
        """
        stopping = self.phone.problems(self.key)
        listed = {problem.criterion for problem in stopping}
        missing = [
            Problem(criterion, "missing", self.words("No answer yet."))
            for criterion in self.view.missing
            if criterion not in listed
        ]
        if stopping or missing:
            count = len(stopping) + len(missing)
            ProblemsSheet(
                title=ngettext_("{n} thing before submitting", "{n} things before submitting", count),
                problems=[*stopping, *missing],
                labels={view.id: view.label for section in self.view.sections for view in section.criteria},
                then=self.go_to,
                anyway=None if stopping else self._ask_to_submit,
            ).open()
            return
        self._ask_to_submit()

    def _ask_to_submit(self) -> None:
        ask(
            title=self.words("Submit this checklist?"),
            message=self.words(
                "Total {total}. What is submitted stays as it is; a correction is submitted again and both are kept.",
                total=self.total,
            ),
            yes=self.words("Submit"),
            no=self.words("Not yet"),
            then=self._submit,
        )

    def _submit(self) -> None:
        try:
            self.phone.submit(self.key)
        except (PhoneError, InvalidDocument, SyncError) as error:
            toast(getattr(error, "message", str(error)), icon="alert-outline")
            return
        self.refresh()
        toast(self.words("Submitted. It is sent as soon as there is a network."), icon="send-check-outline")


load(__file__)
