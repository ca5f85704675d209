"""B1 to B7 and B15 to B18: goods, stock, cash, inspection, the property company's desk."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

RECEIVE = Clause(
    "B1",
    "Receive 收货/验收 (S0 2.8, 2.9)",
    (
        part(
            "Against a delivery note: lot, expiry date, quantity counted and expected, once",
            "a clerk receives through the control socket only; the counter has no page for it",
            ("control:POST /deliveries/{delivery}/receive", "event:StockReceived"),
            of(
                "shop/receiving",
                "what_was_counted_goes_in_and_what_was_expected_is_recorded",
                "a_delivery_is_received_once",
            ),
        ),
        absent("A wrong item or quantity that was accepted is posted as the property company's variance"),
    ),
)
RETURN_TO_PLATFORM = Clause(
    "B2",
    "Return to platform 退货 (S0 2.9(4))",
    (absent("What goes back, and a wrong item or quantity as the property company's variance"),),
)
NEAR_EXPIRY = Clause(
    "B3",
    "Near-expiry 临期 (S0 2.9(5), 运营1)",
    (
        done(
            "A sale of an expired lot is refused at the scan and again at checkout; the lot to be sold first is named",
            ("screen:shop",),
            of("shop/checkout", "a_lot_that_expired_since_the_scan_is_refused_at_checkout"),
            of("shop/lots", "a_scan_tells_the_date_of_the_lot_to_be_sold_first"),
            of("kiosk/session", "an_expired_lot_is_refused_at_the_scan"),
        ),
        absent("Reported within the set days before expiry, by shelf life"),
        absent("Who bears the loss of what finally expires, decided from recorded evidence"),
        absent("Clearance sale, return of returnable goods"),
        absent("Expiry date from production date and shelf life on a big keypad"),
    ),
)
STOCKTAKE = Clause(
    "B4",
    "Stocktake 盘点 (S0 2.10, S3 4.1.3)",
    (absent("Weekly blind count; the difference posted and borne"),),
)
STOCK_OUT = Clause(
    "B5",
    "Stock-out notice (S3 4.1.3)",
    (
        part(
            "Stock never goes below nothing, and an empty shelf says how many there are",
            "no notice within 24 hours, no timer",
            ("screen:shop",),
            of("shop/lots", "stock_never_goes_below_nothing", "an_empty_shelf_says_how_many_there_are"),
        ),
    ),
)
AUTO_ORDER = Clause(
    "B6", "Auto-order 自动订货 (S0 技术2)", (absent("Reorder point and level; proposal, edited, sent"),)
)
CASH = Clause(
    "B7",
    "Cash, shift, daily close 现金收银/每日交款对账 (S0 2.10)",
    (
        part(
            "A shift gives the business date while the time is unknown",
            "a rule of the core with its events; nobody can open or close a shift on a page yet",
            ("event:ShiftOpened", "event:ShiftClosed"),
            of("settlement/days", "with_the_time_unknown_sales_go_to_the_open_shift", "one_shift_at_a_time"),
        ),
        part(
            "A day has its own takings and refunds by payee",
            "of the channels only; no page shows the day",
            ("edge books show",),
            of("settlement/days", "a_day_has_its_own_takings_and_refunds"),
        ),
        absent(
            "Cash: float, sales, drops, blind count, over/short 长款/短款 kept for ever, deposit slip, sign-off"
        ),
        absent(
            "Rounding 抹零 on its own account; cash drawer with a log; tender external QR (printed 收款码)"
        ),
    ),
)
INSPECTION = Clause(
    "B15",
    "Inspection 巡检 (S0 2.11, S1, S4)",
    (absent("Checklist, photo, finding, deadline, re-check, signed by both sides"),),
)
DESK = Clause(
    "B16",
    "The property company's desk (S0 2.5)",
    (
        absent("Tickets: accept, assign, progress with photo, close, 回访, timers"),
        part(
            "Notices: written, scheduled, withdrawn",
            "as records through the API key of an integrator; no page to write them",
            ("platform:PUT /api/sites/{site}/records/{collection}/{id}", "screen:notices"),
            of("cloud_sync/api_keys", "a_record_is_authored_once_and_goes_down_the_feed"),
            of("homes/roster", "notices_stand_between_their_times_newest_first"),
        ),
        part(
            "Roster: rooms, owners, tenants, vehicles, move-in and move-out",
            "by the feed and the desk's page of the reference platform; no XLSX import",
            ("platform:GET /sim/desk", "platform:POST /sim/desk/move-out"),
            of("cloud_sync/household", "groups_of_doors_open_for_whom_they_are_granted"),
            of("cloud_sync/one_change", "moving_out_ends_everything_with_one_change"),
        ),
        absent(
            "Bills, meter readings and arrears by XLSX; 催缴单 printed", "bills come as records of the feed"
        ),
        done(
            "Never a public list of debtors: bills are shown to the identified room or by the paper's own code only",
            ("screen:fees", "screen:printed_bill"),
            of("kiosk/session", "bills_are_shown_only_to_who_showed_a_resident_code"),
            of("homes/part_payments", "a_code_that_is_not_the_papers_is_refused_in_one_way"),
            proofs("roles"),
        ),
    ),
)
SUGGESTIONS = Clause(
    "B17",
    "Suggestions to the platform (S0 2.5, 2.7)",
    (absent("Supplier, assortment, price: one form with status"),),
)
MANAGER = Clause(
    "B18",
    "Manager's page (S1 五)",
    (
        part(
            "Open cases, alarms, refused refunds, released goods on one page",
            "takings, fees, arrears, over/short, sales by hour and product, sessions and feedback are not there",
            ("counter:GET /", "counter:GET /cases"),
            of("counter/orders", "a_payment_without_outcome_is_listed_and_asked_about"),
            of("counter/cases", "a_day_is_matched_by_hand_and_its_case_shown"),
        ),
    ),
)
COUNTER = (
    RECEIVE, RETURN_TO_PLATFORM, NEAR_EXPIRY, STOCKTAKE, STOCK_OUT, AUTO_ORDER, CASH, INSPECTION, DESK, SUGGESTIONS,
    MANAGER,
)  # fmt: skip
