"""What an administrator typed about units → an event to be told, or what is wrong with which field. Pure.

Which events can be is the service's to say (`server.setup`). Like `forms`, this module must never write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _

from schemas.figures import format_date
from server.web.forms import REQUIRED, Wrong

KINDS: Final = ("merge", "rename", "dissolve")


@dataclass(frozen=True, slots=True)
class Told:
    """An event as typed."""

    kind: str
    units: tuple[str, ...]
    date: str
    number: str
    to: str | None
    named: dict[str, dict[str, str]] | None


def read_event(form: Mapping[str, str], units: Sequence[str]) -> Told | Wrong:
    """One of the forms on the page of units."""
    typed = {name: form.get(name, "").strip() for name in ("kind", "date", "number", "to", "name_vi", "name_en")}
    wrong: dict[str, Any] = {}
    if typed["kind"] not in KINDS:
        return Wrong({"act": _("Không có việc này trên trang.")})
    chosen = tuple(dict.fromkeys(unit for unit in units if unit))
    if not chosen:
        wrong["from"] = _("Mời chọn đơn vị.")
    try:
        date.fromisoformat(typed["date"])
    except ValueError:
        wrong["date"] = _("Mời chọn ngày có hiệu lực.")
    if not typed["number"]:
        wrong["number"] = _("Cần số của quyết định hay nghị quyết làm căn cứ.")
    if form.get("checked") != "yes":
        wrong["checked"] = _("Điều đã ghi không sửa được: mời đối chiếu với văn bản rồi đánh dấu ở đây.")
    to, named = None, None
    if typed["kind"] == "merge":
        to = typed["to"]
        if not to:
            wrong["to"] = _("Mời chọn đơn vị tiếp nhận.")
        elif to in chosen:
            wrong["to"] = _("Đơn vị tiếp nhận không thể là đơn vị được sáp nhập.")
    elif typed["kind"] == "rename":
        if not typed["name_vi"]:
            wrong["name_vi"] = REQUIRED
        named = _names(form, typed)
    if wrong:
        return Wrong(wrong)
    return Told(typed["kind"], chosen, typed["date"], typed["number"], to, named)


def _names(form: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What is left empty repeats what is there, as in a list that is read in."""
    vi, en = typed["name_vi"], typed["name_en"] or typed["name_vi"]
    short_vi = form.get("short_vi", "").strip()
    short_en = form.get("short_en", "").strip()
    return {"names": {"vi": vi, "en": en}, "short_names": {"vi": short_vi or vi, "en": short_en or short_vi or en}}


def days_told(params: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Parameters of a sentence with their days as people write them."""

    def shown(value: Any) -> Any:
        try:
            return format_date(date.fromisoformat(value), locale)
        except (TypeError, ValueError):
            return value

    return {name: shown(value) for name, value in params.items()}
