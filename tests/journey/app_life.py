"""One life of the real app in a process of its own: a thumb scores, photographs and submits until it is killed.

    python -m tests.journey.app_life FOLDER SEED

First it prints `["shows", …]` for every figure it finds on the screen. Before each thing it does it prints
`["try", …]`; `["saved", …]` follows once the words for it stand on the screen, so that what is held against it is what
a person was shown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from tests.support.window import Driver, prepare

GROUP, YEAR = "cum-1", 2024


def say(*words: str) -> None:
    """One line, at once: what stays in a buffer dies with the process."""
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def live(app: Driver, phone: Any, seed: str, picture: Path) -> None:
    """For ever."""
    from tests.journey.support import noise

    random = Random(seed)
    app.tap(f"checklist:{phone.self_key(GROUP, YEAR)}")
    app.until(lambda: app.has("submit"), what="the checklist opens")
    page, step = app.app.current, 0
    criteria = [[(line.id, int(line.max)) for line in section.criteria] for section in page.view.sections]
    for index, section in enumerate(criteria):
        app.tap(f"section:{index}")
        app.until(lambda shown=section: all(app.has(f"{name}:value") for name, _ in shown), what="the section opens")
        for criterion, _ in section:
            say("shows", "points", criterion, app.find(f"{criterion}:value").text)
    say("born")
    while True:
        step += 1
        section = random.randrange(len(criteria))
        criterion, most = random.choice(criteria[section])
        what = random.choices(("points", "note", "evidence", "submission"), (6, 2, 1, 2))[0]
        page.saved = False  # the words of the answer before must not speak for this one
        if what == "submission":
            submit(app, page)
            continue
        app.tap(f"section:{section}")
        app.frames(4)
        if what == "points":
            points = str(random.randrange(most))
            say("try", "points", criterion, points)
            app.type(f"{criterion}:value", points)
            if app.says("Đã lưu"):
                say("saved", "points", criterion, points)
        elif what == "note":
            note = f"ghi chú {seed} {step}"
            app.tap(f"{criterion}:note")
            app.until(lambda: app.has("note:save"), what="the sheet of notes opens")
            app.type("note", note)
            say("try", "note", criterion, note)
            app.tap("note:save")
            app.until(lambda: app.says("Đã lưu"), what="the note is kept")
            say("saved", "note", criterion, note)
        else:
            title = f"ảnh {seed} {step}"
            picture.write_bytes(noise(random))
            app.tap(f"{criterion}:photo")
            app.until(lambda: app.has("evidence:capture"), what="the sheet of evidence opens")
            app.tap("evidence:capture")
            app.until(lambda: app.has("capture:take"), what="the page of the camera opens")
            app.tap("capture:take")
            app.type("capture:title", title)
            say("try", "evidence", criterion, title)
            app.tap("capture:save")
            app.until(lambda: app.says("Đã lưu minh chứng trên máy"), what="the photo is kept")
            say("saved", "evidence", criterion, title)
            app.until(lambda: app.has("submit"), what="the checklist is back")
            app.settle()


def submit(app: Driver, page: Any) -> None:
    """Tap through to "Submitted", where nothing stands against it."""
    app.tap("submit")
    app.until(lambda: app.has("confirm:yes") or app.says("trước khi nộp"), what="it is asked, or said what is missing")
    if not app.has("confirm:yes"):
        app.back()
        app.settle()
        return
    say("try", "submission", "", "")
    app.tap("confirm:yes")
    app.until(lambda: app.says("Đã nộp."), what="it says that it is submitted")
    say("saved", "submission", "", page.view.submitted)
    app.settle()


def main(folder: Path, seed: str) -> None:
    prepare()
    from mobile.app import ThiduaApp
    from mobile.camera import GivenFile
    from tests.journey.support import open_phone

    phone = open_phone(folder)
    picture = folder.parent / "camera.jpg"
    with Driver(ThiduaApp(phone, camera=GivenFile(picture))) as app:
        live(app, phone, seed, picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
