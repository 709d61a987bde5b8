"""Problems as pages: what happened, in plain words, and what to do next. Never a bare number, never blame.

For pages alone; the API and the gateway answer in their own forms. It must never show an exception's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import render_template, request
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from schemas.problem import InvalidDocument
from server.problems import NotSignedIn, Problem
from server.web.blueprint import web
from server.web.guard import HEADERS
from server.web.language import said, sentences
from server.web.reader import ask_to_sign_in
from server.web.views.common import local_path
from sync.errors import PeerUnreachable, StoreFull

log: Final = structlog.get_logger(__name__)

RETRY_AFTER_S: Final = 60
"""A CouchDB that is started anew answers before that."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A problem in plain words."""

    title: Any
    advice: Any
    icon: str


PLAIN: Final = {
    400: Plain(
        _("Yêu cầu chưa đọc được"),
        _("Mời quay lại trang trước và thử lại. Chưa có gì bị thay đổi."),
        "alert-outline",
    ),
    403: Plain(
        _("Trang này dành cho người khác"),
        _("Tài khoản này không thuộc đơn vị được xem trang này. Nếu cần xem, mời liên hệ tổ giúp việc của cụm, khối."),
        "lock-outline",
    ),
    404: Plain(
        _("Không tìm thấy trang"),
        _("Địa chỉ có thể đã gõ nhầm, hoặc nội dung không còn ở đây. Mời bắt đầu lại từ danh sách cụm, khối."),
        "help-circle-outline",
    ),
    409: Plain(
        _("Việc này vừa thay đổi"),
        _(
            "Đã có người làm trước, hoặc vừa có bản mới hơn. "
            "Mời mở lại trang để xem bản mới nhất. Chưa có gì bị thay đổi."
        ),
        "call-split",
    ),
    413: Plain(_("Nội dung gửi lên quá lớn"), _("Mời gửi ít hơn trong một lần."), "alert-outline"),
    429: Plain(
        _("Thử quá nhiều lần"),
        _("Để giữ an toàn cho tài khoản, mời chờ một phút rồi thử lại."),
        "clock-alert-outline",
    ),
    500: Plain(
        _("Máy chủ gặp trục trặc"),
        _("Lỗi ở phía máy chủ và đã được ghi lại. Số liệu đã lưu trước đó vẫn an toàn; mời thử lại sau ít phút."),
        "alert-circle-outline",
    ),
    503: Plain(
        _("Máy chủ chưa liên lạc được với cơ sở dữ liệu"),
        _("Mời chờ một phút, rồi mở lại trang để xem việc vừa làm đã được ghi chưa."),
        "timer-sand",
    ),
    507: Plain(
        _("Máy chủ hết chỗ lưu"),
        _("Lần gửi này chưa được ghi. Mời báo người quản trị, rồi làm lại."),
        "alert-circle-outline",
    ),
}

ACT_REFUSED: Final = Plain(_("Việc này không được chấp nhận"), _("Chưa có gì bị thay đổi."), "lock-outline")
"""Who asked may see the page and not do this: the sentence that comes with it says why, and who could."""

FORM_TOO_OLD: Final = Plain(
    _("Biểu mẫu đã để quá lâu"),
    _(
        "Để giữ an toàn, biểu mẫu chỉ dùng được trong phiên đã mở nó. "
        "Mời quay lại, tải lại trang rồi gửi lần nữa. Chưa có gì bị thay đổi."
    ),
    "clock-alert-outline",
)


def page(status: int, plain: Plain | None = None, sentence: str | None = None) -> tuple[str, int, Mapping[str, str]]:
    """The page of a problem; `sentence` says more than its kind does.

    With the headers of a page wherever it is answered: those of programs would keep it from its styles.
    """
    shown = plain or PLAIN.get(status) or PLAIN[500 if status >= 500 else 400]
    # The rule that keeps a page closed says who could open it, and better than the advice that fits every page.
    advised = not (shown is PLAIN[403] and sentence)
    if shown is PLAIN[409] and sentence:  # it says already what changed, and to look again
        shown = replace(shown, advice=ACT_REFUSED.advice)
    body = render_template(
        "problem.html", plain=shown, sentence=sentence, advised=advised, status=status, back=_came_from()
    )
    return body, status, HEADERS


def _came_from() -> str | None:
    """The page whose form was sent, so that nobody has to find the way back to it."""
    if request.method in ("GET", "HEAD") or not (request.referrer or "").startswith(request.host_url):
        return None
    return local_path(request.referrer.removeprefix(request.host_url.rstrip("/")))


@web.errorhandler(Problem)
def _of_problem(problem: Problem) -> Any:
    if isinstance(problem, NotSignedIn):
        return ask_to_sign_in()
    acted = problem.status == HTTPStatus.FORBIDDEN and request.method not in ("GET", "HEAD")
    return page(problem.status, ACT_REFUSED if acted else None, sentence=said(problem.said))


@web.errorhandler(HTTPException)
def _of_http(error: HTTPException) -> Any:
    if error.response is not None or (error.code is not None and error.code < 400):
        return error
    return page(error.code or 500)


@web.errorhandler(CSRFError)
def _of_csrf(error: CSRFError) -> Any:
    del error  # which of its reasons it was helps nobody but who forged it
    return page(400, FORM_TOO_OLD)


@web.errorhandler(InvalidDocument)
def _of_document(invalid: InvalidDocument) -> Any:
    return page(422, sentence=sentences(invalid))


@web.errorhandler(PeerUnreachable)
def _of_database_away(error: PeerUnreachable) -> Any:
    log.error("database_away", why=str(error))
    body, status, headers = page(503)
    return body, status, {**headers, "Retry-After": str(RETRY_AFTER_S)}


@web.errorhandler(StoreFull)
def _of_full_disk(error: StoreFull) -> Any:
    log.error("disk_full", why=str(error))
    return page(507)


@web.errorhandler(Exception)
def _of_anything(error: Exception) -> Any:
    log.error("page_failed", exc_info=error)
    return page(500)


def nothing_here(error: HTTPException) -> Any:
    """An address no page answers to: the application calls this for what is neither API nor gateway."""
    return _of_http(error)
