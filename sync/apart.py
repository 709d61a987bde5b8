"""Find the few of a batch that make a peer stumble, so that they stop no neighbour: halves, then once more alone.

A document can break its reader: the peer answers 500, or something that is no JSON, whenever it is in a request. A
peer in trouble answers the same for any document, and then nothing may be set aside. What tells them apart: the peer
still answers something else, neighbours come through, the guilty are few, and they fail again and again. It must never
know whether the batch is read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sync.errors import PeerMisbehaved, PeerUnreachable, SyncError, TooLarge

Item = TypeVar("Item")
Came = TypeVar("Came")
Failed = list[tuple[Item, SyncError]]

# A crash, or a proxy's word for one. 503 and 429 are said of the whole peer, and no answer at all is the line's doing.
POISON_STATUSES = frozenset({500, 502, 504})
# Attempts on a document alone before it is set aside; between them the peer had time to recover.
TRIES = 3
# More of one batch than these are no poisoned documents but a peer in trouble.
SUSPECTS_MAX = 10
# As many in a row and none that came through: the peer is in trouble.
SUSPECTS_AT_FIRST_MAX = 3


def apart(
    items: Sequence[Item],
    act: Callable[[Sequence[Item]], tuple[list[Came], Failed[Item]]],
    *,
    alive: Callable[[], object],
    pause: Callable[[int], None],
    alone_before: Callable[[Item], bool],
) -> tuple[list[Came], Failed[Item]]:
    """What `act` makes of all items, and those that fail alone while others come through, each with its error.

    `act` answers what came, and what failed by itself; it raises where all failed together. `alive` asks the peer for
    something else and raises when it cannot. `pause` waits before attempt n + 1. An item that has no neighbours to be
    compared with is set aside only if `alone_before` says that it failed so before, in other runs.
    """
    came: list[Came] = []
    suspects: Failed[Item] = []
    too_large: Failed[Item] = []
    some_came = False

    def attempt(part: Sequence[Item]) -> list[Sequence[Item]]:
        """What is left to try of `part`."""
        nonlocal some_came
        try:
            here, failed = act(part)
        except TooLarge as error:
            if len(part) == 1:
                too_large.append((part[0], error))
                return []
        except (PeerUnreachable, PeerMisbehaved) as error:
            if isinstance(error, PeerUnreachable) and error.status not in POISON_STATUSES:
                raise
            if len(part) == 1:
                suspects.append((part[0], error))
                return []
            if len(part) == len(items):
                alive()
        else:
            came.extend(here)
            some_came = some_came or len(failed) < len(part)
            suspects.extend(failed)
            return []
        half = len(part) // 2
        return [part[half:], part[:half]]

    left = attempt(items)
    while left:
        left += attempt(left.pop())
        if len(suspects) > (SUSPECTS_MAX if some_came else SUSPECTS_AT_FIRST_MAX):
            raise suspects[0][1]
    for number in range(1, TRIES):
        if not suspects:
            break
        if len(suspects) > (SUSPECTS_MAX if some_came else SUSPECTS_AT_FIRST_MAX):
            raise suspects[0][1]
        pause(number)
        alive()
        again, suspects = suspects, []
        for item, _ in again:
            attempt([item])
    if suspects and not some_came:
        failed_before = [alone_before(item) for item, _ in suspects]  # each is counted
        if not all(failed_before):
            raise suspects[0][1]
    return came, suspects + too_large
