"""A person without a screen: plays a script with the very Phone and SyncWorker of the app.

    python -m mobile.simulated --folder DIR --server URL --code CODE --script FILE.json
    python -m mobile.simulated --folder DIR --server URL --play DIR_OR_FILE

docs/the-phone.md has the form of a script. Every line printed is one JSON object; the exit code is 1 where a script
failed. Scores it makes up are seeded, pictures it draws say that they are drawings.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from mobile import drawing, i18n
from mobile.cards import CriterionView, EvidenceCard, Place
from mobile.enrol import enrol
from mobile.phone import Phone
from mobile.problems import PhoneError
from mobile.version import APP_VERSION
from mobile.worker import SyncWorker
from schemas import figures
from schemas.answer import MEMBER_OF_KIND

ROUNDS_MAX = 10
"""Of one sync step: what is not over then is stuck, and the script says so."""

CLOCK_TICK_S = 3
"""What one look at a scripted clock costs: a person takes some seconds for an answer."""

NOTES = (
    "Đã kiểm tra thực tế, hồ sơ đầy đủ.",
    "Số liệu khớp với báo cáo năm của đơn vị.",
    "Minh chứng rõ ràng, đề nghị lưu hồ sơ.",
)
NA_NOTE = "Không phát sinh nhiệm vụ trong năm."
DIFFERENCE_NOTE = "Chênh lệch so với tự chấm do một phần kết quả chưa có minh chứng kèm theo."

Tell = Callable[[Mapping[str, Any]], None]


class ScriptError(Exception):
    """The script asks for what cannot be done; the sentence says which step and why."""


class ScriptedClock:
    """A clock that stands where the script put it and ticks when it is read."""

    def __init__(self, at: str) -> None:
        self._moment = figures.parse_time(at)

    def __call__(self) -> datetime:
        self._moment += timedelta(seconds=CLOCK_TICK_S)
        return self._moment

    def set(self, at: str) -> None:
        self._moment = figures.parse_time(at)


@dataclass
class Player:
    """One phone and the script it follows."""

    phone: Phone
    script: Mapping[str, Any]
    server: str
    code: str
    clock: ScriptedClock | None
    tell: Tell
    random: Random
    key: str | None = None
    titles: dict[str, str] = field(default_factory=dict)

    def play(self) -> None:
        """Every step in order. Raises ScriptError, PhoneError."""
        if self.phone.account is None:
            account = enrol(self.phone, self.server, self.code, str(self.script.get("label", "Simulated phone")))
            self.tell({"event": "enrolled", "account": account.account, "unit": account.unit})
        i18n.set_language(self.phone.locale)
        steps = self.script.get("steps", [])
        for number, step in enumerate(steps, 1):
            play = getattr(self, f"_do_{step.get('do')}", None)
            if play is None:
                raise ScriptError(f"Step {number}: nobody knows how to do {step.get('do')!r}.")
            try:
                play(step)
            except (PhoneError, ScriptError) as error:
                if step.get("expect") != "refused":
                    raise ScriptError(f"Step {number} ({step['do']}): {error}") from error
                self.tell({"event": "refused", "step": number, "sentence": str(error)})
            else:
                if step.get("expect") == "refused":
                    raise ScriptError(f"Step {number} ({step['do']}) was to be refused and was not.")
            self.tell({"event": "step", "done": number, "total": len(steps)})

    # Steps

    def _do_clock(self, step: Mapping[str, Any]) -> None:
        if self.clock is None:
            raise ScriptError("A clock can be set only in a script that begins with `at`.")
        self.clock.set(step["at"])

    def _do_self(self, step: Mapping[str, Any]) -> None:
        self._fill(self.phone.self_key(step["group"], int(step["year"])), step)

    def _do_cross(self, step: Mapping[str, Any]) -> None:
        self._fill(self._cross_key(step), step)

    def _do_capture(self, step: Mapping[str, Any]) -> None:
        checklist = self._named_key(step)
        year = step.get("year")
        card = self._capture(step, checklist, group=step.get("group"), year=None if year is None else int(year))
        self.titles[step["title"]] = card.id

    def _do_submit(self, step: Mapping[str, Any]) -> None:
        key = self._named_key(step) or self.key
        if key is None:
            raise ScriptError("There is no checklist to submit.")
        submission = self.phone.submit(key, step.get("note", ""))
        view = self.phone.checklist(key)
        self.tell({"event": "submitted", "id": submission, "unit": view.unit, "stage": view.stage, "total": view.total})

    def _do_sync(self, step: Mapping[str, Any]) -> None:
        worker = SyncWorker(self.phone)
        status = worker.sync_once()
        for _ in range(int(step.get("rounds", ROUNDS_MAX)) - 1):
            if status.state == "idle" and status.pending == 0:
                break
            status = worker.sync_once()
        refused = [{"id": each.id, "reason": each.reason} for each in self.phone.refused()]
        self.tell(
            {
                "event": "synced",
                "state": status.state,
                "pending": status.pending,
                "refused": refused,
                "sentence": status.sentence(),
            }
        )
        if status.state != "idle":
            raise ScriptError(status.sentence())
        if refused:
            raise ScriptError("; ".join(each["reason"] for each in refused))

    # Filling a checklist

    def _fill(self, key: str, step: Mapping[str, Any]) -> None:
        self.key = key
        told: Mapping[str, Any] = step.get("answers") or {}
        for given in step.get("evidence") or ():
            card = self._capture(given, key)
            self.titles[given["title"]] = card.id
        for given in step.get("cite") or ():
            self.phone.attach(key, given["criterion"], self._evidence_titled(given["title"], key))
        for criterion, answer in told.items():
            if answer is not None:
                self._answer(key, criterion, answer)
        if step.get("fill") is not None:
            self._fill_rest(key, told, Fraction(str(step["fill"])))
        for claim in step.get("claims") or ():
            self.phone.set_claim(
                key,
                claim["item"],
                subject=claim["subject"],
                number=claim.get("number"),
                evidence=[self._evidence_titled(title, key) for title in claim.get("evidence") or ()],
            )
        view = self.phone.checklist(key)
        self.tell(
            {
                "event": "filled",
                "unit": view.unit,
                "stage": view.stage,
                "answered": view.done,
                "applicable": view.applicable,
                "total_points": view.total,
            }
        )

    def _fill_rest(self, key: str, told: Mapping[str, Any], share: Fraction) -> None:
        """What nobody named gets a plausible value, evidence where it is required, a note where one is asked."""
        for section in self.phone.checklist(key).sections:
            for criterion in section.criteria:
                if criterion.excluded or criterion.id in told or criterion.state != "missing":
                    continue
                if criterion.evidence_required and not criterion.evidence:
                    self._capture({"title": criterion.name[:120], "criterion": criterion.id}, key)
                after = self._answer(key, criterion.id, invented(criterion, share, self.random))
                if after.note_asked:
                    self.phone.set_note(key, criterion.id, DIFFERENCE_NOTE)
                elif self.random.random() < 0.2:
                    self.phone.set_note(key, criterion.id, self.random.choice(NOTES))
        for section in self.phone.checklist(key).sections:
            for criterion in section.criteria:
                # An answer that was named may lack what its criterion asks for.
                if criterion.answer is None or criterion.answer.na:
                    continue
                if criterion.evidence_required and not criterion.evidence:
                    self._capture({"title": criterion.name[:120], "criterion": criterion.id}, key)
                if criterion.note_asked:
                    self.phone.set_note(key, criterion.id, DIFFERENCE_NOTE)

    def _answer(self, key: str, criterion: str, answer: Any) -> CriterionView:
        kind = self.phone.checklist(key).criterion(criterion).kind
        given: dict[str, Any] = dict(answer) if isinstance(answer, dict) else {MEMBER_OF_KIND[kind]: answer}
        note = given.pop("note", None)
        view = self.phone.set_answer(key, criterion, **given)
        if note is None and view.answer is not None and view.answer.na and not view.note:
            note = NA_NOTE
        if note is not None:
            view = self.phone.set_note(key, criterion, note)
        self.tell({"event": "answered", "criterion": criterion, **given})
        return view

    def _capture(
        self,
        given: Mapping[str, Any],
        checklist: str | None,
        *,
        group: str | None = None,
        year: int | None = None,
    ) -> EvidenceCard:
        files = [Path(path) for path in given.get("files") or ()]
        drawn = [
            drawing.draw(given["title"], f"{self.script.get('seed', '')}:{nth}")
            for nth in range(0 if files else int(given.get("photos", 1)))
        ]
        place = given.get("place")
        card = self.phone.capture(
            [*files, *drawn],
            title=given["title"],
            note=given.get("note") or "",
            movement=given.get("movement"),
            place=None if place is None else Place(**place),
            people=given.get("people") or "",
            criterion=given.get("criterion"),
            children=bool(given.get("children", False)),
            consent=given.get("consent"),
            checklist=checklist,
            group=group,
            year=year,
        )
        self.tell({"event": "captured", "id": card.id, "title": card.title})
        return card

    # Finding what a step means

    def _named_key(self, step: Mapping[str, Any]) -> str | None:
        if step.get("checklist"):
            return str(step["checklist"])
        if step.get("visit") or step.get("inspected"):
            return self._cross_key(step)
        if step["do"] == "submit" and step.get("group"):
            return self.phone.self_key(step["group"], int(step["year"]))
        return None

    def _cross_key(self, step: Mapping[str, Any]) -> str:
        if step.get("visit"):
            return self.phone.cross_key(step["visit"])
        unit = step.get("unit") or step.get("inspected")
        cards = [
            card
            for card in self.phone.home().visits
            if card.unit == unit
            and not card.cancelled
            and step.get("group", card.group) == card.group
            and int(step.get("year", card.year)) == card.year
        ]
        if len(cards) != 1:
            raise ScriptError(f"This person has {len(cards)} visits to {unit}; name one by its id.")
        return cards[0].key

    def _evidence_titled(self, title: str, key: str) -> str:
        """The newest evidence of this title that the checklist can cite."""
        if title in self.titles:
            return self.titles[title]
        for card in self.phone.evidence(checklist=key):
            if card.title == title:
                return card.id
        raise ScriptError(f"There is no evidence titled {title!r} on this phone.")


def invented(criterion: CriterionView, share: Fraction, random: Random) -> dict[str, Any]:
    """A plausible answer near `share` of the maximum, in steps, the same for the same seed."""
    near = min(Fraction(1), max(Fraction(0), share + Fraction(random.randrange(-40, 41), 1000)))
    most = Fraction(criterion.max)
    if criterion.kind == "judged":
        step = Fraction(criterion.step or "0.5")
        return {"points": figures.decimal_string(min(most // step * step, round(near * most / step) * step))}
    if criterion.kind == "pass_fail":
        return {"passed": random.random() < float(share) + 0.05}
    if criterion.kind == "per_occurrence":
        each = Fraction(criterion.points_each or "1")
        return {"count": str(round(near * most / each))}
    if criterion.kind == "quantitative":
        target = Fraction(criterion.target or "100")
        return {"actual": figures.decimal_string(Fraction(round(near * target * 12 / 10)))}
    bound = next((band.to for band in criterion.bands if band.to is not None), "0")
    return {"actual": bound}


def play(script: Mapping[str, Any], *, folder: Path, server: str, code: str, tell: Tell) -> None:
    """Play one script on the phone in `folder`. Raises ScriptError, PhoneError."""
    clock = ScriptedClock(script["at"]) if script.get("at") else None
    phone = Phone(
        folder,
        now=clock or (lambda: datetime.now(UTC)),
        random_bytes=os.urandom,
        app_version=APP_VERSION,
    )
    try:
        Player(
            phone=phone,
            script=script,
            server=str(script.get("server") or server),
            code=str(script.get("code") or code),
            clock=clock,
            tell=tell,
            random=Random(str(script.get("seed", ""))),  # noqa: S311 - invented scores, not secrets
        ).play()
    finally:
        phone.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Answers the exit code."""
    options = _options(arguments)
    failed = 0
    scripts = list(_scripts(options))
    for number, (name, script) in enumerate(scripts, 1):
        tell = _teller(name)
        try:
            folder = options.folder / name if options.play else options.folder
            play(script, folder=folder, server=options.server, code=options.code, tell=tell)
        except (PhoneError, ScriptError) as error:
            failed += 1
            tell({"event": "failed", "sentence": str(error)})
        else:
            tell({"event": "done", "done": number, "total": len(scripts)})
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mobile.simulated", description="Plays people with phones.")
    parser.add_argument("--folder", type=Path, required=True, help="the phone's folder; with --play, the folder of all")
    parser.add_argument("--server", default="", help="the service to enrol with")
    parser.add_argument("--code", default="", help="the code of enrolment, where the script has none")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--script", type=Path, help="one script")
    what.add_argument("--play", type=Path, help="a folder of scripts, or a file with a list of them")
    return parser.parse_args(arguments)


def _scripts(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if options.script is not None:
        script = json.loads(options.script.read_text(encoding="utf-8"))
        yield str(script.get("name", options.script.stem)), script
        return
    if options.play.is_dir():
        for path in sorted(options.play.glob("*.json")):
            script = json.loads(path.read_text(encoding="utf-8"))
            yield str(script.get("name", path.stem)), script
        return
    for number, script in enumerate(json.loads(options.play.read_text(encoding="utf-8")), 1):
        yield str(script.get("name", f"phone-{number}")), script


def _teller(name: str) -> Tell:
    def tell(event: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps({"name": name, **event}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    return tell


if __name__ == "__main__":
    raise SystemExit(main())
