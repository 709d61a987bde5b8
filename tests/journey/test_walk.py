"""The whole walk: taps in the real app without a network, the network back, another place on the real page.

Nothing between is replaced: Kivy, the phone's stores, the worker, HTTP, the gateway, the follower, Chromium.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from server.app import create_app
from server.wsgi import BackgroundServer
from tests.server.world import BN, GROUP, HD, HY, SCHEME, YEAR, Clock, Phone, full_marks, make_world, submission_of
from tests.support.browser import browser, page_of
from tests.support.ports import free_port
from tests.support.window import Driver, prepare

pytestmark = [pytest.mark.window, pytest.mark.browser, pytest.mark.timeout(900)]

PASSWORD = "cụm trưởng xem bảng"

prepare()


class Network:
    """The service's address, which answers only while the network is on."""

    def __init__(self, world):
        self._app = create_app(world.service.config, service=world.service)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._server = None

    def on(self):
        self._server = BackgroundServer(self._app, port=self._port).start()

    def off(self):
        if self._server is not None:
            self._server.stop()
            self._server = None


@pytest.fixture
def world(tmp_path, place):
    made = make_world(tmp_path / "data", clock=Clock(datetime.now(UTC).isoformat()), backend=place.backend())
    made.service.accounts.add(login="truong", name="Phạm Thị Trưởng", unit=HD, roles=("specialist",), password=PASSWORD)
    yield made
    made.service.close()


@pytest.fixture
def network(world):
    made = Network(world)
    made.on()
    yield made
    made.off()


def self_scores(world, url, folder):
    """Three units score themselves: Bắc Ninh least."""
    for number, (login, unit, share) in enumerate((("huong", HD, 90), ("lan", HY, 88), ("bac", BN, 80))):
        phone = Phone(url, folder / login, world, login)
        phone.write(
            f"u-{unit}-{YEAR}",
            submission_of(phone.account, phone.device, unit, full_marks(share), number=number + 1),
        )
        assert not phone.push(f"u-{unit}-{YEAR}").refused
        phone.close()
    world.settle()


def test_taps_without_a_network_move_a_unit_up_on_the_page(world, network, tmp_path):
    from mobile import i18n
    from mobile.app import ThiduaApp
    from mobile.phone import Phone as AppPhone

    self_scores(world, network.url, tmp_path / "others")
    visit = world.plan_visit(BN, "minh")
    world.settle()

    phone = AppPhone(tmp_path / "phone", now=lambda: datetime.now(UTC), random_bytes=os.urandom, app_version="0.1.0")
    code = world.service.accounts.new_code(world.accounts["minh"].account).code
    with browser() as chromium, page_of(chromium) as page, Driver(ThiduaApp(phone, default_server=network.url)) as app:
        page.goto(f"{network.url}/sign-in")
        page.fill("input[name=login]", "truong")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{network.url}/")
        assert order(page, network.url) == [HD, HY, BN]

        # Enrolled and filled while there is a network; from then on there is none.
        app.type("enrol:code", code)
        app.tap("enrol:submit")
        key = phone_key(app, visit)
        network.off()

        app.tap(f"checklist:{key}")
        app.until(lambda: app.has("submit"), what="the checklist opens")
        for index, section in enumerate(SCHEME.sections):
            app.tap(f"section:{index}")
            app.frames(10)
            for nth, criterion in enumerate(section.criteria):
                score(app, criterion, by_thumb=nth == 0)
        view = phone.checklist(key)
        assert not view.missing
        app.tap("submit")
        app.frames(20)
        if app.has("confirm:yes"):
            app.tap("confirm:yes")
        app.until(lambda: phone.outbox() and phone.outbox()[0].state not in ("draft", "ready"), what="it is submitted")
        app.app.worker.wake()
        app.until(lambda: app.app.worker.status.state == "offline", what="the status says that there is no network")
        assert phone.unsent() > 0

        network.on()
        app.app.worker.wake()
        app.until(lambda: world_has_cross(world), what="the submission is promoted")
        assert order(page, network.url) == [BN, HD, HY]
        page.goto(f"{network.url}/{GROUP}/{YEAR}/units/{BN}/i-1")
        trace = page.locator("main").inner_text()
        assert "Nguyễn Văn Minh" in trace
        assert "60" in trace

        app.app.worker.wake()
        app.until(lambda: phone.outbox()[0].state == "verified", what="the phone says it is verified")
        assert phone.unsent() == 0
    phone.close()
    i18n.set_language(i18n.FIRST)


def phone_key(app, visit):
    """The visit's checklist, once the phone has it."""

    def found():
        tags = [tag for tag in app.tags() if tag.startswith("checklist:") and tag.endswith(visit)]
        return tags[0].removeprefix("checklist:") if tags else None

    return app.until(found, what="the visit is on the phone")


def score(app, criterion, *, by_thumb):
    """Full marks: the first of a section with the thumb on the slider, the others typed; a note where one is asked."""
    if by_thumb:
        track = next(each for each in app.reveal(criterion.id).walk() if type(each).__name__ == "Track")
        track.tag = f"{criterion.id}:track"
        app.drag(f"{criterion.id}:track", 1.0)
    else:
        app.type(f"{criterion.id}:value", str(criterion.max))
    # A fifth above the unit's own score: the scheme asks for a comment.
    app.tap(f"{criterion.id}:note")
    app.until(lambda: app.has("canned:0"), what="the sheet of notes opens")
    app.tap("canned:0")
    app.tap("note:save")
    app.until(lambda: not app.has("note:save"), what="the sheet of notes closes")


def world_has_cross(world):
    world.settle()
    return any(":cross:" in each for each in world.ids_of("submission"))


def order(page, url):
    """The units from the first place down, as the page lists them."""
    page.goto(f"{url}/{GROUP}/{YEAR}")
    links = page.locator("table tbody tr a[href*='/units/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    return list(dict.fromkeys(link.split("/units/")[1].split("/")[0].split("#")[0].split("?")[0] for link in links))
