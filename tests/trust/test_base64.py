import pytest

from edge.trust.cose import NotCanonical, read_base64


def test_a_message_has_one_base64_text() -> None:
    assert read_base64("QUI=") == b"AB"


@pytest.mark.parametrize("text", ["QUJ=", "QUI", "QUI==", "QUI=\n", " QUI=", "Q_I=", "§"])
def test_any_other_text_of_it_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        read_base64(text)
