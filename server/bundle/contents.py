"""What belongs into a bundle: the frozen inputs, the chain of decisions, and the texts and people these name. Pure.

The same function chooses when a bundle is written and when one is checked, so that nothing can be slipped in beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas import ids
from schemas.decision import Folded, fold, withheld
from schemas.evidence import parts_named, photos_of
from schemas.freezing import as_named
from schemas.hashing import body_of

Body = Mapping[str, Any]

MANIFEST, RANKING, SIGNATURE = "manifest.json", "ranking.json", "signature.json"

PHOTO_FOLDER: Final = "photo"


@dataclass(frozen=True, slots=True)
class Contents:
    """`documents` by id, as the freezing names them; `photos` are those that cited evidence names, sorted."""

    documents: Mapping[str, Body]
    photos: tuple[str, ...]
    erased: Mapping[tuple[str, str], Body]

    @property
    def parts(self) -> frozenset[str]:
        """The hashes of all private parts that its documents name."""
        return frozenset(each for body in self.documents.values() for each in parts_named(body))


def choose(documents: Iterable[Body], freeze: Body, *, public: bool, inputs: Iterable[Body] | None = None) -> Contents:
    """What belongs, of what is at hand. `inputs` are those of the freezing, where they were gathered before."""
    held = {it["_id"]: it for it in documents}
    if inputs is None:
        inputs, _ = as_named(held.values(), freeze)
    chain = _chain(held, freeze)
    chosen = {it["_id"]: it for it in [*inputs, *chain.by_id.values()]}
    erased = withheld(chain)
    if not public:
        parts = {ids.part_id(each) for body in chosen.values() for each in parts_named(body)}
        gone = {ids.part_id(sha256) for kind, sha256 in erased if kind == "part"}
        accounts = {account for body in chosen.values() for account in _accounts(body)}
        members = [held[name] for name in (ids.member_id(each) for each in sorted(accounts)) if name in held]
        people = {ids.person_id(it["person"]) for it in members}
        more = [held[name] for name in (*sorted(parts - gone), *sorted(people)) if name in held]
        chosen |= {it["_id"]: it for it in [*members, *more]}
    named = {f"movement:{body['movement']}" for body in chosen.values() if isinstance(body.get("movement"), str)}
    chosen |= {name: held[name] for name in named if name in held}
    photos = {photo for body in chosen.values() if ids.type_of(body["_id"]) == "cited" for photo in photos_of(body)}
    plain = {name: {"_id": name, **body_of(chosen[name])} for name in sorted(chosen)}
    return Contents(plain, tuple(sorted(photos)), erased)


def file_of(document_id: str) -> str:
    """`decision:12:3fa1…` → `decision/12/3fa1….json`. Ids are words of a-z, 0-9 and -, so it can be taken back."""
    return document_id.replace(":", "/") + ".json"


def id_of(file: str) -> str:
    return file.removesuffix(".json").replace("/", ":")


def photo_file(photo: str) -> str:
    return f"{PHOTO_FOLDER}/{photo}.jpg"


def _chain(held: Mapping[str, Body], freeze: Body) -> Folded:
    """The freezing, its publication, what was withheld, and every decision these follow."""
    decisions = [it for name, it in held.items() if ids.type_of(name) == "decision"]
    wanted = {freeze["_id"]}
    wanted |= {it["_id"] for it in decisions if it["act"] == "publish" and it["value"]["frozen"] == freeze["_id"]}
    wanted |= {it["_id"] for it in decisions if it["act"] == "withhold"}
    pending = list(wanted)
    while pending:
        for name in held[pending.pop()]["previous"]:
            if name in held and name not in wanted:
                wanted.add(name)
                pending.append(name)
    return fold(held[name] for name in wanted)


def _accounts(body: Body) -> Iterator[str]:
    yield from (body[name] for name in ("by", "account", "approved_by") if isinstance(body.get(name), str))
    if body.get("type") == "submission":
        yield from (answer["by"] for answer in body["answers"].values())
    if body.get("act") == "plan-visit":
        yield from (person["account"] for person in body["value"]["team"])
