"""F1 to F10: what comparable systems lose of sales and money, and what ours does instead."""

from tests.contract.clause import Clause, absent, done, of, proofs

MONEY_FAULTS = (
    Clause(
        "F1",
        "Paid without a network, lost on a power cut",
        (
            done(
                "Whatever was answered survives a power cut at any point",
                ("event:SaleSettled",),
                of("pay/crash_points", "a_sale_survives_a_kill_at"),
                of("system/switches", "two_taps_are_one_payment_and_pulling_the_plug_loses_nothing"),
                proofs("power-cut", "kill-9"),
            ),
        ),
    ),
    Clause(
        "F2",
        "Sold twice because two tabs synced",
        (
            done(
                "One session a screen, on the server, whatever looks at it; an order is settled once",
                ("screen:pay", "kiosk:GET /ws"),
                of("kiosk/server", "a_scan_reaches_every_browser_of_the_kiosk", "reloading_loses_nothing"),
                of("shop/checkout", "an_order_is_settled_once_and_only_for_its_sum"),
            ),
        ),
    ),
    Clause(
        "F3",
        "Receipt printed, no order behind it",
        (
            done(
                "A receipt is a row of the same unit that settles the order",
                ("screen:receipt",),
                of("shop/checkout", "a_sale_moves_stock_ledger_receipt_and_journal_together"),
                of("shop/checkout", "a_sale_that_fails_half_way_leaves_nothing_behind"),
            ),
        ),
    ),
    Clause(
        "F4",
        "One bad record blocks the whole queue",
        (
            done(
                "Parked, reported, and the rest goes on; downwards and at the platform",
                ("event:FeedRecordParked", "platform:GET /operator/sites/{site}"),
                of("cloud_sync/bad_feed", "each_bad_record_is_parked_and_told_and_the_rest_goes_on"),
                of("cloud_sync/applying", "what_cannot_be_applied_is_parked_and_holds_up_nothing"),
            ),
        ),
    ),
    Clause(
        "F5",
        "Wallet spent without a network, never deducted",
        (
            done(
                "Spent within a lease, in the journal, counted once by the platform",
                ("screen:pay", "platform:GET /v1/sites/{site}/figures"),
                of("cloud_sync/accounts_both_sides", "spends_are_counted_once_and_the_lease_renews_itself"),
                of(
                    "cloud_sync/late_feed",
                    "what_was_done_alone_counts_once_before_and_after_the_platform_knows",
                ),
                proofs("payments"),
            ),
        ),
    ),
    Clause(
        "F6",
        "Points doubled on a retry",
        (
            done(
                "Points of a sale or a claim count once however often they arrive",
                ("event:PointsClaimed", "platform:POST /phone/api/receipts"),
                of("cloud_sync/applying", "nothing_is_counted_twice_when_a_batch_comes_twice"),
                of("cloud_sync/points", "a_sale_without_a_person_is_claimed_by_its_receipt_once"),
            ),
        ),
    ),
    Clause(
        "F7",
        "Charged at the kiosk, the order failed",
        (
            done(
                "Money that settles nothing goes back by itself; no outcome is a case",
                ("event:RefundRequested", "counter:GET /cases"),
                of(
                    "pay/engine",
                    "late_money_after_a_close_is_refunded",
                    "money_for_a_cancelled_order_is_refunded",
                ),
                of("settlement/matching", "money_for_a_payment_that_failed_here_is_a_case"),
                proofs("payments"),
            ),
        ),
    ),
    Clause(
        "F8",
        "Kiosk useless without a network",
        (
            done(
                "Pickup, passes, bills to look at, points and wallet within a lease go on; the screen says what",
                ("screen:home", "screen:pickup", "screen:pay"),
                of("system/faults_on_the_way", "what_needs_no_network_goes_on_and_everything_arrives_once"),
                of("kiosk/paying", "without_a_network_a_balance_within_its_lease_pays"),
            ),
            absent("Cash as a tender without a network"),
        ),
    ),
    Clause(
        "F9",
        "Cash difference silently gone",
        (absent("Over and short kept for ever", "no cash is taken yet, so no difference can be kept"),),
    ),
    Clause(
        "F10",
        "“Do not close the browser”",
        (
            done(
                "The browser holds nothing that a reload loses",
                ("screen:pay",),
                of("kiosk/server", "reloading_loses_nothing"),
                of("browser/touch", "a_lost_hub_is_said_and_found_again"),
            ),
        ),
    ),
)
