"""A draft becomes a submission: checked, with a copy of each piece of evidence it cites, in one transaction.

A submission never changes; submitting again writes another that supersedes every one this phone knows of. Changes of
bonus and penalty claims wait in the device's own store until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mobile import sheet
from mobile.book import heads_of, in_force
from mobile.drafts import Key
from mobile.local import Local, found
from mobile.problems import CannotSubmit
from mobile.sheet import Sheet
from mobile.tools import Tools
from schemas import base, checklist, evidence, ids
from sync.database import Document
from sync.errors import Conflict


def submit(
    tools: Tools,
    key: Key,
    shown: Sheet,
    *,
    at_hand: Mapping[str, Document],
    known: Sequence[Document],
    note: str,
) -> str:
    """Write the submission; answers its id once it, its parts and the cited copies are on the disk, all or nothing.

    `at_hand` is the evidence of its database, `known` are the submissions of the checklist so far. Raises CannotSubmit
    with everything that stops it.
    """
    found_problems = sheet.problems(shown)
    if found_problems:
        raise CannotSubmit(found_problems)
    account = tools.account
    cited = _copies(shown.draft, shown.claims, at_hand)
    note_part = tools.part(note) if note else None
    submission = checklist.submission_from(
        shown.draft,
        shown.scheme,
        ulid=tools.ulid(),
        by=account.account,
        made=tools.stamp(),
        cited={name: copy["_id"] for name, copy in cited.items()},
        functions=shown.functions,
        # A head submits what they approve; what a specialist prepared waits for that, here or on the page.
        approved_by=account.account if "head" in account.roles and shown.draft["stage"] == "self" else None,
        # What counts until now, too: it may stand behind several that nobody approved.
        supersedes=[it["_id"] for it in (*heads_of(known), *heads_of(filter(in_force, known)))],
        self_version=None if shown.self_version is None else shown.self_version["_id"],
        self_answers=shown.self_answers,
        claims=[
            {
                "item": claim["item"],
                "subject": base.part_hash(claim["subject"]),
                "number": claim["number"],
                "evidence": sorted({_cited(name, cited) for name in claim["evidence"]} - {""}),
            }
            for claim in shown.claims
        ],
        note=None if note_part is None else base.part_hash(note_part),
    )
    store = tools.local.stores.open(key.database)
    parts = [claim["subject"] for claim in shown.claims if "value" in claim["subject"]] + (
        [] if note_part is None else [note_part]
    )
    while True:
        # Named by their content: one that is here already is the same.
        new = [each for each in _once([*parts, *cited.values()]) if found(store, each["_id"]) is None]
        for each in (*new, submission):
            base.check(each)
        try:
            store.put_all([*new, submission])
        except Conflict:  # the worker pulled the same copy from another phone meanwhile
            continue
        return str(submission["_id"])


def _cited(name: str, cited: Mapping[str, Document]) -> str:
    """The copy of evidence; what came with an earlier submission is a copy already."""
    return name if ids.type_of(name) == "cited" else str(cited[name]["_id"]) if name in cited else ""


def says_more(
    draft: Mapping[str, Any],
    submitted: Mapping[str, Any],
    *,
    at_hand: Mapping[str, Document],
    copy_of: Callable[[str], Document | None],
) -> bool:
    """Would a submission of this draft say anything that the submitted one does not?

    Who typed an answer and when is no difference, nor is evidence that has not arrived here. `copy_of` finds a cited
    copy; one that is not here is taken to be a copy of what the draft names.
    """
    now = {name: given for name in draft["answers"] if checklist.has_value(given := checklist.answer_of(draft, name))}
    before = submitted["answers"]
    if now.keys() != before.keys():
        return True
    return any(
        _said(given) != _said(before[name])
        or not _same_evidence(given.get("evidence") or (), before[name].get("evidence") or (), at_hand, copy_of)
        for name, given in now.items()
        if given is not None
    )


def _said(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer.get(name) for name in (*checklist.VALUES, "note") if answer.get(name) is not None}


def _same_evidence(
    named: Sequence[str],
    cited: Sequence[str],
    at_hand: Mapping[str, Document],
    copy_of: Callable[[str], Document | None],
) -> bool:
    copies = [copy_of(each) for each in cited]
    known = {str(copy["of"]): copy for copy in copies if copy is not None}
    here = {name: at_hand[name] for name in named if name in at_hand}
    if None in copies:
        return len(set(named)) == len(set(cited)) or set(known) <= set(named)
    if set(named) != set(known):
        # Two pieces with one content share a copy, which names one of them.
        same = {evidence.cite(document)["_id"] for document in here.values()}
        return len(here) == len(set(named)) and same == set(cited)
    # Another photo of the same activity is news; evidence that was touched otherwise is not.
    return all(
        set(evidence.photos_of(document)) <= set(evidence.photos_of(known[name])) for name, document in here.items()
    )


def documents_of(submission: Mapping[str, Any]) -> list[str]:
    """The submission and all it names that travels beside it."""
    named = [ids.part_id(part) for part in evidence.parts_named(submission)]
    return [submission["_id"], *sorted(evidence.evidence_named(submission)), *sorted(named)]


# Claims


def claims(local: Local, key: Key, submitted: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What is claimed in this checklist: `{"item", "subject": part document, "number", "evidence": [ids]}`.

    The submission last made anywhere says it, and over that what was changed here since: a head who approves on the
    own phone sends the specialist's claims too. Of a subject that was withheld the part has its id alone.
    """
    sent = _claimed(local, key, submitted)
    kept = local.read(_claims_id(key))
    if kept is None:
        return list(sent.values())
    ours = {_named(claim): claim for claim in kept["claims"]}
    over = kept.get("over")
    if over == (None if submitted is None else submitted["_id"]):
        return list(ours.values())
    before = _claimed(local, key, None if over is None else found(local.stores.open(key.database), over))
    dropped = before.keys() - ours.keys()
    changed = {name: claim for name, claim in ours.items() if before.get(name) != claim}
    return list({name: claim for name, claim in {**sent, **changed}.items() if name not in dropped}.values())


def claims_differ(
    shown: Iterable[Mapping[str, Any]],
    submitted: Mapping[str, Any],
    *,
    at_hand: Mapping[str, Document],
    copy_of: Callable[[str], Document | None],
) -> bool:
    """Do they say anything that the submission does not? As `says_more` of answers."""
    ours = {(it["item"], base.part_hash(it["subject"]), it["number"]): it["evidence"] for it in shown}
    theirs = {(it["item"], it["subject"], it["number"]): it["evidence"] for it in submitted["claims"]}
    return ours.keys() != theirs.keys() or any(
        not _same_evidence(
            [name for name in named if name not in theirs[claim]],  # what came with it is a copy already
            [name for name in theirs[claim] if name not in named],
            at_hand,
            copy_of,
        )
        for claim, named in ours.items()
    )


def add_claim(
    tools: Tools,
    key: Key,
    item: str,
    *,
    subject: str,
    number: str | None,
    cites: Iterable[str],
    submitted: Mapping[str, Any] | None,
) -> None:
    """Claim an achievement, or change the claim of the same item and subject. The subject keeps its part: decisions
    name it.
    """
    standing = {_named(claim): claim for claim in claims(tools.local, key, submitted)}
    mine = {"item": item, "subject": tools.part(subject), "number": number, "evidence": list(cites)}
    # The same one, else one whose number is told another way: an achievement that has two numbers is two claims.
    alike = [name for name in standing if name[:2] == _named(mine)[:2]]
    known = next((name for name in alike if name == _named(mine)), alike[0] if alike else None)
    if known is not None:
        mine["subject"] = standing[known]["subject"]
        standing = {_named(mine) if name == known else name: it for name, it in standing.items()}
    standing[_named(mine)] = mine
    _keep(tools.local, key, standing.values(), submitted)


def drop_claim(local: Local, key: Key, index: int, submitted: Mapping[str, Any] | None) -> None:
    """Withdraw a claim before it is submitted. Raises IndexError."""
    left = claims(local, key, submitted)
    del left[index]
    _keep(local, key, left, submitted)


def _keep(local: Local, key: Key, left: Iterable[Mapping[str, Any]], submitted: Mapping[str, Any] | None) -> None:
    body = {"claims": list(left), "over": None if submitted is None else submitted["_id"]}
    local.edit(_claims_id(key), lambda _: body)


Name = tuple[str, str, str | None]


def _claimed(local: Local, key: Key, submission: Mapping[str, Any] | None) -> dict[Name, dict[str, Any]]:
    """What a submission claims, by item, subject and number; its evidence are the copies it cites."""

    def part(hashed: str) -> dict[str, Any]:
        here = found(local.stores.open(key.database), ids.part_id(hashed)) if key.database in local.stores else None
        return {"_id": ids.part_id(hashed)} if here is None else {k: v for k, v in here.items() if k != "_rev"}

    claimed = [{**it, "subject": part(it["subject"])} for it in (() if submission is None else submission["claims"])]
    return {_named(claim): claim for claim in claimed}


def _named(claim: Mapping[str, Any]) -> Name:
    """By item, by what people read (two phones may have written one subject down under two salts), and by number."""
    return claim["item"], str(claim["subject"].get("value") or claim["subject"]["_id"]), claim["number"]


def _claims_id(key: Key) -> str:
    return f"claims:{key}"


def _copies(
    draft: Mapping[str, Any], claimed: Iterable[Mapping[str, Any]], at_hand: Mapping[str, Document]
) -> dict[str, Document]:
    named = set(evidence.evidence_named(draft))
    for claim in claimed:
        named.update(claim["evidence"])
    return {name: evidence.cite(at_hand[name]) for name in sorted(named) if name in at_hand}


def _once(documents: Iterable[Document]) -> list[Document]:
    return list({document["_id"]: document for document in documents}.values())
