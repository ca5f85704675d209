"""What readers read on its way into the hub: meaning, payment codes, floods, guesses."""

import pytest

from devices.readers import WRONG_PER_MINUTE, ReaderDesk
from devices.readings import card_number, read_text
from devices.settings import ReaderSettings
from edge.links.findings import Findings
from edge.links.scans import CARD, PAYMENT_CODE, PIN, Scan
from edge.pay.codes import CodeTable
from tests.fakes.clock import FakeClock

PAYMENT = "134567890123456789"
GATE = ReaderSettings(
    id="gate-scanner", driver="hid", source="/dev/input/event0", serves="door:gate", scans_per_minute=6
)


class Stand:
    """A desk, its clock, what came through, and the technician's list."""

    def __init__(self, *readers: ReaderSettings) -> None:
        self.at_ms = 0
        self.scans: list[Scan] = []
        self.findings = Findings(now_ms=lambda: self.at_ms)
        self.desk = ReaderDesk(
            readers or (GATE,),
            clock=FakeClock(),
            codes=CodeTable(),
            route=self.scans.append,
            findings=self.findings,
            now_ms=lambda: self.at_ms,
        )

    def found(self) -> list[tuple[str, str, str]]:
        """What is wrong now."""
        return [(each.device, each.code, each.detail) for each in self.findings.all()]


@pytest.mark.parametrize(
    ("reads", "form", "text", "meant"),
    [
        ("codes", "decimal", "CE1:AB+C", ("qr", "CE1:AB+C")),
        ("codes", "decimal", "6901234567892\r", ("ean13", "6901234567892")),
        ("codes", "decimal", "6901234567893", ("qr", "6901234567893")),
        ("codes", "decimal", "caf\xe9", None),
        ("codes", "decimal", "x" * 1025, None),
        ("codes", "decimal", "", None),
        ("cards", "decimal", "0012345678", (CARD, "12345678")),
        ("cards", "hex", "00BC614E", (CARD, "12345678")),
        ("cards", "hex_reversed", "4E61BC00", (CARD, "12345678")),
        ("cards", "hex", "BC614", None),
        ("cards", "decimal", "-1", None),
        ("keypad", "decimal", "1203#4711#", (PIN, "1203#4711")),
        ("keypad", "decimal", "1203*4711", (PIN, "1203#4711")),
        ("keypad", "decimal", "4711", None),
    ],
)
def test_a_bare_text_means_what_its_reader_is_set_to(
    reads: str, form: str, text: str, meant: tuple[str, str] | None
) -> None:
    settings = ReaderSettings(
        id="r",
        driver="serial",
        source="/dev/ttyUSB0",
        serves="door:gate",
        reads=reads,  # type: ignore[arg-type]
        card_number=form,  # type: ignore[arg-type]
    )
    assert read_text(text, settings) == meant


def test_a_card_number_has_at_most_eight_bytes() -> None:
    assert card_number(str((1 << 64) - 1), "decimal") == card_number("F" * 16, "hex")
    assert card_number(str(1 << 64), "decimal") is None
    assert card_number("F" * 18, "hex") is None


def test_a_payment_code_leaves_only_while_the_amount_is_shown() -> None:
    stand = Stand()
    stand.desk.take_text(GATE.id, f"{PAYMENT}")
    stand.desk.take(GATE.id, "code128", "1345 6789 0123 4567 89")
    stand.desk.pay_screen(GATE.id, True)
    stand.desk.take_text(GATE.id, PAYMENT)
    stand.desk.pay_screen(GATE.id, False)
    stand.desk.take_text(GATE.id, PAYMENT)
    assert [(scan.symbology, scan.text) for scan in stand.scans] == [
        (PAYMENT_CODE, ""),
        (PAYMENT_CODE, ""),
        ("qr", PAYMENT),
        (PAYMENT_CODE, ""),
    ]
    assert not any(PAYMENT in repr(scan) for scan in stand.scans)


def test_a_card_whose_number_looks_like_a_payment_code_is_a_card() -> None:
    stand = Stand(ReaderSettings(id="r", driver="hid", source="/dev/e", serves="door:gate", reads="cards"))
    stand.desk.take_text("r", PAYMENT)
    stand.desk.take("r", CARD, "26123456789012345")
    assert [scan.symbology for scan in stand.scans] == [CARD, CARD]


def test_a_flood_is_locked_out_and_found_and_the_reader_comes_back() -> None:
    stand = Stand()
    for _ in range(500):
        stand.desk.take_text(GATE.id, "CE1:X")
    assert len(stand.scans) == 6
    assert stand.found() == [("reader:gate-scanner", "reader_flood", "over 6 a minute")]
    assert (stand.desk.views()[0].locked_out, stand.desk.views()[0].dropped) == (True, 494)
    stand.at_ms = GATE.lock_out_s * 1000
    stand.desk.take_text(GATE.id, "CE1:Y")
    assert stand.scans[-1].text == "CE1:Y"
    stand.at_ms += 2 * 60_000
    stand.desk.take_text(GATE.id, "CE1:Z")
    assert (stand.scans[-1].text, stand.found()) == ("CE1:Z", [])


def test_a_flood_at_one_reader_leaves_the_others_alone() -> None:
    other = ReaderSettings(id="kiosk", source="camera:0", serves="kiosk:k1")
    stand = Stand(GATE, other)
    for _ in range(50):
        stand.desk.take(GATE.id, "qr", "A")
    stand.desk.take(other.id, "qr", "B")
    assert stand.scans[-1].reader == "kiosk"


def test_guessed_numbers_lock_the_reader_out_and_wrong_passes_do_not() -> None:
    stand = Stand(ReaderSettings(id="node", driver="mqtt", source="node-a", serves="door:gate"))
    for _ in range(2 * WRONG_PER_MINUTE):
        stand.desk.refused("node", "qr")
    assert not stand.desk.views()[0].locked_out
    for _ in range(WRONG_PER_MINUTE):
        stand.desk.refused("node", CARD)
    stand.desk.take("node", CARD, "77")
    assert stand.desk.views()[0].locked_out and stand.scans == []
    assert stand.found() == [("reader:node", "reader_guesses", f"{WRONG_PER_MINUTE} in a minute")]


def test_a_reader_that_is_unplugged_is_found_and_its_return_clears_it() -> None:
    stand = Stand()
    assert stand.desk.state_of(GATE.id) is None
    name = f"reader:{GATE.id}"
    stand.desk.set_state(GATE.id, "lost")
    stand.desk.set_state(GATE.id, "lost")
    assert stand.desk.state_of(GATE.id) is False
    assert stand.found() == [(name, "reader_lost", "/dev/input/event0")]
    stand.desk.set_state(GATE.id, "busy", "another program has grabbed it")
    assert stand.found() == [(name, "reader_busy", "another program has grabbed it")]
    stand.desk.set_state(GATE.id, "live")
    assert (stand.found(), stand.desk.state_of(GATE.id)) == ([], True)


def test_a_text_that_no_scanner_sends_is_a_finding_without_the_text() -> None:
    stand = Stand()
    stand.desk.take_text(GATE.id, "\x1b[2J")
    assert (stand.scans, stand.found()) == (
        [],
        [("reader:gate-scanner", "reader_nonsense", "4 characters")],
    )


@pytest.mark.parametrize(
    ("driver", "source"),
    [("mqtt", "/dev/ttyUSB0"), ("hid", "scanner"), ("serial", "ttyUSB0"), ("hid", "usb:12:34")],
)
def test_a_source_of_another_driver_is_a_fault(driver: str, source: str) -> None:
    with pytest.raises(ValueError, match="source"):
        ReaderSettings(id="r", driver=driver, source=source, serves="door:gate")  # type: ignore[arg-type]


def test_a_camera_s_password_is_not_shown() -> None:
    camera = ReaderSettings(id="r", source="rtsp://viewer:secret@10.0.0.9/stream", serves="door:gate")
    assert camera.source_shown() == "rtsp://***@10.0.0.9/stream"
