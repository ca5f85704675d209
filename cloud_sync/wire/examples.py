"""One example of each form of the line: what the golden files hold, and what the descriptions show."""

from collections.abc import Mapping

import msgspec

from cloud_sync.wire.batches import BatchAccepted
from cloud_sync.wire.clock import SignedTime, TimeQuestion
from cloud_sync.wire.commands import CommandAnswer, NonceNotice
from cloud_sync.wire.errors import ErrorBody
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

EXAMPLES: Mapping[str, msgspec.Struct] = {
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
"""By the name of the golden file (tests/golden/wire/NAME.json)."""
