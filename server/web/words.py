"""Every code of the data → the word a person reads, with its icon and tone, the same on every page.

Colour never speaks alone: a `Word` always has its text and its icon. A code added later than this page still shows,
as itself, rather than as nothing. This module must never know which page asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Word:
    """`tone` is a class of the style sheet: good, attention, problem, primary, honour or "" for calm."""

    text: Any
    icon: str
    tone: str = ""


CRITERION: Final = {
    "counted": Word(_("Đã có điểm"), "check-circle-outline", "primary"),
    "accepted": Word(_("Đã chấp nhận"), "check-circle-outline", "good"),
    "adjusted": Word(_("Đã điều chỉnh"), "pencil-outline", "good"),
    "missing": Word(_("Còn thiếu"), "circle-outline"),
    "na": Word(_("Không áp dụng"), "minus"),
    "na_pending": Word(_("Chờ duyệt không áp dụng"), "help-circle-outline", "attention"),
    "excluded": Word(_("Ngoài chức năng"), "minus"),
    "returned": Word(_("Trả lại"), "undo-variant", "attention"),
    "undecided": Word(_("Chờ quyết định"), "texture-box", "attention"),
    "contested": Word(_("Có mâu thuẫn"), "call-split", "problem"),
    "error": Word(_("Lỗi cấu hình"), "alert-circle-outline", "problem"),
}

SECTION: Final = {
    **CRITERION,
    "number": Word(_("Đã tính"), "check-circle-outline", "good"),
    "decided": Word(_("Điểm theo quyết định"), "gavel", "good"),
}

ANSWER: Final = {
    "counted": Word(_("Được tính"), "check-circle-outline", "good"),
    "superseded": Word(_("Đã được thay"), "clock-outline"),
    "contested": Word(_("Có mâu thuẫn"), "call-split", "problem"),
    "waiting_head": Word(_("Chờ lãnh đạo duyệt"), "timer-sand", "attention"),
    "set_aside": Word(_("Chưa được tính"), "timer-sand", "attention"),
    "later": Word(_("Đến sau quyết định"), "clock-alert-outline", "attention"),
}

STAGE: Final = {
    "self": Word(_("Tự chấm"), "pencil-outline"),
    "cross": Word(_("Kiểm tra chéo"), "clipboard-check-outline"),
    "cluster": Word(_("Thẩm định"), "gavel"),
    "weighted": Word(_("Theo trọng số ba bước"), "scale-balance"),
    "carried": Word(_("Chuyển từ đơn vị cũ"), "call-split"),
}

VISIT: Final = {
    "planned": Word(_("Đã lên lịch"), "calendar-month-outline"),
    "under_way": Word(_("Đang kiểm tra"), "circle-half-full", "primary"),
    "submitted": Word(_("Đã gửi phiếu"), "check-circle-outline", "good"),
    "cancelled": Word(_("Đã hủy"), "minus"),
    "contested": Word(_("Có mâu thuẫn"), "call-split", "problem"),
}

PHOTO: Final = {
    "verified": Word(_("Đã xác nhận"), "shield-check-outline", "good"),
    "arriving": Word(_("Đang gửi"), "timer-sand", "attention"),
    "absent": Word(_("Chưa tới máy chủ"), "timer-sand", "attention"),
    "withheld": Word(_("Đã thu hồi"), "eye-off-outline"),
}

FLAG: Final = {
    "late": Word(_("Nộp muộn"), "clock-alert-outline", "attention"),
    "revoked": Word(_("Máy đã bị thu quyền"), "alert-outline", "attention"),
    "cancelled": Word(_("Cuộc kiểm tra đã hủy"), "alert-outline", "attention"),
    "lost": Word(_("Máy đã báo mất"), "alert-outline", "problem"),
}

ACT: Final = {
    "lock-scheme": Word(_("Khóa bảng điểm"), "lock-outline", "primary"),
    "plan-visit": Word(_("Lên lịch kiểm tra"), "calendar-month-outline", "primary"),
    "cancel-visit": Word(_("Hủy cuộc kiểm tra"), "minus", "attention"),
    "accept": Word(_("Chấp nhận điểm"), "check-circle-outline", "good"),
    "return": Word(_("Trả lại"), "undo-variant", "attention"),
    "adjust": Word(_("Điều chỉnh điểm"), "pencil-outline", "primary"),
    "approve-na": Word(_("Duyệt không áp dụng"), "minus", "primary"),
    "refuse-na": Word(_("Không duyệt không áp dụng"), "close-octagon-outline", "problem"),
    "count-claim": Word(_("Tính điểm thưởng, trừ"), "plus-circle-outline", "good"),
    "refuse-claim": Word(_("Không tính điểm thưởng, trừ"), "close-octagon-outline", "problem"),
    "decide-section": Word(_("Quyết định điểm nội dung"), "gavel", "primary"),
    "rank-unit": Word(_("Quyết định xếp hạng đơn vị"), "podium-gold", "primary"),
    "carry-over": Word(_("Chuyển tiếp kết quả của đơn vị đã sáp nhập"), "call-split", "primary"),
    "count-submission": Word(_("Quyết định phiếu được tính"), "clipboard-check-outline", "primary"),
    "lock-scores": Word(_("Khóa điểm"), "lock-outline", "primary"),
    "tie-ballot": Word(_("Bỏ phiếu phân hạng"), "podium-gold", "primary"),
    "award-ballot": Word(_("Bỏ phiếu suy tôn"), "medal-outline", "honour"),
    "depart-order": Word(_("Ghi lý do khác thứ tự điểm"), "swap-vertical", "attention"),
    "elect": Word(_("Bầu trưởng, phó năm sau"), "account-outline", "primary"),
    "strike": Word(_("Hủy các bản ghi song song"), "close-octagon-outline", "attention"),
    "freeze": Word(_("Chốt xếp hạng"), "lock-outline", "honour"),
    "publish": Word(_("Công bố"), "file-document-outline", "honour"),
    "withhold": Word(_("Thu hồi nội dung"), "eye-off-outline", "attention"),
}

TASK: Final = {
    "overdue_return": Word(_("Quá hạn"), "clock-alert-outline", "problem"),
    "open_return": Word(_("Chờ giải trình"), "undo-variant", "attention"),
    "contested": Word(_("Có mâu thuẫn"), "call-split", "problem"),
    "unsigned_pact": Word(_("Giao ước"), "file-document-outline", "attention"),
    "waiting": Word(_("Đang chờ"), "timer-sand", "attention"),
    "approval": Word(_("Chờ lãnh đạo đơn vị duyệt"), "timer-sand", "attention"),
    "error": Word(_("Lỗi cấu hình"), "alert-circle-outline", "problem"),
    "undecided": Word(_("Chờ quyết định"), "gavel", "attention"),
    "na": Word(_("Duyệt không áp dụng"), "help-circle-outline", "attention"),
    "claim": Word(_("Đề nghị thưởng, trừ"), "plus-circle-outline", "attention"),
    "difference": Word(_("Cần giải thích chênh lệch"), "alert-outline", "attention"),
    "departure": Word(_("Khác thứ tự điểm"), "swap-vertical", "attention"),
}

ROLE: Final = {
    "leader": Word(_("Cụm trưởng"), "gavel", "primary"),
    "deputy": Word(_("Cụm phó"), "gavel", "primary"),
    "leader of a block": Word(_("Khối trưởng"), "gavel", "primary"),
    "deputy of a block": Word(_("Khối phó"), "gavel", "primary"),
    "council": Word(_("Thường trực Hội đồng"), "scale-balance", "primary"),
    "member": Word(_("Thành viên"), "domain"),
    "specialist": Word(_("Chuyên viên"), "account-outline"),
    "head": Word(_("Lãnh đạo đơn vị"), "account-outline"),
    "inspector": Word(_("Thành viên đoàn kiểm tra chéo"), "clipboard-check-outline"),
    "grassroots": Word(_("Đơn vị cơ sở"), "camera-outline"),
    "admin": Word(_("Quản trị"), "tune-variant"),
}

DEVICE: Final = {
    "active": Word(_("Đang dùng"), "check-circle-outline", "good"),
    "revoked": Word(_("Đã thu quyền"), "minus"),
    "lost": Word(_("Đã báo mất"), "alert-outline", "problem"),
}

KIND: Final = {
    "judged": Word(_("Chấm điểm"), "pencil-outline"),
    "quantitative": Word(_("Chỉ tiêu định lượng"), "tune-variant"),
    "pass_fail": Word(_("Đạt / không đạt"), "check"),
    "per_occurrence": Word(_("Theo số lần"), "plus-circle-outline"),
    "bands": Word(_("Theo mức"), "format-list-checks"),
}

AWARD_FORM: Final = {
    "emulation-flag": Word(_("Cờ thi đua"), "medal-outline", "honour"),
    "merit-certificate": Word(_("Bằng khen"), "medal-outline", "honour"),
    "commendation": Word(_("Giấy khen"), "medal-outline", "honour"),
}

AWARD_LEVEL: Final = {
    "state": Word(_("Cấp Nhà nước"), "domain"),
    "ministry": Word(_("Cấp Bộ"), "domain"),
    "province": Word(_("Cấp tỉnh"), "domain"),
    "department": Word(_("Cấp sở"), "domain"),
}

YEAR_STATE: Final = {
    "open": Word(_("Đang diễn ra"), "circle-half-full", "primary"),
    "frozen": Word(_("Đã chốt"), "lock-outline", "good"),
    "published": Word(_("Đã công bố"), "shield-check-outline", "good"),
}

MILESTONE: Final = {
    "launch": Word(_("Ký giao ước"), "pencil-outline", "primary"),
    "midyear": Word(_("Sơ kết"), "scale-balance", "primary"),
    "yearend": Word(_("Tổng kết"), "scale-balance", "primary"),
    "merged": Word(_("Sáp nhập"), "call-split", "attention"),
    "inspections": Word(_("Kiểm tra chéo"), "clipboard-check-outline", "primary"),
    "locked": Word(_("Khóa điểm"), "lock-outline", "primary"),
    "frozen": Word(_("Chốt xếp hạng"), "podium-gold", "primary"),
    "published": Word(_("Công bố"), "shield-check-outline", "good"),
}

UNIT_KIND: Final = {
    "department": Word(_("Sở"), "domain"),
    "agency": Word(_("Cơ quan, đơn vị"), "domain"),
    "grassroots": Word(_("Đơn vị cơ sở"), "camera-outline"),
}

UNIT_EVENT: Final = {
    "merge": Word(_("Sáp nhập"), "call-split", "primary"),
    "rename": Word(_("Đổi tên"), "pencil-outline"),
    "dissolve": Word(_("Giải thể"), "close-octagon-outline", "attention"),
}

GROUP_KIND: Final = {"cluster": Word(_("Cụm thi đua"), "domain"), "block": Word(_("Khối thi đua"), "domain")}

BOOKS: Final = {
    "criterion": CRITERION,
    "section": SECTION,
    "answer": ANSWER,
    "stage": STAGE,
    "visit": VISIT,
    "photo": PHOTO,
    "flag": FLAG,
    "act": ACT,
    "task": TASK,
    "role": ROLE,
    "device": DEVICE,
    "kind": KIND,
    "group_kind": GROUP_KIND,
    "unit_kind": UNIT_KIND,
    "unit_event": UNIT_EVENT,
    "award_form": AWARD_FORM,
    "award_level": AWARD_LEVEL,
    "year_state": YEAR_STATE,
    "milestone": MILESTONE,
}


def word(book: str, code: str) -> Word:
    """The word for a code of one book; an unknown code speaks for itself."""
    return BOOKS[book].get(code) or Word(code.replace("_", " ").replace("-", " "), "information-outline")


def office(code: str, kind: str) -> str:
    """The code of a role in a group of this kind: a cluster's leader and a block's are called differently."""
    return f"{code} of a block" if kind == "block" and code in ("leader", "deputy") else code


def init_app(app: Flask) -> None:
    """Templates call `word("visit", card.state)`, `word("role", office(role, head.kind))`."""
    app.jinja_env.globals.update(word=word, office=office)
