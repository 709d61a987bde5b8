"""JSON as it crosses the wire: the same with orjson and without, and nothing that a peer could not keep."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import jsonwire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(JSON)
def test_what_is_written_reads_back_with_and_without_orjson(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick = jsonwire.dumps(value)
        patch.setattr(jsonwire, "orjson", None)
        assert jsonwire.dumps(value) == quick
    assert jsonwire.loads(quick) == value


@pytest.mark.parametrize("without", [False, True])
def test_bytes_of_an_attachment_become_base64(without: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if without:
        monkeypatch.setattr(jsonwire, "orjson", None)
    assert json.loads(jsonwire.dumps({"data": b"\xff\x00"}))["data"] == base64.b64encode(b"\xff\x00").decode()
    with pytest.raises(TypeError):
        jsonwire.dumps({"data": object()})


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"NaN", b"[Infinity]", b"-Infinity", b"\xff", b'"\\ud800"', b'{"\\uDFFF":1}', b"[" * 50_000]
)
def test_what_no_peer_could_keep_is_refused(garbage: bytes) -> None:
    with pytest.raises(ValueError):
        jsonwire.loads(garbage)


def test_a_pair_of_surrogates_is_a_letter() -> None:
    assert jsonwire.loads(b'"\\ud83d\\ude00"') == "😀"


def test_a_large_whole_number_stays_exact() -> None:
    assert jsonwire.loads(b"18446744073709551617") == 2**64 + 1


@pytest.mark.parametrize("without", [False, True])
def test_what_is_spelled_already_is_written_as_it_stands_and_reads_like_any_object(
    without: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without:
        monkeypatch.setattr(jsonwire, "orjson", None)
    text = '{"_id":"á","n":[1,"😀"]}'.encode()
    spelled = jsonwire.Spelled(text, {"_id": "á", "_attachments": None})
    assert jsonwire.dumps({"docs": [{"ok": spelled}]}) == b'{"docs":[{"ok":' + text + b"}]}"
    assert (spelled["_id"], spelled.get("_attachments"), spelled["n"]) == ("á", None, [1, "😀"])
    assert spelled == {"_id": "á", "n": [1, "😀"]} == {**spelled}
    with pytest.raises(KeyError):
        spelled["absent"]
