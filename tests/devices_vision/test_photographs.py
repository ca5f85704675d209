"""Photographs of real codes: all QR, nearly all EAN-13, nothing that is not there."""

import pytest

from devices.vision.decoder import Decoder
from edge.bench.decode import Photograph, codes_folder, load_photographs

FOLDER = codes_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="photographs of codes are not here (CODES_DIR)")

Results = list[tuple[Photograph, list[str]]]


@pytest.fixture(scope="module")
def results() -> Results:
    assert FOLDER is not None
    decoder = Decoder()
    return [
        (photograph, [code.text for code in decoder.read(photograph.pixels) if code.sure])
        for photograph in load_photographs(FOLDER)
    ]


def _of(results: Results, kind: str) -> Results:
    return [result for result in results if result[0].kind.startswith(kind)]


def test_every_qr_is_read(results: Results) -> None:
    assert _of(results, "qrcode")
    assert [p.expected for p, texts in _of(results, "qrcode") if texts != [p.expected]] == []


def test_nearly_every_ean13_is_read_and_none_wrong(results: Results) -> None:
    found = _of(results, "ean13")
    assert sum(texts == [p.expected] for p, texts in found) >= 22 / 24 * len(found)
    assert [texts for p, texts in found if set(texts) - {p.expected}] == []


def test_nothing_is_read_where_there_is_no_code(results: Results) -> None:
    assert _of(results, "no-code")
    assert [texts for _, texts in _of(results, "no-code") if texts] == []


def test_other_barcodes_are_never_read_wrong(results: Results) -> None:
    for kind in ("ean8", "upca", "code128"):
        assert [texts for p, texts in _of(results, kind) if set(texts) - {p.expected}] == []
