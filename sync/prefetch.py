"""Make the next items while the last one is used, on threads of their own.

The threads only make items: whoever stops early leaves them behind, their last items are dropped, and they end. It must
never know what the items are.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")

# How long a cancelled run goes on unnoticed while it waits for the other thread.
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class _End:
    pass


class Prefetched(Generic[T]):
    """`items` in their order, `ahead` of them made before they are asked for. Their error comes where they end.

    When `cancelled()`, it ends at once, also while an item is being made that takes its time (a feed that waits).
    Close it: what is being made then is dropped.
    """

    def __init__(self, items: Iterable[T], *, ahead: int, cancelled: Callable[[], bool]) -> None:
        self._items, self._cancelled = items, cancelled
        self._made: queue.Queue[T | _Failed | _End] = queue.Queue(maxsize=ahead)
        self._left = threading.Event()
        threading.Thread(target=self._make, name="prefetch", daemon=True).start()

    def __iter__(self) -> Iterator[T]:
        while not self._cancelled():
            try:
                item = self._made.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                return
            if isinstance(item, _Failed):
                raise item.error
            yield item

    def close(self) -> None:
        self._left.set()

    def _make(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
            self._put(_End())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who waits
            self._put(_Failed(error))

    def _put(self, item: T | _Failed | _End) -> bool:
        while not self._left.is_set():
            try:
                self._made.put(item, timeout=LOOK_S)
            except queue.Full:
                continue
            return True
        return False


def side_by_side(make: Callable[[S], T], items: Iterable[S], *, at_once: int) -> Iterator[T]:
    """`make(item)` of each, in the order of the items, `at_once` of them under way and one that waits for its turn.

    `items` are taken on a thread of their own, so that one which is long in coming holds up none before it. An error
    comes where its item would have stood; what comes after it is dropped.
    """
    if at_once == 1:
        yield from map(make, items)
        return
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="side-by-side")
    begun = (pool.submit(make, item) for item in items)
    try:
        with closing(Prefetched(begun, ahead=at_once, cancelled=lambda: False)) as under_way:
            for each in under_way:
                yield each.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
