"""A photo as it leaves the phone: small, upright, silent about its owner, and whole at the far end."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from mobile import imaging
from mobile.cards import Place
from mobile.problems import InvalidEvidence, UnreadablePhoto
from sync import media
from tests.support.phones import GROUP, VISIT, YEAR, M, U, V, picture


def with_exif(**more):
    exif = Image.Exif()
    exif[Base.Make] = "Phone"
    exif[Base.Orientation] = 6
    inner = exif.get_ifd(IFD.Exif)
    inner[Base.DateTimeOriginal] = "2024:10:08 09:14:05"
    inner.update(more)
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", (20.0, 39.0, 30.0)
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", (106.0, 3.0, 0.0)
    gps[GPS.GPSHPositioningError] = 12.4
    return exif


def test_a_large_photo_is_made_small_upright_and_loses_its_metadata():
    made = imaging.prepare(picture(size=(4000, 3000), exif=with_exif()))

    with Image.open(io.BytesIO(made.jpeg)) as image:
        # turned by its orientation: what was wide is tall
        assert image.size == (made.width, made.height) == (1200, 1600)
        assert not image.getexif()
        assert "exif" not in image.info
    with Image.open(io.BytesIO(made.thumbnail)) as small:
        assert max(small.size) == imaging.THUMBNAIL_SIDE_PX
        assert not small.getexif()


def test_when_and_where_the_camera_says_are_read_before_they_are_stripped():
    made = imaging.prepare(picture(exif=with_exif()))
    assert (made.taken, made.lat, made.lon, made.accuracy_m) == ("2024-10-08T02:14:05Z", "20.658333", "106.05", "12")

    made = imaging.prepare(picture(exif=with_exif()))
    zoned = with_exif()
    zoned.get_ifd(IFD.Exif)[Base.OffsetTimeOriginal] = "+09:00"
    assert imaging.prepare(picture(exif=zoned)).taken == "2024-10-08T00:14:05Z"


def test_a_camera_that_writes_nonsense_is_not_believed_and_not_feared():
    exif = with_exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "0000:00:00 00:00:00"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (200.0, 0.0, 0.0)

    made = imaging.prepare(picture(exif=exif))

    assert (made.taken, made.lat, made.lon) == (None, None, None)


@pytest.mark.parametrize("junk", [b"", b"not a photo", picture()[:200], b"\xff\xd8\xff" + bytes(100)])
def test_what_is_no_photo_is_refused_in_words_and_nothing_is_written(phone_of, junk):
    lan = phone_of("lan")

    with pytest.raises(UnreadablePhoto) as refused:
        lan.capture(junk, title="Hội diễn", group=GROUP, year=YEAR)

    assert refused.value.message
    assert not lan.evidence()


def test_evidence_needs_a_title_and_a_photo(phone_of):
    lan = phone_of("lan")

    with pytest.raises(InvalidEvidence):
        lan.capture(picture(), title="  ")
    with pytest.raises(InvalidEvidence):
        lan.capture([], title="Hội diễn")


def test_evidence_of_a_visit_goes_to_the_visit_and_all_else_to_the_unit(phone_of):
    lan = phone_of("lan")
    stores = lan.tools.local.stores

    seen = lan.capture(picture(1), title="Trên đường", checklist=lan.cross_key(VISIT))
    own = lan.capture(picture(2), title="Ở nhà", note="ghi chú", people="hai người", children=True, consent=True)

    assert stores.open(V).get(seen.id)["group"] == GROUP
    document = stores.open(U).get(own.id)
    assert (document["children"], document["consent"]) == (True, True)
    assert (own.title, own.note, own.people) == ("Ở nhà", "ghi chú", "hai người")
    # free text stands in parts alone
    assert "Ở nhà" not in str(document)


def test_a_village_pushes_into_its_department(phone_of, service, sync):
    tu = phone_of("tu")
    card = tu.capture(picture(3), title="Hội làng", place=Place(name="Đình Đông"))
    sync(tu)

    assert service.stores.open(U).get(card.id)["unit"] == "thon-dong"
    # another phone of the village reads its own evidence back
    other = phone_of("tu", name="tu-2")
    (read,) = other.evidence()
    assert (read.title, read.place.name) == ("Hội làng", "Đình Đông")


def test_the_place_is_what_gps_says_else_what_the_camera_noted(phone_of):
    lan = phone_of("lan")
    told = Place(name="Nhà văn hóa", lat="20.1", lon="106.2", accuracy_m="8")

    assert lan.capture(picture(1, exif=with_exif()), title="a", place=told).place == told
    noted = lan.capture(picture(2, exif=with_exif()), title="b", place=Place(name="Sân đình")).place
    assert (noted.name, noted.lat, noted.lon) == ("Sân đình", "20.658333", "106.05")
    assert lan.capture(picture(3), title="c").place is None


def test_the_photo_arrives_byte_for_byte_and_is_called_safe_only_with_its_receipt(phone_of, service, sync):
    lan = phone_of("lan")
    card = lan.capture(picture(5, size=(1600, 1200)), title="Hội diễn")
    (shot,) = card.photos
    kept = shot.file.read_bytes()

    sync(lan)
    assert not lan.evidence()[0].photos[0].safe
    assert media.assemble(service.stores.open(M), shot.sha256) == kept
    service.settle()
    sync(lan)

    (again,) = lan.evidence()
    assert (again.state, again.photos[0].safe) == ("verified", True)
    assert media.read_photo(service.stores.open(M), shot.sha256).data == kept
    # the way is done: its pieces are gone here and there, the file stays until its owner frees it
    assert media.states(lan.tools.local.stores.open(M), [shot.sha256])[shot.sha256].have == 0
    assert again.photos[0].file.read_bytes() == kept
    assert lan.storage().freeable_bytes == len(kept)
    assert lan.free_photos() == len(kept)
    assert lan.evidence()[0].photos[0].thumbnail.exists()


def test_the_same_photo_twice_is_kept_once(phone_of):
    lan = phone_of("lan")
    one = lan.capture([picture(1), picture(1)], title="a")
    two = lan.capture(picture(1), title="b")

    assert [shot.sha256 for shot in one.photos] == [shot.sha256 for shot in two.photos]
    assert len(list(lan.tools.local.photos.glob("*.jpg"))) == 2  # the photo and its thumbnail


def test_a_colleague_sees_small_pictures_of_what_others_took(phone_of, sync):
    lan, minh = phone_of("lan"), phone_of("minh")
    lan.capture(picture(4), title="Trên đường", checklist=lan.cross_key(VISIT))
    sync(lan)
    sync(minh)
    sync(minh)

    (seen,) = minh.evidence()
    assert (seen.by_name, seen.mine, seen.state) == ("Nguyễn Thị Lan", False, "sent")
    assert seen.thumbnail.exists()
    assert seen.photos[0].file is None
