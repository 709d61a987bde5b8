"""What an answer takes of memory while it is sent does not grow with the database it tells of."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.face import Limits
from sync.store import Store
from tests.support.curl import Curl

FEW, MANY = 300, 3_000
TEXT = "Nhà văn hóa thôn, sân bóng, tủ sách. " * 20
LIMITS = Limits(page_rows=50, page_docs=20, whole_bytes=1)
"""Small pages, and nothing gathered to be sent whole: then a few thousand documents are a large database."""

Peak = Callable[..., int]


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Peak]]:
    """For a small and a large database: what one request takes, in bytes, while its answer is read and thrown away."""
    stores = []

    def of(count: int) -> Peak:
        store = Store(tmp_path_factory.mktemp("memory") / f"{count}.sqlite")
        stores.append(store)
        for start in range(0, count, 100):
            numbers = range(start, start + 100)
            store.bulk_docs([{"_id": f"{'_design/' if n % 2 else ''}d{n:05}", "n": n, "text": TEXT} for n in numbers])
        curl = Curl(database=store, limits=LIMITS, gzip=False)

        def peak(method: str, path: str, body: Any = None) -> int:
            tracemalloc.start()
            try:
                options = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
                answer = curl.raw(method, path, buffered=False, **options)
                assert answer.status_code == 200
                sent = sum(map(len, answer.iter_encoded()))
                assert sent > count * 10, "it was no answer about the whole database"
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak("GET", "/db/_all_docs")  # what is imported and cached at first
        return peak

    yield {count: of(count) for count in (FEW, MANY)}
    for store in stores:
        store.close()


def takes_no_more(peaks: dict[int, Peak], *asked: Any) -> bool:
    """Of the large database than of the small one? Whatever else this process does meanwhile is counted too, so that
    one measurement may be too much; three are not.
    """
    return any(peaks[MANY](*asked) < 1.3 * peaks[FEW](*asked) for _ in range(3))


@pytest.mark.parametrize("how", ["", "&descending=true", "&include_docs=true", "&descending=true&include_docs=true"])
@pytest.mark.parametrize("what", ["_changes?", "_all_docs?", "_design_docs?"])
def test_a_feed_or_a_listing_takes_no_more_of_a_large_database(peaks: dict[int, Peak], what: str, how: str) -> None:
    assert takes_no_more(peaks, "GET", f"/db/{what}{how}")


def test_a_feed_that_goes_on_takes_no_more_of_a_large_database(peaks: dict[int, Peak]) -> None:
    asked = ("GET", "/db/_changes?feed=continuous&descending=true&include_docs=true")
    assert takes_no_more(peaks, *asked)


@pytest.mark.parametrize("how", ["", "&descending=true"])
def test_a_filtered_feed_takes_no_more_of_a_large_database(peaks: dict[int, Peak], how: str) -> None:
    asked = ("POST", f"/db/_changes?filter=_selector{how}", {"selector": {"n": {"$mod": [2, 0]}}})
    assert takes_no_more(peaks, *asked)


def test_several_listings_take_no_more_than_one(peaks: dict[int, Peak]) -> None:
    whole = {"include_docs": True}
    asked = ("POST", "/db/_all_docs/queries", {"queries": [whole, {"descending": True, **whole}]})
    assert takes_no_more(peaks, *asked)


def test_local_documents_are_read_one_after_another(tmp_path: Path) -> None:
    store = Store(tmp_path / "locals.sqlite")
    for n in range(200):
        store.put_local(f"{n}", {"text": TEXT * 20})
    curl = Curl(database=store, limits=LIMITS, gzip=False)
    tracemalloc.start()
    try:
        sent = sum(map(len, curl.raw("GET", "/db/_local_docs?include_docs=true", buffered=False).iter_encoded()))
        assert tracemalloc.get_traced_memory()[1] < sent / 5
    finally:
        tracemalloc.stop()
        store.close()
