"""An original stays until the server has been seen to have it for thirty of its own days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile import keeping, photos
from mobile.keeping import may_go, seen
from mobile.local import Local
from mobile.worker import SyncWorker
from schemas import ids
from sync import media
from tests.support.phones import GROUP, YEAR, Clock, M, picture

FIRST = date(2024, 10, 8)


def after(*days):
    """The receipt seen on these days, counted from the first."""
    kept = None
    for day in days:
        kept = seen(kept, FIRST + timedelta(days=day))
    return kept


def test_it_may_go_after_thirty_days_and_not_after_twenty_nine():
    assert not may_go(after(*range(30)))
    assert may_go(after(*range(31)))
    assert may_go(after(0, 7, 14, 21, 28, 30))


def test_seen_many_times_on_one_day_it_has_been_there_for_no_day():
    assert after(*[0] * 500).days == 0


def test_a_clock_that_jumps_ten_years_there_and_back_lets_nothing_go():
    assert not may_go(after(0, 3650))
    assert not may_go(after(0, 3650, 0, 3650, 1, 2, 3))


@given(st.lists(st.integers(-4000, 4000), max_size=12))
def test_whatever_the_clock_says_it_stays_until_it_was_seen_on_five_later_occasions(days):
    kept = after(0, *days)
    assert kept.days <= keeping.DAYS_AT_ONCE_MAX * len(days)
    assert keeping.read({"seen": keeping.written(kept)}) == kept


@pytest.fixture
def lan(phone_of):
    return phone_of("lan")


@pytest.fixture
def shot(lan, service, sync):
    """A photo that the server has confirmed today."""
    (made,) = lan.capture(picture(5, size=(1600, 1200)), title="Hội diễn", checklist=lan.self_key(GROUP, YEAR)).photos
    service.clock = Clock()
    sync(lan)
    service.settle()
    sync(lan)
    assert lan.evidence()[0].photos[0].safe
    return made


def days_pass(lan, service, days, *, each=1):
    for _ in range(0, days, each):
        service.clock.moment += timedelta(days=each)
        SyncWorker(lan).sync_once()


def test_the_original_leaves_by_itself_after_thirty_days_and_its_thumbnail_stays(lan, service, shot):
    days_pass(lan, service, 28)
    assert shot.file.exists()
    days_pass(lan, service, 4)
    assert not shot.file.exists()
    (card,) = lan.evidence()
    assert (card.state, card.photos[0].safe) == ("verified", True)
    assert card.photos[0].thumbnail.exists()
    assert media.read_photo(service.stores.open(M), shot.sha256)


def test_neither_clock_frees_an_original_by_jumping(lan, service, shot):
    lan.tools.now.moment += timedelta(days=3650)
    SyncWorker(lan).sync_once()
    service.clock.moment += timedelta(days=3650)
    SyncWorker(lan).sync_once()
    SyncWorker(lan).sync_once()
    assert shot.file.exists()


def test_a_server_that_does_not_tell_its_time_frees_nothing(lan, shot):
    local = lan.tools.local
    store = local.stores.open(M)
    assert photos.look_after(local, store, store, today=None, cancelled=lambda: False) == [shot.sha256]
    assert shot.file.exists()


def test_what_the_server_lost_before_is_sent_again_and_its_days_begin_anew(lan, service, shot):
    days_pass(lan, service, 25)
    store = service.stores.open(M)
    receipt = store.get(media.receipt_id(shot.sha256))
    store.put({"_id": receipt["_id"], "_rev": receipt["_rev"], "_deleted": True})
    days_pass(lan, service, 1)
    assert not photos.way(lan.tools.local, M, shot.sha256).safe
    days_pass(lan, service, 10)
    assert shot.file.exists()


def test_one_photo_for_two_years_is_sent_for_both_and_stays_while_either_waits(tmp_path):
    local = Local(tmp_path / "phone")
    data = picture(2)
    name = media.name_of(data)
    local.photo_file(name).write_bytes(data)
    servers = {}
    for year in (2024, 2025):
        here = local.stores.ensure(ids.media_database(GROUP, year))
        media.put_photo(here, data, b"t", content_type="image/jpeg", width=4, height=3)
        servers[year] = Local(tmp_path / f"server-{year}").stores.ensure(here.name)
    local.stores.ensure("u-hung-yen-2024").put({"_id": "evidence:hung-yen:1", "photos": [{"photo": name}]})

    first, second = (local.stores.open(ids.media_database(GROUP, year)) for year in (2024, 2025))
    photos.push(local, first, servers[2024], photos.Bites())
    media.settle(servers[2024], name, now="2024-10-08T00:00:00Z")
    assert photos.settle(local, first, servers[2024], [name], now="2024-10-08T00:00:00Z") == ([], [])

    assert photos.waiting(local, first) == []
    assert photos.waiting(local, second) == [name]
    assert photos.safe_everywhere(local) == set()
    for day in range(40):
        photos.look_after(local, first, servers[2024], today=FIRST + timedelta(days=day), cancelled=lambda: False)
    assert local.photo_file(name).exists()
    photos.push(local, second, servers[2025], photos.Bites())
    media.settle(servers[2025], name, now="2025-10-08T00:00:00Z")
    photos.settle(local, second, servers[2025], [name], now="2025-10-08T00:00:00Z")
    assert photos.safe_everywhere(local) == {name}
    assert media.read_photo(servers[2025], name).data == data
    local.close()
