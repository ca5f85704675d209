"""Whatever the line knows is in docs/protocol.md, and the forms are those of the golden files."""

from pathlib import Path

import msgspec
import pytest

from cloud_sync.events import EVENTS
from cloud_sync.platform.app import ROUTES
from cloud_sync.platform.channels.faults import FAULTS
from cloud_sync.wire.batches import BatchAccepted
from cloud_sync.wire.clock import SignedTime, TimeQuestion
from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.commands import CommandAnswer, NonceNotice, answer_topic, command_topic
from cloud_sync.wire.errors import CODES, ErrorBody
from cloud_sync.wire.feed import AppliedThrough, Change, FeedPage
from cloud_sync.wire.payments import (
    BillLine,
    ChannelBill,
    ChargeRequest,
    DayPayment,
    DayRefund,
    PayeeDay,
    PaymentOffer,
    PaymentRequest,
    PaymentState,
    PlatformDay,
    RefundRequest,
    RefundState,
)
from cloud_sync.wire.telemetry import TelemetryPosting, TelemetrySample, TelemetryTaken
from edge.store.events import Event
from tests.fakes.golden import check_golden

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text("utf-8")
GOLDEN = ROOT / "tests" / "golden" / "wire"

FORMS: dict[str, msgspec.Struct] = {
    "batch_accepted": BatchAccepted(42, 1, "ab" * 32),
    "feed_page": FeedPage(
        [
            Change(7, "bills", "b1", 2, {"id": "b1"}, applied_through=AppliedThrough("k1", 1, 41)),
            Change(8, "notices", "n1", 3, deleted=True),
        ],
        8,
        False,
    ),
    "payment_request": PaymentRequest("k1-1-7", "k1-1-6", "property", 6000, "wechat", "酱油"),
    "payment_offer": PaymentOffer("k1-1-7", "sent", "weixin://wxpay/bizpayurl?pr=x", 1795312800000),
    "payment_charge": ChargeRequest(
        "k1-1-8", "k1-1-6", "property", 6000, "wechat", "酱油", code="101234567890123456"
    ),
    "payment_state": PaymentState("k1-1-7", "unknown", 6000, reason="no_answer", order="k1-1-6"),
    "refund_request": RefundRequest("k1-1-9", "k1-1-7", "k1-1-6", 1280, "returned"),
    "refund_state": RefundState("k1-1-9", "k1-1-7", "refunded", 1280, "5030", "", 1795312800000),
    "channel_bill": ChannelBill(
        "2026-11-21",
        "property",
        True,
        [
            BillLine("wechat", "property", "payment", "k1-1-7", "", "60.00", "4200", 1795226400000),
            BillLine("wechat", "property", "refund", "k1-1-7", "k1-1-9", "12.80", "5030", 1795230000000),
        ],
    ),
    "platform_day": PlatformDay(
        "2026-11-21",
        [
            PayeeDay(
                "property",
                6000,
                1280,
                [DayPayment("k1-1-7", "k1-1-6", "k1", "wechat", 6000, "4200", 1795226400000)],
                [DayRefund("k1-1-9", "k1-1-7", "k1-1-6", "k1", "wechat", 1280, "5030", 1795230000000)],
            )
        ],
    ),
    "nonce_notice": NonceNotice("0123456789abcdef"),
    "command_answer": CommandAnswer("c-1", "unknown", 1795312800000, "contact_silent"),
    "time_question": TimeQuestion("0123456789abcdef"),
    "signed_time": SignedTime("0123456789abcdef", 1795312800000),
    "telemetry_posting": TelemetryPosting(
        3, [TelemetrySample(1, 41, 1795312800000, "synced", {"uptime_s": 86_400, "wall_clock_offset_ms": -5})]
    ),
    "telemetry_taken": TelemetryTaken(41),
    "error": ErrorBody("gap", {"expected_seq": 3}),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_wire_form_is_the_one_of_its_golden_file(name: str) -> None:
    golden = (GOLDEN / f"{name}.json").read_bytes()
    assert msgspec.json.encode(FORMS[name]) == golden
    assert msgspec.json.decode(golden, type=type(FORMS[name])) == FORMS[name]


@pytest.mark.parametrize("event", EVENTS)
def test_events_are_those_of_their_golden_files(event: type[Event]) -> None:
    check_golden(event)


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in DOCUMENT


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_every_route_is_documented(path: str) -> None:
    assert path in DOCUMENT


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_collection_is_documented(collection: str) -> None:
    assert f"| `{collection}` |" in DOCUMENT


def test_topics_and_faults_of_the_channels_are_documented() -> None:
    assert command_topic("{site}", "{device}") in DOCUMENT
    assert answer_topic("{site}", "{device}") in DOCUMENT
    for fault, behaviour in FAULTS.items():
        assert f"| `{fault.value}` | {behaviour.does} |" in DOCUMENT


def test_every_event_of_this_room_is_documented() -> None:
    for event in EVENTS:
        assert f"`{event.TYPE}`" in DOCUMENT
