"""What a person can do wrong at the screen, and what networks do to them: one clear sentence, and nothing lost.

The real app, in a window nobody sees, before the real service; only the weather between them is made.
"""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest

from server.app import create_app
from server.wsgi import BackgroundServer
from tests.journey.support import enrolled_phone, open_phone
from tests.server.world import GROUP, HY, YEAR, submission_of
from tests.support.ports import free_port
from tests.support.window import Driver, prepare

pytestmark = [pytest.mark.window, pytest.mark.timeout(900)]

prepare()

UNKNOWN = (
    "Mã này không có trong hệ thống. Hãy kiểm tra từng ký tự, hoặc xin mã mới.",
    "This code is not known. Check it letter by letter, or ask for a new one.",
)
USED = (
    "Mã này đã được dùng. Mỗi mã chỉ đăng ký một điện thoại: hãy xin mã mới.",
    "This code was used already. Each code enrols one phone: ask for a new one.",
)
EXPIRED = ("Mã này đã hết hạn. Hãy xin mã mới.", "This code has expired. Ask for a new one.")
NOBODY_THERE = (
    "Không kết nối được với máy chủ. Hãy kiểm tra mạng và địa chỉ rồi thử lại.",
    "The server cannot be reached. Check the network and the address, and try again.",
)
IN_TROUBLE = (
    "Máy chủ đang gặp sự cố. Hãy thử lại sau vài phút.",
    "The server has a problem right now. Try again in a few minutes.",
)
NOT_OURS = (
    "Không có máy chủ Thidua ở địa chỉ này. Hãy kiểm tra lại địa chỉ.",
    "There is no Thidua server at this address. Check the address.",
)


class Weather:
    """The service behind a network that can break: `sky` is fair, broken (500) or portal (a page to sign in to)."""

    PAGES: ClassVar = {
        "broken": ("500 Internal Server Error", b"<!doctype html><h1>Internal Server Error</h1>"),
        "portal": ("200 OK", "<!doctype html><h1>Chào mừng đến Wi-Fi khách sạn</h1>".encode()),
    }

    def __init__(self, world) -> None:
        self.sky = "fair"
        self._app = create_app(world.service.config, service=world.service)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._server: BackgroundServer | None = None

    def __call__(self, environ, start_response):
        if self.sky == "fair":
            return self._app(environ, start_response)
        status, page = self.PAGES[self.sky]
        start_response(status, [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
        return [page]

    def on(self) -> None:
        self._server = BackgroundServer(self, port=self._port).start()

    def off(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


@pytest.fixture
def weather(world):
    made = Weather(world)
    made.on()
    yield made
    made.off()


@pytest.fixture
def run():
    """`run(phone)` is the driver of an app over it; closed after the test, in Vietnamese again."""
    from mobile import i18n
    from mobile.app import ThiduaApp

    with contextlib.ExitStack() as stack:
        yield lambda phone, **options: stack.enter_context(Driver(ThiduaApp(phone, **options)))
    i18n.set_language(i18n.FIRST)


@pytest.fixture
def phone(world, weather, tmp_path):
    """Lan's, after its first exchange."""
    made = enrolled_phone(tmp_path / "lan", weather.url, world.service.accounts.new_code("lan").code)
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path):
    made = open_phone(tmp_path / "fresh")
    yield made
    made.close()


def code_of(world, what):
    """A code of that kind."""
    if what == UNKNOWN:
        return "SAI-MA-00"
    code = world.service.accounts.new_code("lan").code
    if what == USED:
        world.service.accounts.redeem(code, "Máy khác")
    else:
        world.clock.pass_by(hours=25)
    return code


@pytest.mark.parametrize("said", [UNKNOWN, USED, EXPIRED], ids=["wrong", "used", "expired"])
def test_a_bad_code_is_answered_beside_it_and_a_good_one_is_taken_next(world, weather, fresh, run, said):
    screen = run(fresh, default_server=weather.url)
    screen.type("enrol:code", code_of(world, said))
    for locale, sentence in zip(("vi", "en"), said, strict=True):
        screen.tap(f"locale:{locale}")
        screen.tap("enrol:submit")
        screen.until(lambda words=sentence: screen.says(words), what=sentence)
        assert screen.find("enrol:code").wrong
    assert fresh.account is None
    screen.type("enrol:code", world.service.accounts.new_code("lan").code)
    screen.tap("enrol:submit")
    screen.until(lambda: screen.app.worker is not None, what="the phone is enrolled")


@pytest.mark.parametrize(
    ("sky", "said"),
    [("off", NOBODY_THERE), ("broken", IN_TROUBLE), ("portal", NOT_OURS)],
    ids=["no network", "500", "portal"],
)
def test_a_bad_network_is_no_fault_of_the_code_and_the_code_works_afterwards(world, weather, fresh, run, sky, said):
    screen = run(fresh, default_server=weather.url)
    screen.type("enrol:code", world.service.accounts.new_code("lan").code)
    if sky == "off":
        weather.off()
    weather.sky = sky
    for locale, sentence in zip(("vi", "en"), said, strict=True):
        screen.tap(f"locale:{locale}")
        screen.tap("enrol:submit")
        screen.until(lambda words=sentence: screen.says(words), what=sentence)
        assert screen.find("enrol:server").wrong
        assert not screen.find("enrol:code").wrong
    if sky == "off":
        weather.on()
    weather.sky = "fair"
    screen.tap("enrol:submit")
    screen.until(lambda: screen.app.worker is not None, what="the same code enrols the phone")


def test_work_goes_on_in_any_weather_and_each_is_named(world, weather, phone, run):
    screen = run(phone)
    key = phone.self_key(GROUP, YEAR)
    for nth, (sky, said) in enumerate(
        {
            "broken": "Máy chủ chưa trả lời đúng. Máy này sẽ tự thử lại; không có gì bị mất",
            "portal": "Mạng này yêu cầu đăng nhập trước. Hãy mở một trang web để đăng nhập, hoặc dùng mạng khác",
            "off": "Ngoại tuyến",
        }.items(),
        1,
    ):
        if sky == "off":
            weather.off()
        weather.sky = sky
        phone.set_answer(key, f"i-{nth}", points=str(nth))
        screen.app.worker.wake()
        screen.until(lambda words=said: screen.says(words), what=said)
        assert screen.says("1 mục")  # what waits is said beside it
    weather.on()
    weather.sky = "fair"
    screen.app.worker.wake()
    screen.until(lambda: screen.says("Mọi thứ đã có trên máy chủ"), what="everything is sent")
    draft = world.service.backend.open(f"u-{HY}-{YEAR}").get(key.partition("/")[2])
    assert sorted(draft["answers"]) == ["i-1", "i-2", "i-3"]


def test_what_is_no_score_is_refused_beside_the_field_and_what_stood_stays(phone, run):
    screen = run(phone, sync=False)
    key = phone.self_key(GROUP, YEAR)
    phone.set_answer(key, "i-1", points="32.5")
    screen.tap(f"checklist:{key}")
    screen.until(lambda: screen.has("submit"), what="the checklist opens")
    for locale, words in (("vi", "Hãy ghi một số từ 0 đến 60."), ("en", "Write a number from 0 to 60.")):
        screen.app.speak(locale)
        for typed in ("61", "9999999999999", "-1", "NaN", "inf", "1e3", "mười", "٣"):
            screen.app.current._say_at("i-1", "")  # the words for what was typed before must not speak for this
            screen.type("i-1:value", typed)
            assert screen.says(words), typed
            assert not screen.app.current.saved, typed
            assert phone.checklist(key).criterion("i-1").answer.points == "32.5"
    # It stays said while the page is drawn anew, for something else arrived; and goes with its reason.
    drawn = []
    refresh, screen.app.current.refresh = screen.app.current.refresh, lambda: (refresh(), drawn.append(True))
    phone.set_note(key, "i-1", "Đủ hồ sơ")
    screen.until(lambda: drawn, what="the page is drawn anew")
    assert screen.says(words)
    screen.type("i-1:value", "32.5")
    assert not screen.says(words)
    # The next field is none the worse for it.
    screen.type("i-2:value", "7.5")
    assert phone.checklist(key).criterion("i-2").answer.points == "7.5"


def test_a_note_of_two_megabytes_is_not_taken_not_cut_and_can_be_shortened(phone, run):
    screen = run(phone, sync=False)
    key = phone.self_key(GROUP, YEAR)
    screen.tap(f"checklist:{key}")
    screen.until(lambda: screen.has("submit"), what="the checklist opens")
    screen.tap("i-1:plus")
    screen.app.current.saved = False
    screen.tap("i-1:note")
    screen.until(lambda: screen.has("note:save"), what="the sheet of notes opens")
    long = "Hồ sơ đầy đủ. " * 150_000
    screen.type("note", long)
    screen.tap("note:save")
    assert screen.says("Nội dung quá dài: tối đa 4000 ký tự.")
    screen.back()
    assert screen.has("note:save"), "closing would have lost what was written"
    assert phone.checklist(key).criterion("i-1").note == ""
    assert next(w for w in screen.find("note").walk() if hasattr(w, "select_all")).text == long
    screen.type("note", long[:3_999])
    screen.tap("note:save")
    screen.settle()
    assert screen.says("Đã lưu")
    assert phone.checklist(key).criterion("i-1").note == long[:3_999].strip()


def test_a_refusal_is_read_in_the_outbox_in_the_language_of_the_day(world, phone, run):
    from sync.documents import with_revision

    bad = submission_of(world.accounts["lan"], phone.account.device, HY, {"i-1": "61"})
    store = phone.tools.local.stores.ensure(f"u-{HY}-{YEAR}")
    assert not store.bulk_docs([with_revision(bad)], new_edits=False)
    screen = run(phone)
    screen.app.worker.wake()
    screen.until(phone.refused, what="the service refused it")
    screen.until(lambda: screen.says("Máy chủ từ chối"), what="the status says so")
    screen.tap("outbox")
    screen.until(lambda: screen.says("Điểm phải từ 0 đến 60; đang ghi 61."), what="the reason stands there")
    screen.app.speak("en")
    screen.app.worker.wake()
    screen.until(lambda: screen.says("Points go from 0 to 60; 61 was entered."), what="the reason in English")
    assert store.get(bad["_id"])["answers"] == bad["answers"]
