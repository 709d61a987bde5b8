"""What of a batch a phone may write: each document by its shape and its writer, then beside what stands already.

Rights are those of now, the same for a whole batch; what stands is asked once, of the documents that are sound by
themselves. It must never know HTTP, nor write anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from schemas import ids
from schemas.access import may_cite, writing
from schemas.base import problems_of
from schemas.figures import parse_time
from schemas.hashing import body_of
from schemas.problem import InvalidDocument, Problem, Refused
from server.accounts import Account, Device
from server.held import Held
from sync import media
from sync.database import Database, Document
from sync.guarded import Refusal

if TYPE_CHECKING:
    from server.gateway import PhonePolicy

REVOKED_PUSH_FOR: Final = timedelta(days=30)
"""Work done before a right was withdrawn may be on its way: it is taken in, flagged, for this long."""

MEDIA_BYTES_MAX: Final = 512 * 1024
"""A chunk is 64 KiB and a thumbnail less; base64 and a manifest of the largest photo stay below this."""

_FIRST_OF: Final = frozenset({"submission", "reply", "minutes"})
"""Types of which the first revision stands for ever: a second one under the same id is refused.

Not that the revision be the one its content has: our Stores make such, PouchDB and CouchDB make others, and they are
honest peers too. `cited` and `part` need no such rule: their id is the hash of what they say.
"""

_BESIDE_WHAT_STANDS: Final = _FIRST_OF | {"evidence"}

_OF_A_MEMBER: Final = frozenset({"draft", "submission", "evidence", "reply", "minutes"})
"""Types that name a group and a year."""

_LOST_MAY: Final = frozenset({"submission", "cited", "part"})
"""What is still taken from a device reported lost: a submission is flagged and counts by decision only, and what it
names. A draft, evidence or a reply bears no flag and would enter what others send; its owner brings it as a file."""


class Judging:
    """One batch of one phone for one database."""

    def __init__(self, policy: PhonePolicy, database: Database) -> None:
        self._policy = policy
        self._gateway = policy.gateway
        self._facts = policy.gateway.facts()
        self._may_write = writing(policy.identity, policy.name, self._facts)
        self._place = ids.parse_database(policy.name)
        self._held = Held(database)

    def refusals(self, documents: Sequence[Document]) -> list[Refusal | None]:
        """Of each document, in order, why it may not be written."""
        is_media = self._place.kind == "media"
        withdrawn = self._policy.withdrawn is not None and not self._policy.handed_over
        alone = self._of_medium if is_media else self._alone
        found = [(self._after_withdrawal(each) if withdrawn else None) or alone(each) for each in documents]
        if is_media:
            return found
        first: dict[Any, Document] = {}
        for each in documents:
            if isinstance(each.get("_id"), str):  # what has another id is refused by its form
                first.setdefault(each["_id"], each)
        sound = [each for each, refusal in zip(documents, found, strict=True) if refusal is None]
        self._held.look_up(_judged_by_what_stands(sound), pasts=_cited_in(sound))
        return [refusal or self._beside(each, first) for refusal, each in zip(found, documents, strict=True)]

    # By itself

    def _alone(self, document: Document) -> Refusal | None:
        problems = problems_of(document)
        if problems:
            return self._invalid(problems)
        refused = self._may_write(document)
        if refused is not None:
            return self._refusal(refused)
        kind = ids.type_of(document["_id"])
        if kind not in _OF_A_MEMBER or document.get("_deleted"):
            return None
        # Its group must be one that has the unit: what nobody could promote must not look sent.
        known = self._facts.members.get((document["group"], document["year"]))
        unit = self._place.unit
        if known is None or (unit is not None and unit not in known):
            return self._refusal(Refused("not-member", {"year": document["year"]}))
        if kind == "submission":
            unfit = self._gateway.unfit(document)
            if isinstance(unfit, Refused):
                return self._refusal(unfit)
            if unfit:
                return self._invalid(unfit)
        return None

    def _of_medium(self, document: Document) -> Refusal | None:
        doc_id = str(document.get("_id"))
        parsed = media.parse_id(doc_id)
        if parsed is None or parsed.kind in ("receipt", "mismatch") or document.get("_deleted"):
            return self._forbidden("media-only", given=doc_id[:80])
        refused = self._may_write(document)
        if refused is not None:
            return self._refusal(refused)
        if document.get("type") != parsed.kind or document.get("photo") != parsed.photo:
            return self._forbidden("disagrees-with-id", expected=f"{parsed.kind}, {parsed.photo}")
        attachments = document.get("_attachments") or {}
        allowed = {"photo": (), "thumb": ("thumb.jpg",), "chunk": ("data",), "slice": ("data",)}[parsed.kind]
        if set(attachments) != set(allowed) or any(_size(each) > MEDIA_BYTES_MAX for each in attachments.values()):
            return self._forbidden("media-only", given=doc_id[:80])
        return None

    def _after_withdrawal(self, document: Document) -> Refusal | None:
        policy = self._policy
        since = withdrawn_at(policy.account, policy.device)
        if since is None or self._gateway.now() >= parse_time(since) + REVOKED_PUSH_FOR:
            return self._forbidden("device-revoked-long")
        lost = policy.device.state == "lost" and self._place.kind != "media"
        if lost and ids.type_of(str(document.get("_id"))) not in _LOST_MAY:
            return self._forbidden("device-lost")
        return None

    # Beside what stands

    def _beside(self, document: Document, first_of_batch: Mapping[Any, Document]) -> Refusal | None:
        kind = ids.type_of(document["_id"])
        if kind in _FIRST_OF:
            return self._second(document, first_of_batch)
        if kind == "evidence":
            return self._overwriting(document)
        if kind == "cited":
            revisions, whole = self._held.past(document["of"])
            return self._refusal(may_cite(self._policy.identity, document, revisions, whole=whole))
        return None

    def _second(self, document: Document, first_of_batch: Mapping[Any, Document]) -> Refusal | None:
        rev = document.get("_rev")
        if rev is not None and not str(rev).startswith("1-"):
            return self._forbidden("stands-already")
        first = first_of_batch[document["_id"]]
        if first is not document and (first.get("_rev") != rev or body_of(first) != body_of(document)):
            return self._forbidden("stands-already")
        row = self._held.row(document["_id"])
        stands = row.get("value", {}).get("rev")
        if stands is None or (stands == rev and row["doc"] is not None and body_of(row["doc"]) == body_of(document)):
            return None
        return self._forbidden("stands-already")

    def _overwriting(self, document: Document) -> Refusal | None:
        """Evidence is its author's to change: a colleague's id under another name would take their work away."""
        stands = self._held.row(document["_id"]).get("doc")
        if stands is None or stands["by"] == self._policy.identity.account:
            return None
        return self._forbidden("evidence-of-other", by=stands["by"])

    # Said

    def _invalid(self, problems: Sequence[Problem]) -> Refusal:
        locale = self._policy.locale
        return Refusal("forbidden", " ".join(InvalidDocument(problems, locale=locale).sentences(locale)))

    def _refusal(self, refused: Refused | None) -> Refusal | None:
        return None if refused is None else self._forbidden(refused.code, **refused.params)

    def _forbidden(self, code: str, **params: Any) -> Refusal:
        return Refusal("forbidden", self._gateway.say(code, params, self._policy.locale))


def withdrawal_of(account: Account, device: Device) -> str | None:
    """The flag of what still comes from a device whose right was withdrawn: revoked or lost."""
    if device.state != "active":
        return device.state
    return None if account.active else "revoked"


def withdrawn_at(account: Account, device: Device) -> str | None:
    """Since when: the device's or the account's end, whichever came first. None: nobody wrote it down."""
    return min((since for since in (device.revoked_at, account.closed_at) if since is not None), default=None)


def _judged_by_what_stands(sound: Sequence[Document]) -> list[str]:
    return [each["_id"] for each in sound if ids.type_of(each["_id"]) in _BESIDE_WHAT_STANDS]


def _cited_in(sound: Sequence[Document]) -> list[str]:
    return [each["of"] for each in sound if each.get("type") == "cited"]


def _size(attachment: Mapping[str, Any]) -> int:
    """Bytes as they came, in whichever form; a stub has none."""
    data = attachment.get("data", b"")
    return len(data) if isinstance(data, str | bytes | bytearray | memoryview) else 0
