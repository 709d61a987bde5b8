"""Multipart as CouchDB writes it: what goes in comes out, and garbage is refused."""

from __future__ import annotations

import contextlib
import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.multipart import Malformed, Part, boundary_of, read_document, related_body, split, write_mixed

RELATED = 'multipart/related; boundary="abc"'
MAX = 1_000_000


def document(*names: str) -> dict[str, Any]:
    return {"_id": "a", "_attachments": {name: {"content_type": "image/jpeg"} for name in names}}


@given(
    contents=st.dictionaries(st.text(min_size=1, max_size=20), st.binary(max_size=200), max_size=4),
    compress=st.booleans(),
)
def test_a_document_comes_back_with_the_bytes_it_was_written_with(contents: dict[str, bytes], compress: bool) -> None:
    contents = {name: data for name, data in contents.items() if b"--abc" not in data}
    body = related_body(document(*contents), contents, "abc", compress=compress)
    read = read_document(body, RELATED, inflated_bytes_max=MAX)
    assert {name: entry["data"] for name, entry in read["_attachments"].items()} == contents
    assert all("follows" not in entry and "encoding" not in entry for entry in read["_attachments"].values())


def test_bytes_that_look_like_lines_and_boundaries_are_bytes() -> None:
    data = b"\r\n\r\n--ab\r\n--\r\n\r\n--abd--"
    body = related_body(document("x"), {"x": data}, "abc")
    assert read_document(body, RELATED, inflated_bytes_max=MAX)["_attachments"]["x"]["data"] == data


def test_stubs_stay_stubs() -> None:
    given_ = {"_id": "a", "_attachments": {"old": {"stub": True, "revpos": 1}, "new": {"content_type": "a/b"}}}
    read = read_document(related_body(given_, {"new": b"n"}, "abc"), RELATED, inflated_bytes_max=MAX)
    assert read["_attachments"]["old"] == {"stub": True, "revpos": 1}
    assert read["_attachments"]["new"]["data"] == b"n"


def test_couchdbs_own_body_is_read() -> None:
    """As its replicator pushes it: no quotes, a compressed part, lengths of both kinds."""
    packed = gzip.compress(b"plain text")
    head = (
        b'--c0\r\nContent-Type: application/json\r\n\r\n{"_id":"a","_attachments":{"t.txt":'
        b'{"content_type":"text/plain","revpos":2,"digest":"md5-x","length":10,"follows":true,"encoding":"gzip","encoded_length":%d}}}'
        b'\r\n--c0\r\nContent-Disposition: attachment; filename="t.txt"\r\n\r\n' % len(packed)
    )
    read = read_document(head + packed + b"\r\n--c0--", "multipart/related; boundary=c0", inflated_bytes_max=MAX)
    entry = read["_attachments"]["t.txt"]
    assert entry == {"content_type": "text/plain", "revpos": 2, "length": 10, "data": b"plain text"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "boundary"),
        (b"--abc--", "no parts"),
        (b"--abc\r\n\r\n{}", "ends before"),
        (b"--abc\r\n\r\n{}\r\n--abcx\r\n", "not ended"),
        (b"--abc\r\nno end of headers\r\n--abc--", "no end"),
        (b"--abc\r\n\r\n{]\r\n--abc--", "invalid UTF-8 JSON"),
        (b"--abc\r\n\r\n[]\r\n--abc--", "object"),
        (b'--abc\r\n\r\n{"_attachments":[1]}\r\n--abc--', "objects"),
        (b'--abc\r\n\r\n{"_attachments":{"a":{"follows":true}}}\r\n--abc--', "shorter than expected"),
        (b"--abc\r\n\r\n{}\r\n--abc\r\n\r\nstray\r\n--abc--", "0 attachments follow"),
        (
            b'--abc\r\n\r\n{"_attachments":{"a":{"follows":true,"length":9}}}\r\n--abc\r\n\r\nx\r\n--abc--',
            "shorter than expected",
        ),
        (
            (
                b'--abc\r\n\r\n{"_attachments":{"a":{"follows":true,"encoding":"gzip"}}}'
                b"\r\n--abc\r\n\r\nnot packed at all\r\n--abc--"
            ),
            "gzip",
        ),
    ],
)
def test_a_malformed_body_is_refused_with_its_reason(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read_document(body, RELATED, inflated_bytes_max=MAX)


def test_an_attachment_that_unpacks_without_end_is_refused() -> None:
    body = related_body(document("x"), {"x": b"\0" * 5_000_000}, "abc", compress=True)
    with pytest.raises(Malformed, match="too large"):
        read_document(body, RELATED, inflated_bytes_max=MAX)


@given(st.binary(max_size=400))
def test_garbage_is_read_or_refused_and_nothing_else(noise: bytes) -> None:
    for body in (noise, b"--abc\r\n" + noise + b"\r\n--abc--"):
        with contextlib.suppress(Malformed):
            read_document(body, RELATED, inflated_bytes_max=MAX)


@pytest.mark.parametrize("content_type", ["multipart/related", "multipart/related; boundary=", "x; boundary=é"])
def test_a_content_type_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Malformed):
        boundary_of(content_type)


def test_parts_of_a_mixed_body_come_back_in_order() -> None:
    body = b"".join(
        write_mixed(
            iter([({"Content-Type": "application/json"}, iter([b"1"])), ({"Content-Type": "a/b"}, iter([b"2", b"3"]))]),
            "z",
        )
    )
    assert split(body, "z") == [Part({"content-type": "application/json"}, b"1"), Part({"content-type": "a/b"}, b"23")]
