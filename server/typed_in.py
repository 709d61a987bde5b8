"""Answers that were filled in elsewhere enter a draft: from a workbook, or typed from paper and marked as such.

As if another phone of the unit or of the team had answered: what stands there meanwhile is merged answer by answer, and
where both answered, a person chooses. Evidence is attached and the checklist submitted on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from schemas import checklist, ids
from schemas.access import ACTORS
from schemas.base import check
from schemas.figures import time_string
from schemas.hashing import nfc, part, part_hash
from schemas.scheme import Scheme
from server.accounts import Account
from server.acts import SALT_BYTES
from server.backends import Backend, write_once
from server.board.view import GroupView
from server.problems import Missing, Refused
from sync.database import Document
from sync.errors import Conflict, NotFound


def draft_of(view: GroupView, unit: str, visit: str | None) -> tuple[str, Document]:
    """The database and the empty draft of a checklist. Raises Missing."""
    planned = None if visit is None else view.visits.get(visit)
    if visit is not None and (planned is None or planned.inspected != unit or planned.state != "planned"):
        raise Missing("no-visit")
    if unit not in view.member_units:
        raise Missing("no-unit")
    empty = checklist.new_draft(
        group=view.group,
        year=view.year,
        unit=unit,
        stage="self" if visit is None else "cross",
        scheme=str(view.record.scheme_id),
        visit=visit,
    )
    return (ids.unit_database(unit, view.year) if visit is None else ids.visit_database(visit)), empty


def standing(backend: Backend, view: GroupView, unit: str, visit: str | None) -> dict[str, Mapping[str, Any]]:
    """Criterion → what the draft says already, for who types beside it; not of what two phones dispute."""
    name, empty = draft_of(view, unit, visit)
    try:
        draft = backend.open(name).get(empty["_id"])
    except NotFound:
        return {}
    found = {criterion: checklist.answer_of(draft, criterion) for criterion in draft["answers"]}
    return {criterion: given for criterion, given in found.items() if given and checklist.has_value(given)}


def type_in(
    backend: Backend,
    view: GroupView,
    account: Account,
    answers: Mapping[str, Mapping[str, Any]],
    *,
    unit: str,
    visit: str | None,
    paper: tuple[str, str] | None,
    now: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
) -> Document:
    """Write the answers into the draft; answers it. `paper` is the day and the name of who scored it.

    Raises Missing, Refused (who could), InvalidDocument; then nothing was written.
    """
    name, empty = draft_of(view, unit, visit)
    require_scorer(view, account, unit, visit)
    moment = now()
    # Every import is a device of its own: two at once must not use one counter.
    device = ids.new_ulid(moment, random_bytes)
    stamp = {"at": time_string(moment), "offset_s": 0, "device": device}
    parts: list[Document] = []

    def told(text: str) -> str:
        parts.append(part(nfc(text), random_bytes(SALT_BYTES).hex()))
        return part_hash(parts[-1])

    mark = None if paper is None else {"on": paper[0], "scored_by": told(paper[1])}
    made = {}
    for criterion, said in answers.items():
        given = {**said, "by": account.account, "at": stamp}
        if "note" in said:
            given["note"] = told(said["note"])
        made[criterion] = given if mark is None else {**given, "paper": mark}
    database = backend.open(name)
    while True:
        try:
            standing = database.get(empty["_id"])
        except NotFound:
            standing = empty
        draft: Document = standing
        for criterion, given in made.items():
            # What is attached on a phone stays attached.
            kept = (checklist.answer_of(draft, criterion) or {}).get("evidence")
            draft = checklist.set_answer(draft, criterion, {**given, **({"evidence": kept} if kept else {})}, device)
        check({key: value for key, value in draft.items() if key != "_rev"})
        write_once(database, parts)
        try:
            database.put(draft)
        except Conflict:
            continue  # a phone was first: its answers are merged
        return draft


def functions_of(view: GroupView, unit: str) -> frozenset[str]:
    return view.record.functions(unit) or frozenset()


def scheme_of(view: GroupView) -> Scheme:
    """Raises Missing."""
    scheme = view.record.scheme
    if scheme is None:
        raise Missing("no-group-year")
    return scheme


def require_scorer(view: GroupView, account: Account, unit: str, visit: str | None) -> None:
    """Raises Refused: only who may send a checklist may fill it in."""
    if visit is not None:
        if account.account not in view.visits[visit].accounts:
            raise Refused("not-of-team")
    elif account.unit != unit or ACTORS.isdisjoint(account.roles):
        raise Refused("not-of-unit", {"unit": unit})
