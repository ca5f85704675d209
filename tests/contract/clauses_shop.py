"""R8 to R19: shop, orders, pickup, service, community, returns, invoice, family."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

SHOPPING = Clause(
    "R8",
    "Shop 手机超市 (S0, S1)",
    (
        done(
            "Browse by shelf, search by name, pinyin, initials or code, or hold the barcode to the camera",
            ("screen:shop", "screen:search"),
            of("shop/catalogue", "search_by_name_pinyin_initials_and_code", "pages_by_category"),
            of("browser/touch", "a_sale_by_finger_and_camera"),
        ),
        absent("By a QR code on the shelf", "the barcode of the good is read"),
        done(
            "Basket with stepper, undo and paging; the newest thing large",
            ("screen:shop",),
            of("kiosk/session", "minus_at_one_removes_and_can_be_undone_for_five_seconds"),
            of("kiosk/layout", "every_basket_line_can_be_reached_by_paging"),
        ),
        done(
            "Spend and save 满减: the best reached one applies alone, the next one is hinted at",
            ("screen:shop",),
            of("shop/basket", "the_best_reached_promotion_applies_alone"),
            of("shop/promotions", "the_hint_names_the_next_better_saving"),
        ),
        absent("Bundles, member price, clearance price"),
        done(
            "Take away: one sale moves stock, ledger, receipt and journal together",
            ("screen:pay", "screen:receipt", "event:SaleSettled"),
            of("shop/checkout", "a_sale_moves_stock_ledger_receipt_and_journal_together"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            proofs("core", "kill-9", "power-cut"),
        ),
        absent("A sale for later pickup, or delivered to the door"),
        absent("Parked basket 挂单"),
        part(
            "Restricted goods name the licence they need: without one on file not sold, never by points",
            "no licence can be put on file, so they are not sold at all, not at a staffed counter either",
            ("screen:shop",),
            of("shop/lots", "unknown_and_restricted_goods_are_refused"),
            of("shop/checkout", "nothing_two_payees_restricted_or_gone_is_placed"),
            of("pay/tenders", "points_never_pay_restricted_goods"),
        ),
        absent("The site's licences on the shop's screen"),
    ),
)
ORDERING = Clause(
    "R9",
    "Pre-order 特色商品预订, group-buy 团购, meals 订餐 (S0)",
    (
        absent(
            "List with cut-off and pickup window; ordering at the kiosk, queued without a network",
            "the kiosk's page shows the way to the app",
        ),
        done(
            "What was ordered elsewhere is collected from its cells",
            ("screen:pickup", "phone:orders"),
            of("access/lockers", "the_feeds_orders_occupy_their_cells_and_two_in_one_are_a_case"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
        ),
        absent("Collected at the counter"),
        absent("Vouchers redeemed 核销, once"),
    ),
)
PICKUP = Clause(
    "R10",
    "Pickup 自提 (S0)",
    (
        done(
            "By QR pass from the app",
            ("screen:pickup", "phone:orders"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            of("system/story", "the_story_holds_from_the_command_line"),
        ),
        done(
            "By an 8-digit code; wrong ones lock the screen for a while",
            ("screen:pickup_code",),
            of("access/lockers", "a_code_opens_the_order_and_wrong_ones_lock_the_screen_for_a_while"),
            of("system/deposit", "a_courier_deposits_and_the_code_on_the_phone_collects"),
        ),
        done(
            "The right cells one after another, each closed before the next, several parcels in one go",
            ("screen:pickup", "event:CellClosed"),
            of("access/pickup", "cells_open_one_after_another_each_closed_before_the_next"),
            of("devices/pickup_over_mqtt", "two_parcels_are_collected_one_after_another"),
            of("devices/pickup_over_lock_boards", "two_parcels_are_collected_one_after_another"),
            proofs("lockers"),
        ),
        done(
            "Partial pickup: the rest another day, what did not open goes to the counter",
            ("screen:pickup", "event:OrderPartlyCollected"),
            of("access/pickup", "a_cell_is_tried_twice_by_gesture_and_then_goes_to_the_counter"),
            of("access/pickup", "the_same_pass_resumes_its_own_session_also_after_a_restart"),
        ),
        done(
            "Overdue parcels: people are told before and when; staff takes them out",
            ("phone:messages", "counter:GET /lockers", "event:ParcelOverdue", "setting:lockers.keep_h"),
            of("access/lockers", "people_are_told_before_a_parcel_is_overdue_and_when_it_is"),
            of("counter/lockers", "what_was_found_is_said_afterwards"),
        ),
        done(
            "A friend collects with a delegated pass",
            ("phone:orders", "platform:POST /phone/api/orders/{id}/delegate"),
            of("cloud_sync/parcels", "a_friend_collects_with_a_pass_of_the_same_order"),
            of("access/lockers", "a_delegate_goes_on_once_the_first_holder_has_left"),
        ),
        done(
            "Without a phone: card, or room and PIN, then the waiting orders",
            ("screen:room_pin", "screen:pickup"),
            of("kiosk/deposit", "room_and_pin_lead_to_what_waits_and_the_pin_stays_nowhere"),
        ),
        part(
            "Cells at accessible height by choice",
            "the courier or clerk chooses one at the deposit; the resident cannot ask for one beforehand",
            ("screen:deposit", "counter:POST /lockers/deposit/{deposit}/put"),
            of("access/lockers", "reach_comes_first_for_who_asks_and_last_for_who_does_not"),
        ),
        done(
            "格口是空的/东西不对 on the screen: asked once more, the cell held, a case opened, we call you",
            ("screen:pickup", "counter:GET /lockers", "event:LockerCaseOpened", "event:CellHeld"),
            of("kiosk/deposit", "an_empty_cell_is_asked_once_more_before_it_is_on_record"),
            of("access/lockers", "an_empty_cell_or_wrong_things_become_a_case_and_the_cell_is_held"),
            of("counter/lockers", "a_case_is_closed_with_an_outcome"),
        ),
        done(
            "A cell that does not move, or whose contact is silent, is not known, and never opened again by itself",
            ("screen:pickup", "event:CellUnknown"),
            of(
                "system/faults_on_the_way",
                "cells_that_do_not_open_end_unknown_on_the_screen_and_nothing_is_collected",
            ),
            of("kiosk/session", "an_unknown_cell_is_never_opened_again_by_itself"),
        ),
    ),
)
DELIVERY = Clause("R11", "Delivery to the door (S0)", (absent("Task list for staff, proof of delivery"),))
REPAIR = Clause(
    "R12",
    "Repair, complaint 报事/报修/投诉 (S0, S4)",
    (
        absent(
            "Category, text, photo from the kiosk's camera on request, queued without a network",
            "the kiosk's page says so and shows the way to the app",
        ),
        absent("Progress, history, rating after completion"),
    ),
)
DIRECTORY = Clause(
    "R13",
    "Service directory 便民服务 (S0)",
    (
        done(
            "Government, bank, medical, laundry, express: address, phone, opening hours",
            ("screen:directory", "screen:help"),
            of("homes/roster", "the_directory_is_listed_by_kind"),
            of("browser/screens", "every_screen_fits_and_can_be_used_by_everybody"),
        ),
        done(
            "A QR code that leads there, where the place has one",
            ("screen:directory",),
            of(
                "kiosk/directory",
                "the_way_to_a_place_is_a_code_for_the_phone",
                "a_place_without_a_way_offers_none",
            ),
        ),
    ),
)
FORUM = Clause(
    "R14", "Forum 论坛, barter 易物 (S0)", (absent("One tile with the newest titles and the QR to the app"),)
)
REVIEWS = Clause("R15", "Reviews 评价 (S0)", (absent("Rate a collected order or a repair in two touches"),))
ACTIVITIES = Clause(
    "R16",
    "Activities 活动 (S0, S1)",
    (
        part(
            "List of activities",
            "they are announced among the notices; there is no list with dates and places",
            ("screen:notices", "screen:idle"),
            of("homes/roster", "notices_stand_between_their_times_newest_first"),
        ),
        absent("Sign up by QR to the app, a place bought with points, check-in at the kiosk"),
    ),
)
RETURNS = Clause(
    "R17",
    "Returns and after-sales 退换货/售后 (S0, S1, S2)",
    (
        done(
            "The receipt finds the sale; staff sees the sum first and decides, with a reason",
            ("counter:GET /find", "counter:GET /orders/{order}/return", "event:GoodsReturned"),
            of("counter/orders", "an_order_is_found_by_whatever_number_or_code"),
            of("counter/returns", "the_sum_is_seen_before_anything_moves"),
        ),
        done(
            "Refunded by the same tenders in reverse, exactly what was paid, under one number however often tried",
            ("counter:POST /orders/{order}/return", "counter:POST /refunds/again", "event:RefundPaid"),
            of("shop/returns", "a_mixed_payment_goes_back_in_three_parts_the_last_tender_first"),
            of("shop/returns_add_up", "a_full_return_leaves_nothing_over"),
            of("pay/refunds", "a_lost_answer_is_asked_about_and_the_money_goes_back_once"),
            proofs("payments"),
        ),
        part(
            "A quality issue is recorded for the brand",
            "the reason stands in the journal's event; there is no list for the brand",
            ("counter:POST /orders/{order}/return", "event:GoodsReturned"),
            of("shop/returns", "broken_goods_do_not_go_back_on_the_shelf"),
        ),
        absent("Exchange 换货 in one step"),
    ),
)
INVOICE = Clause(
    "R18",
    "Invoice 发票",
    (
        done(
            "The receipt says 非发票 and carries the code to ask for one",
            ("screen:receipt",),
            of("shop/checkout", "the_receipt_says_what_was_bought_and_is_no_invoice"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
        ),
        done(
            "Asked for at the kiosk or on the phone, its state shown, taken back in red on a refund",
            ("screen:receipt", "phone:money", "platform:POST /phone/api/invoices", "event:InvoiceAsked"),
            of("cloud_sync/paid_twice", "an_invoice_is_asked_for_issued_and_turned_red_by_a_refund"),
            of("cloud_sync/paid_twice", "an_invoice_is_asked_for_on_the_phone_by_the_receipts_code_alone"),
        ),
        part(
            "Issued by the platform",
            "a person at the platform's page gives the number; no tax system is connected",
            ("platform:POST /sim/invoices/{order}/issue",),
            of("cloud_sync/paid_twice", "an_invoice_is_asked_for_issued_and_turned_red_by_a_refund"),
        ),
    ),
)
FAMILY = Clause(
    "R19",
    "Family and vehicles (S0, S3 车辆认证)",
    (
        done(
            "The owner's phone page for all of it, by touch; while the platform is away it shows what it last read, as of "
            "when, and calls nothing empty that it does not know",
            ("phone:code", "phone:doors", "phone:orders", "phone:pay", "phone:money", "phone:more"),
            of(
                "browser/phone",
                "every_function_by_touch",
                "every_function_while_the_platform_is_away",
                "what_was_never_read_is_not_called_empty",
            ),
        ),
        done(
            "The owner lets family and tenants in, with doors and an end, and takes it back",
            ("phone:home", "platform:POST /phone/api/household"),
            of(
                "cloud_sync/household",
                "family_gets_what_the_owner_has_and_no_more",
                "only_the_owner_lets_people_in",
            ),
        ),
        done(
            "Vehicles with their plates and doors",
            ("phone:home", "platform:POST /phone/api/vehicles"),
            of("cloud_sync/household", "vehicles_are_of_the_room_and_plates_are_plates"),
        ),
        absent("A vehicle's plate opens the barrier", "plates are on the list; no plate reader is connected"),
        done(
            "Visitors: doors, window, number of uses, taken back",
            (
                "phone:more",
                "platform:POST /phone/api/visitors",
                "platform:POST /phone/api/visitors/{id}/revoke",
            ),
            of("cloud_sync/phone_api", "a_visitor_pass_verifies_and_names_nobody"),
            of("cloud_sync/household", "a_visitor_pass_taken_back_is_in_the_list_and_in_the_old_record"),
        ),
        done(
            "Sees the records of the own doors: by what, and what the contact said",
            ("phone:records", "platform:POST /phone/api/door-records"),
            of("cloud_sync/parcels", "a_household_reads_who_opened_by_what_and_what_the_contact_said"),
        ),
        done(
            "Reports a lost phone or card: one change of one signed list ends it",
            ("phone:home", "platform:POST /phone/api/lost-phone", "platform:POST /phone/api/cards/{id}/lost"),
            of(
                "cloud_sync/one_change",
                "a_lost_phone_ends_its_codes_and_a_new_certificate_opens",
                "a_lost_card_ends_and_the_phone_goes_on",
            ),
        ),
        done(
            "Moving out revokes everything",
            ("phone:home", "platform:POST /phone/api/move-out", "event:RevocationsChanged"),
            of("cloud_sync/one_change", "moving_out_ends_everything_with_one_change"),
            of("access/revocations", "moving_out_ends_everything_with_one_list"),
        ),
    ),
)
SHOP = (
    SHOPPING, ORDERING, PICKUP, DELIVERY, REPAIR, DIRECTORY, FORUM, REVIEWS, ACTIVITIES, RETURNS, INVOICE, FAMILY,
)  # fmt: skip
