"""Rules 4 and 5 of docs/rules.md once more, as a person with paper would apply them: no sharing, no cleverness.

Written from the rules and not from `schemas`; it reads plain documents and answers plain figures, to be compared.
Left out are forks of the log: every act here follows all before it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

Doc = dict[str, Any]
AS_OF = "2024-12-20"


def rank(documents: list[Doc]) -> list[tuple[str, int | None, str | None, str]]:
    """(unit, place, total, base-bonus-penalty) in the order of listing."""
    year = next(it for it in documents if it["type"] == "groupyear")
    scheme = next(it for it in documents if it["type"] == "scheme")
    sheets = {member["unit"]: sheet(member["unit"], documents, scheme) for member in year["members"]}
    ranked, unplaced, numberless = [], [], []
    for unit, it in sheets.items():
        member = next(each for each in year["members"] if each["unit"] == unit)
        ended = member["to"] is not None and member["to"] < AS_OF
        choice = last(documents, f"rank:{unit}")
        out = choice is not None and not choice["value"]["ranked"]
        kept = choice is not None and choice["value"]["ranked"]
        pact = next(each for each in documents if each["type"] == "pact")
        signed = any(each["unit"] == unit and each["date"] <= AS_OF for each in pact["signatures"])
        if it["total"] is None:
            numberless.append(unit)
        elif out or not signed or (ended and not kept):
            unplaced.append(unit)
        else:
            ranked.append(unit)
    order = sorted(ranked, key=lambda unit: (key(sheets[unit]), unit))
    rows = []
    while order:
        tied = [unit for unit in order if key(sheets[unit]) == key(sheets[order[0]])]
        order = order[len(tied) :]
        votes = ballot(tied, documents, year) or dict.fromkeys(tied, 0)
        first = len(rows) + 1
        rows += [
            (unit, first + sum(votes[it] > votes[unit] for it in tied), *shown(sheets[unit]))
            for unit in sorted(tied, key=lambda it: (-votes[it], it))
        ]
    rows += [(unit, None, *shown(sheets[unit])) for unit in sorted(unplaced, key=lambda it: (-sheets[it]["total"], it))]
    rows += [(unit, None, *shown(sheets[unit])) for unit in sorted(numberless)]
    return rows


def ballot(tied: list[str], documents: list[Doc], year: Doc) -> dict[str, int] | None:
    """The votes of the first ballot among exactly these with two thirds of the units there."""
    held = [it for it in documents if it.get("act") == "tie-ballot" and it["value"]["units"] == sorted(tied)]
    for it in sorted(held, key=lambda each: each["n"]):
        day = it["value"]["held"]
        voters = sum(member["to"] is None or member["to"] >= day for member in year["members"])
        if it["value"]["voters"] == voters and Fraction(it["value"]["present"], voters) >= Fraction(2, 3):
            return dict(it["value"]["votes"])
    return None


def waited_for(documents: list[Doc]) -> list[str]:
    """Units without a number that no decision leaves out: while there is one, no place is final."""
    found = []
    for unit, place, total, _ in rank(documents):
        choice = last(documents, f"rank:{unit}")
        if place is None and total is None and (choice is None or choice["value"]["ranked"]):
            found.append(unit)
    return sorted(found)


def may_be_proposed(unit: str, award: Doc, documents: list[Doc]) -> bool:
    """Ranked, enough of the whole, enough of every section, nothing pending."""
    year = next(it for it in documents if it["type"] == "groupyear")
    scheme = next(it for it in documents if it["type"] == "scheme")
    if {it[0]: it[1] for it in rank(documents)}[unit] is None:
        return False
    it = sheet(unit, documents, scheme)
    if it["base"] / Fraction(scheme["total"]) < Fraction(award["base_percent"]) / 100:
        return False
    if award["section_percent"] is not None:
        for section, points in zip(scheme["sections"], it["sections"], strict=True):
            if points / Fraction(section["max"]) < Fraction(award["section_percent"]) / 100:
                return False
    return not any(
        flag["unit"] == unit and flag["opened"] <= AS_OF and (flag["closed"] is None or flag["closed"] > AS_OF)
        for flag in year["flags"]
    )


def more_than_half(subject: str, documents: list[Doc]) -> list[str]:
    """Whom the ballots on a subject chose, the earliest first: more than half of those there, of all members."""
    year = next(it for it in documents if it["type"] == "groupyear")
    held = [it for it in documents if it["type"] == "decision" and it["subject"] == subject]
    chosen: list[str] = []
    for it in sorted(held, key=lambda each: each["n"]):
        value = it["value"]
        if value["voters"] == sum(m["to"] is None or m["to"] >= value["held"] for m in year["members"]):
            more = [
                unit for unit in value["units"] if Fraction(value["votes"][unit], value["present"]) > Fraction(1, 2)
            ]
            chosen += [unit for unit in more if unit not in chosen]
    return chosen


def proposals(documents: list[Doc]) -> dict[str, list[str]]:
    """Award by award, who is honoured and may be proposed."""
    scheme = next(it for it in documents if it["type"] == "scheme")
    return {
        award["id"]: sorted(
            unit
            for unit in more_than_half(f"honour:{award['id']}", documents)
            if may_be_proposed(unit, award, documents)
        )
        for award in scheme["awards"]
    }


def out_of_order(documents: list[Doc]) -> dict[str, tuple[list[str], list[str]]]:
    """Award by award, who goes before whom against the order of places; nobody gives way to the holder of a higher."""
    scheme = next(it for it in documents if it["type"] == "scheme")
    places = {unit: place for unit, place, _, _ in rank(documents)}
    chosen = proposals(documents)
    found, honoured = {}, set()
    for award in scheme["awards"]:
        others = [
            unit
            for unit in places
            if may_be_proposed(unit, award, documents) and unit not in chosen[award["id"]] and unit not in honoured
        ]
        pairs = [(one, other) for one in chosen[award["id"]] for other in others if places[other] < places[one]]
        if pairs:
            found[award["id"]] = (sorted({one for one, _ in pairs}), sorted({other for _, other in pairs}))
        honoured |= set(chosen[award["id"]])
    return found


def apart(documents: list[Doc]) -> set[tuple[str, str, str]]:
    """(unit, criterion, cross submission) wherever it lies more than the share from the unit's first self score."""
    year = next(it for it in documents if it["type"] == "groupyear")
    scheme = next(it for it in documents if it["type"] == "scheme")
    found = set()
    for unit in (member["unit"] for member in year["members"]):
        own = [it for it in documents if it["type"] == "submission" and it["unit"] == unit and it["stage"] == "self"]
        arrived = {it["submission"]: it["at"] for it in documents if it["type"] == "arrival"}
        first = min(own, key=lambda it: (arrived[it["_id"]], it["_id"]))
        for criterion in (it for section in scheme["sections"] for it in section["criteria"]):
            target = target_of(unit, criterion, documents) if criterion["kind"] == "quantitative" else None
            best = best_of(criterion, documents, scheme) if target is not None else None
            if merged(unit, criterion, documents, scheme)[0] in ("excluded", "na"):
                continue
            if target is not None and (target <= 0 or best is None):
                continue
            for cross in counted(unit, "cross", documents):
                values = answered(cross, criterion), answered(first, criterion)
                if None in values:
                    continue
                ours, theirs = (formula(criterion, value, target, best) for value in values if value is not None)
                if abs(ours - theirs) / Fraction(criterion["max"]) > Fraction(scheme["discrepancy_percent"]) / 100:
                    found.add((unit, criterion["id"], cross["_id"]))
    return found


def key(sheet_: Doc) -> tuple[Fraction, ...]:
    return (-sheet_["total"], *(-points for points in sheet_["sections"]), sheet_["penalty"])


def shown(sheet_: Doc) -> tuple[str | None, str]:
    base = "none" if sheet_["base"] is None else str(sheet_["base"])
    total = None if sheet_["total"] is None else str(sheet_["total"])
    return total, f"{base} {sheet_['bonus']} {sheet_['penalty']}"


def last(documents: list[Doc], subject: str) -> Doc | None:
    found = [it for it in documents if it["type"] == "decision" and it["subject"] == subject]
    return max(found, key=lambda it: it["n"]) if found else None


def sheet(unit: str, documents: list[Doc], scheme: Doc) -> Doc:
    sections: list[Fraction | None] = []
    for section in scheme["sections"]:
        most = Fraction(section["max"])
        earned, applicable, excluded = Fraction(0), most, Fraction(0)
        states = []
        for criterion in section["criteria"]:
            state, points = score(unit, criterion, documents, scheme)
            states.append(state)
            if state == "excluded":
                excluded += Fraction(criterion["max"])
                applicable -= Fraction(criterion["max"])
            elif state == "na":
                applicable -= Fraction(criterion["max"])
            elif points is not None:
                earned += points
        if applicable == 0 or applicable / (most - excluded) < Fraction(scheme["applicable_percent"]) / 100:
            decided = last(documents, f"section:{unit}:{section['id']}")
            points = None if decided is None else Fraction(decided["value"]["points"])
            sections.append(None if points is None or points > most else half_up(points))
        elif set(states) - {"counted", "excluded", "na"}:
            sections.append(None)
        else:
            sections.append(half_up(earned * most / applicable))
    base = None if None in sections else sum((it for it in sections if it is not None), Fraction(0))
    bonus, penalty = side("bonus", unit, documents, scheme), side("penalty", unit, documents, scheme)
    total = None if base is None else max(Fraction(0), base + bonus - penalty)
    return {"sections": sections, "base": base, "bonus": bonus, "penalty": penalty, "total": total}


def half_up(value: Fraction) -> Fraction:
    hundredths = value * 100
    floor = hundredths.numerator // hundredths.denominator
    return Fraction(floor + (1 if hundredths - floor >= Fraction(1, 2) else 0), 100)


def score(unit: str, criterion: Doc, documents: list[Doc], scheme: Doc) -> tuple[str, Fraction | None]:
    state, values = merged(unit, criterion, documents, scheme)
    if state != "merged":
        # A missing target is said before a missing answer: sections in error stand before missing ones.
        if state == "missing" and criterion["kind"] == "quantitative" and target_of(unit, criterion, documents) <= 0:
            return "error", None
        return state, None
    target = target_of(unit, criterion, documents) if criterion["kind"] == "quantitative" else None
    if target is not None and target <= 0:
        return "error", None
    best = best_of(criterion, documents, scheme) if target is not None else None
    if scheme["mode"] == "weighted":
        points = Fraction(0)
        for stage in ("self", "cross", "cluster"):
            points += Fraction(scheme["weights"][stage]) * formula(criterion, values[stage], target, best)
        return "counted", points
    return "counted", formula(criterion, values["used"], target, best)


def target_of(unit: str, criterion: Doc, documents: list[Doc]) -> Fraction:
    pact = next(it for it in documents if it["type"] == "pact")
    own = [it["target"] for it in pact["targets"] if it["unit"] == unit and it["criterion"] == criterion["id"]]
    return Fraction(own[0] if own else criterion["target"] or 0)


def best_of(criterion: Doc, documents: list[Doc], scheme: Doc) -> Fraction | None:
    lock = last(documents, "scores")
    if lock is not None and lock["value"]["locked"] and criterion["id"] in lock["value"]["best"]:
        return Fraction(lock["value"]["best"][criterion["id"]])
    return best_now(criterion, documents, scheme)


def best_now(criterion: Doc, documents: list[Doc], scheme: Doc) -> Fraction | None:
    year = next(it for it in documents if it["type"] == "groupyear")
    actuals = []
    for member in year["members"]:
        state, values = merged(member["unit"], criterion, documents, scheme)
        if state == "merged":
            actuals.append(values["used"])
    return max(actuals) if actuals else None


def formula(criterion: Doc, value: Fraction, target: Fraction | None, best: Fraction | None) -> Fraction:
    most = Fraction(criterion["max"])
    if criterion["kind"] == "judged":
        return value
    if criterion["kind"] == "pass_fail":
        return most * value
    if criterion["kind"] == "per_occurrence":
        return min(most, value * Fraction(criterion["points_each"]))
    if criterion["kind"] == "bands":
        for band in criterion["bands"]:
            if band["to"] is None or value <= Fraction(band["to"]):
                return Fraction(band["points"])
    assert target is not None
    if value < target:
        points = most * value / target / 2
    elif value == target:
        points = most / 2
    elif best is None or value >= best:
        points = most
    else:
        points = most / 2 + most / 2 * (value - target) / (best - target)
    return min(most, max(Fraction(0), points))


def merged(unit: str, criterion: Doc, documents: list[Doc], scheme: Doc) -> tuple[str, dict[str, Fraction]]:
    organisation = next(it for it in documents if it["type"] == "unit" and it["unit"] == unit)
    if criterion["function"] is not None and criterion["function"] not in organisation["functions"]:
        return "excluded", {}
    na = last(documents, f"na:{unit}:{criterion['id']}")
    if na is not None and na["act"] == "approve-na":
        return "na", {}
    values: dict[str, Fraction] = {}
    for stage in ("self", "cross"):
        given = [it for it in (answered(body, criterion) for body in counted(unit, stage, documents)) if it is not None]
        if given:
            values[stage] = sum(given, Fraction(0)) / len(given)
    decision = last(documents, f"criterion:{unit}:{criterion['id']}")
    if decision is not None and decision["act"] == "return":
        if not superseded(decision["value"]["submission"], documents):
            return "returned", {}
    elif decision is not None and decision["act"] == "adjust":
        value = raw(criterion, decision["value"]["answer"])
        assert value is not None
        values["cluster"] = value
    elif decision is not None:
        named = {it["id"] for it in decision["inputs"]}
        bodies = [it for it in documents if it["_id"] in named and it["stage"] == "cross"]
        given = [it for it in (answered(body, criterion) for body in bodies) if it is not None]
        if given:
            values["cluster"] = sum(given, Fraction(0)) / len(given)
    if scheme["mode"] == "weighted":
        if set(values) != {"self", "cross", "cluster"}:
            return "missing", {}
        values["used"] = sum((Fraction(scheme["weights"][stage]) * values[stage] for stage in values), Fraction(0))
        return "merged", values
    for stage in ("cluster", "cross", "self"):
        if stage in values:
            values["used"] = values[stage]
            return "merged", values
    return "missing", {}


def counted(unit: str, stage: str, documents: list[Doc]) -> list[Doc]:
    """One submission for each checklist: the only head among those in force."""
    found = []
    bodies = [it for it in documents if it["type"] == "submission" and it["unit"] == unit and it["stage"] == stage]
    for visit in sorted({it["visit"] or "" for it in bodies}):
        held = [it for it in bodies if (it["visit"] or "") == visit and in_force(it, documents)]
        replaced = {name for it in held for name in it["supersedes"]}
        heads = [it for it in held if it["_id"] not in replaced]
        if len(heads) == 1:
            found.append(heads[0])
    return found


def in_force(body: Doc, documents: list[Doc]) -> bool:
    if body["visit"] is not None:
        plan = last(documents, f"visit:{body['visit']}")
        if plan is None or plan["act"] == "cancel-visit":
            return False
    arrivals = [it for it in documents if it["type"] == "arrival" and it["submission"] == body["_id"]]
    if not arrivals:
        return True
    first = min(arrivals, key=lambda it: (it["at"], it["_id"]))
    return not {"revoked", "lost"} & set(first["flags"])


def superseded(submission: str, documents: list[Doc]) -> bool:
    """Is there a submission in force that supersedes it, directly or through others?"""
    reached = {submission}
    while True:
        more = {
            it["_id"]
            for it in documents
            if it["type"] == "submission" and in_force(it, documents) and set(it["supersedes"]) & reached
        }
        if more <= reached:
            return len(reached) > 1
        reached |= more


def answered(body: Doc, criterion: Doc) -> Fraction | None:
    given = body["answers"].get(criterion["id"])
    return None if given is None or given.get("na") else raw(criterion, given)


def raw(criterion: Doc, given: Doc) -> Fraction | None:
    name = {"judged": "points", "pass_fail": "passed", "per_occurrence": "count"}.get(criterion["kind"], "actual")
    if name not in given:
        return None
    return Fraction(int(given[name])) if name == "passed" else Fraction(given[name])


def side(which: str, unit: str, documents: list[Doc], scheme: Doc) -> Fraction:
    items = scheme[which]["items"]
    decided = [it for it in documents if it["type"] == "decision" and it["subject"].startswith(f"claim:{unit}:")]
    standing = [it for it in decided if it is last(documents, it["subject"]) and it["act"] == "count-claim"]
    counted_once: set[tuple[str, str]] = set()
    sums = [Fraction(0)] * len(items)
    worth = sorted(range(len(items)), key=lambda index: (-Fraction(items[index]["points"]), index))
    for index in worth:
        for claim in standing:
            value = claim["value"]
            if value["item"] != items[index]["id"]:
                continue
            if which == "penalty":
                sums[index] += Fraction(value["occurrences"]) * Fraction(items[index]["points"])
            elif value["number"] is not None:
                achievement = (value["key"], value["number"].replace(" ", "").lower())
                if achievement not in counted_once:
                    sums[index] += Fraction(items[index]["points"])
                counted_once.add(achievement)
    capped = [
        it if items[index]["max"] is None else min(it, Fraction(items[index]["max"])) for index, it in enumerate(sums)
    ]
    return min(sum(capped, Fraction(0)), Fraction(scheme[which]["max"]))
