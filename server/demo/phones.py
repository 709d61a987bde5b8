"""Plays scripts on simulated phones, each a phone's own code in a process of its own, against the running service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from server.demo import scripts
from server.demo.stage import DemoFailed, Stage

PLAYERS: Final = 2
"""Processes that play phones at once: one a core of a small machine."""


def run(stage: Stage, step: str, told: list[scripts.Script]) -> None:
    """Play scripts on simulated phones, a few processes at once. Raises DemoFailed."""
    done = 0
    stage.progress(step, 0, len(told))

    def player(share: list[scripts.Script], number: int) -> Iterator[None]:
        stage.phones.mkdir(parents=True, exist_ok=True)
        file = stage.phones / f"{step}-{number}.json"
        file.write_text(json.dumps(share, ensure_ascii=False, indent=1), encoding="utf-8")
        command = [sys.executable, "-m", "mobile.simulated", "--folder", str(stage.phones), "--server", stage.url]
        with subprocess.Popen(  # noqa: S603 – our own module, our own arguments
            [*command, "--play", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            failures = []
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "failed":
                    failures.append(f"{event['name']}: {event.get('sentence')}")
                elif event["event"] == "done":
                    yield
            errors = process.stderr.read()
        if process.returncode or failures:
            raise DemoFailed("; ".join(failures) or errors[-2000:])

    def exhaust(share: list[scripts.Script], number: int) -> None:
        nonlocal done
        for _ in player(share, number):
            done += 1
            stage.progress(step, done, len(told))

    with ThreadPoolExecutor(PLAYERS) as pool:
        for future in [
            pool.submit(exhaust, share, number) for number, share in enumerate(_shares(told, PLAYERS)) if share
        ]:
            future.result()


def _shares(told: list[scripts.Script], count: int) -> Iterable[list[scripts.Script]]:
    return (told[number::count] for number in range(count))
