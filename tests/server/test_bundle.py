"""What a bundle is, and what a report says of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.bundle import contents, signing
from server.bundle.verify import verify, verify_file
from tests.server.bundles import PHOTO, PHOTO_NAME, bundle, files_of, year


def test_the_same_documents_give_the_same_bytes_whatever_their_order():
    documents, freeze, _ = year()
    forwards = contents.choose(documents, freeze, public=False)
    backwards = contents.choose([*reversed(documents), *documents], freeze, public=False)
    assert list(forwards.documents.items()) == list(backwards.documents.items())
    first = bundle()
    bundle.cache_clear()
    assert bundle() == first


def test_a_public_bundle_carries_no_text_name_or_photo():
    files = files_of(bundle(public=True))
    assert not [name for name in files if name.split("/")[0] in ("part", "member", "person", "photo")]
    assert b"Lan" not in bundle(public=True)
    assert "bundle-is-public" in {note.code for note in verify(bundle(public=True)).notes}


def test_a_bundle_with_photos_carries_them_as_they_are():
    files = files_of(bundle(photos=True))
    assert files[contents.photo_file(PHOTO_NAME)] == PHOTO
    assert verify(bundle(photos=True)).photos == 1


def test_a_report_says_what_was_withheld_by_which_decision_and_why():
    (gone,) = verify(bundle()).withheld
    assert (gone.kind, gone.sha256, gone.reason) == ("part", year()[2], "Gia đình đề nghị")
    (silent,) = verify(bundle(public=True)).withheld
    assert silent.reason is None


def test_every_variant_carries_the_one_hash_that_is_printed():
    hashes = {verify(data).hash for data in (bundle(), bundle(public=True), bundle(photos=True))}
    assert len(hashes) == 1


def test_the_report_holds_the_ranking_computed_again():
    report = verify(bundle())
    assert [(row.unit, row.place) for row in report.ranking.rows] == [("ha-noi", 1), ("hai-duong", 2), ("hung-yen", 3)]
    assert report.published is not None
    assert report.to_json()["verdict"]["code"] == "bundle-unproved"


def test_verifying_needs_neither_flask_nor_a_database(tmp_path: Path):
    file = tmp_path / "b.zip"
    file.write_bytes(bundle())
    assert verify_file(file).holds
    code = (
        "import sys\n"
        "class Never:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('flask', 'sqlite3', 'requests', 'kivy'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Never())\n"
        "from server.cli import main\n"
        f"main(['verify', {str(file)!r}, '--locale', 'en'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "origin unproved" in ran.stdout


def test_a_fingerprint_is_typed_off_paper_in_any_way():
    digits = "0123456789abcdef" * 4
    assert signing.typed(signing.grouped(digits).upper().replace(" ", ":")) == digits
