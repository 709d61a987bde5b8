"""Where a replication has got to, as the replication protocol keeps it (§2.4.2.3): pure.

Both ends hold a `_local` document of the same id with the history of sessions. A replication resumes from the last
sequence that *both* remember for the same session: what one end alone remembers, the other may have lost with a
restored backup. Fields are those of CouchDB's replicator, so that another one can go on where this one stopped, and
entries of others (PouchDB's `last_seq`) are understood. It knows nothing of documents or networks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.database import Seq

# "Replication protocol version", which the protocol pages fix.
REPLICATION_ID_VERSION = 3
# CouchDB keeps as many; more only grows what is sent with each checkpoint.
HISTORY_MAX = 50
# What a session counts, as CouchDB names it.
COUNTS = ("missing_checked", "missing_found", "docs_read", "docs_written", "doc_write_failures")


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a replication, and what it has counted so far by itself."""

    session_id: str
    start_time: str
    start_last_seq: Seq
    docs_read: int = 0
    docs_written: int = 0
    doc_write_failures: int = 0
    missing_checked: int = 0
    missing_found: int = 0


def replication_id(source: str, target: str, *, doc_ids: Sequence[str] | None = None) -> str:
    """The id both ends keep the checkpoint under. `source` and `target` identify the databases for good: their uuids,
    so that one re-created or restored under the same name begins anew.
    """
    identity = [REPLICATION_ID_VERSION, source, target, None if doc_ids is None else sorted(set(doc_ids))]
    spelled = json.dumps(identity, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


def common_ancestry(source: Mapping[str, Any] | None, target: Mapping[str, Any] | None) -> Seq:
    """The sequence to resume from: the last both ends remember for one session, else 0."""
    if source is None or target is None:
        return 0
    if source.get("session_id") is not None and source.get("session_id") == target.get("session_id"):
        # Written to the target first: a session that broke between the two left the source behind.
        told = _last_seq(source)
        if told is not None:
            return told
    remembered = {entry.get("session_id"): entry for entry in _history(target)}
    for entry in _history(source):
        if entry.get("session_id") is not None and entry["session_id"] in remembered:
            told = _recorded_seq(entry)
            if told is not None:
                return told
    return 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What the end at home noted beside its checkpoint: how far it got by itself, how much of that the far end was told
    (all of it, unless documents crossed and the telling was cut off), and how the far checkpoint was left: its revision
    and the session that wrote it. One of another session may bear the same revision, where two ends at home go by one
    name (a folder that was copied) and the far end was put back. Versions before did not note the session.
    """

    seq: Seq
    told: Seq
    far_rev: str | None
    far_session: str | None

    def left(self, far: Mapping[str, Any] | None) -> bool:
        """Is this the far checkpoint as home left it?"""
        if far is None or self.far_rev is None:
            return far is None and self.far_rev is None
        return bool(far.get("_rev") == self.far_rev) and self.far_session in (None, far.get("session_id"))


def kept_at_home(document: Mapping[str, Any] | None) -> Kept | None:
    """The note in the home end's checkpoint, or None where it has none."""
    note = (document or {}).get("home")
    if not isinstance(note, dict):
        return None
    seq, told = _seq(note.get("seq")), _seq(note.get("told"))
    if seq is None or told is None:
        return None
    far_rev, far_session = (note.get(name) for name in ("far_rev", "far_session"))
    return Kept(
        seq,
        told,
        far_rev if isinstance(far_rev, str) else None,
        far_session if isinstance(far_session, str) else None,
    )


def doubted_at_home(document: Mapping[str, Any] | None) -> bool:
    """Did the last run find that the far end's checkpoint is not the one home had left there?"""
    note = (document or {}).get("home")
    return isinstance(note, dict) and note.get("doubted") is True


def same_end(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Do two ends remember the same session as their last, and end it at the same place?"""
    return one.get("session_id") == other.get("session_id") and _last_seq(one) == _last_seq(other)


def checkpoint(previous: Mapping[str, Any] | None, session: Session, *, last_seq: Seq, end_time: str) -> dict[str, Any]:
    """The document to write over `previous` (as read from that end): this session first, the older ones behind it.

    Counts go on from those of the session before, as CouchDB's replicator has them.
    """
    older = [told for told in _history(previous or {}) if told.get("session_id") != session.session_id]
    before = older[0] if older else {}
    entry = {
        "session_id": session.session_id,
        "start_time": session.start_time,
        "end_time": end_time,
        "start_last_seq": session.start_last_seq,
        "end_last_seq": last_seq,
        "recorded_seq": last_seq,
        **{name: getattr(session, name) + _count(before.get(name)) for name in COUNTS},
    }
    document: dict[str, Any] = {
        "replication_id_version": REPLICATION_ID_VERSION,
        "session_id": session.session_id,
        "source_last_seq": last_seq,
        "history": [entry, *older][:HISTORY_MAX],
    }
    if previous is not None and "_rev" in previous:
        document["_rev"] = previous["_rev"]
    return document


def _history(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    history = document.get("history")
    return [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []


def _last_seq(document: Mapping[str, Any]) -> Seq | None:
    return _seq(document.get("source_last_seq", document.get("last_seq")))


def _recorded_seq(entry: Mapping[str, Any]) -> Seq | None:
    return _seq(entry.get("recorded_seq", entry.get("last_seq")))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _seq(value: Any) -> Seq | None:
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None
