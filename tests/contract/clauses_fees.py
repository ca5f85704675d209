"""R4 to R7: paying bills, penalties, points, wallet."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

PAYMENT = Clause(
    "R4",
    "Fee payment 缴费 (S0)",
    (
        done(
            "One or several bills of one payee in one payment",
            ("screen:fees", "event:BillPaid"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            of("kiosk/session", "one_payment_never_mixes_payees"),
            of("homes/fees", "a_fee_is_posted_to_its_payee_with_receipt_and_journal"),
        ),
        done(
            "Part of a bill only where the bill allows it",
            ("screen:fee_part",),
            of("homes/part_payments", "a_bill_without_part_payment_is_paid_whole"),
            of("homes/part_payments", "sums_that_cannot_be_are_refused_before_anything_is_placed"),
        ),
        done(
            "By the platform's QR, scanned with the phone",
            ("screen:pay", "phone:pay"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
        ),
        done(
            "By the resident's payment code: taken once, only where the sum was seen, with a password waited for",
            ("screen:pay", "event:PaymentRequested"),
            of("homes/annual_fee", "the_password_comes_after_22_seconds_and_the_year_is_paid_once"),
            of("kiosk/paying", "a_payment_code_closes_the_open_qr_first_and_is_charged_once"),
            of("system/payment_codes", "a_payment_code_is_found_nowhere"),
        ),
        done(
            "By wallet, prepaid fee and points, the rest by a channel",
            ("screen:pay",),
            of("kiosk/till_desk", "points_and_a_payment_code_pay_together_and_the_code_is_kept_nowhere"),
            of("pay/tenders", "parts_are_shared_over_bills_in_turn"),
            proofs("payments"),
        ),
        absent("By staffed cash"),
        part(
            "Receipt at once, and a copy later marked 补打",
            "on the screen and as a code; no printer is driven",
            ("screen:receipt", "counter:POST /receipts/{number}/reprint", "event:ReceiptReprinted"),
            of("homes/part_payments", "a_receipt_says_what_of_a_part_is_still_owed"),
            of("counter/receipts", "a_copy_says_so_is_counted_and_on_record"),
        ),
        done(
            "A bill that was paid in the app meanwhile is found before money is taken, when online",
            ("screen:fees", "platform:GET /v1/sites/{site}/bills/{bill}/state"),
            of("cloud_sync/paid_twice", "online_a_bill_paid_in_the_app_is_found_before_money_is_taken"),
        ),
        done(
            "When offline, the double payment is found at sync; the resident chooses refund or credit",
            ("screen:doubles", "phone:money", "event:BillPaidTwice", "event:BillCredited"),
            of(
                "cloud_sync/paid_twice",
                "offline_the_second_payment_is_found_at_sync_and_waits_for_a_choice",
                "refund_chosen_at_the_kiosk_goes_back_the_way_it_was_paid_once",
                "credit_chosen_on_the_phone_becomes_a_prepayment_once",
            ),
            of("kiosk/accounts", "a_bill_paid_twice_is_chosen_about_before_anything_else"),
        ),
        done(
            "For parents or a neighbour 代缴 by the QR on the printed bill: masked name, sum and period, no room",
            ("screen:printed_bill", "platform:GET /phone/api/bills/{id}/code"),
            of("homes/part_payments", "a_neighbour_pays_by_the_printed_code_and_sees_no_room"),
            of("homes/part_payments", "a_code_that_is_not_the_papers_is_refused_in_one_way"),
        ),
        done(
            "No answer is neither paid nor failed: asked about, never charged again",
            ("screen:pay_unknown", "event:PaymentUnknown"),
            of("kiosk/session", "not_known_is_neither_paid_nor_failed_and_keeps_no_basket_to_pay_twice"),
            of("pay/charge", "silence_after_a_charge_is_followed_by_questions_never_by_a_charge"),
            of("browser/phone", "a_payment_whose_answer_was_lost_is_not_known_and_counted_once"),
            proofs("payments", "kill-9"),
        ),
        part(
            "Posted by the platform over real channels",
            "the adapters for WeChat Pay and Alipay were tried against local servers only; no real yuan was taken",
            ("platform:POST /v1/sites/{site}/payments", "platform:POST /v1/channels/{channel}/notices"),
            of(
                "cloud_sync/real_channels",
                "a_collection_qr_waits_until_it_is_paid",
                "forged_notices_are_refused",
            ),
            of("cloud_sync/channel_contract", "a_code_pays_at_once"),
        ),
    ),
)
PENALTY = Clause(
    "R5",
    "Late penalty 违约金",
    (
        done(
            "A daily rate on the unpaid sum after a grace period, with an optional cap, in whole fen, half to even",
            ("screen:fees",),
            of(
                "homes/penalty",
                "days_count_after_due_date_and_grace",
                "half_a_fen_goes_to_the_even_one",
                "the_cap_holds",
                "the_penalty_is_the_exact_product_rounded_once_and_never_above_the_cap",
            ),
        ),
        done(
            "The order in which a part payment clears: oldest first, penalty or principal first, as the contract says",
            ("screen:fee_part",),
            of(
                "homes/allocation",
                "penalty_first_600_yuan_take_10_of_penalty_and_590_of_principal",
                "principal_first_600_yuan_take_principal_alone",
                "the_oldest_bill_is_cleared_before_the_next_gets_a_fen",
            ),
        ),
        done(
            "None on what is collected for others, and none at all where the contract is blank",
            ("screen:fees",),
            of(
                "homes/penalty",
                "money_collected_for_others_bears_none_unless_the_contract_says_so",
                "a_blank_contract_charges_nothing",
            ),
        ),
        done(
            "The same figure on the kiosk as from the platform",
            ("screen:fees", "phone:pay"),
            of(
                "homes/part_payments",
                "platform_and_kiosk_reckon_the_same_fen_through_any_part_payments",
            ),
        ),
    ),
)
POINTS = Clause(
    "R6",
    "Points 积分 (S0, S1)",
    (
        done(
            "A point is worth one fen; earned by the rate of product or contract, only by residents whom the company "
            "manages",
            ("screen:shop", "event:SaleSettled"),
            of("shop/basket", "sixty_yuan_at_half_a_percent_earn_thirty_points"),
            of("shop/basket", "points_come_from_what_is_paid_after_the_saving"),
            of("shop/checkout", "an_unmanaged_resident_earns_nothing"),
        ),
        done(
            "Spent on the company's own fees at equal value, never on what is collected for others",
            ("screen:fees", "screen:pay"),
            of("pay/tenders", "points_never_pay_what_is_collected_for_others"),
            of("kiosk/paying", "one_touch_takes_the_balance_and_the_rest_is_asked_of_the_channel"),
            proofs("payments"),
        ),
        done(
            "Spent on goods, never on goods that need a licence",
            ("screen:pay",),
            of("pay/tenders", "points_wallet_and_channel_pay_one_order_together"),
            of("pay/tenders", "points_never_pay_restricted_goods"),
        ),
        absent("Spent on cleaning appointments and on places in activities"),
        done(
            "本单得30积分,可抵物业费0.30元 on basket and receipt",
            ("screen:shop", "screen:receipt"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            of("shop/basket", "sixty_yuan_at_half_a_percent_earn_thirty_points"),
        ),
        done(
            "用积分抵 in one touch on the fees page, which says how much of the room's fees was offset here this year",
            ("screen:fees",),
            of("kiosk/paying", "one_touch_takes_the_balance_and_the_rest_is_asked_of_the_channel"),
            of(
                "homes/offsets",
                "points_on_the_room_s_fees_of_the_year_are_summed",
                "points_that_went_back_are_not_counted",
                "the_fees_page_is_told_of_them",
            ),
        ),
        done(
            "Pending until the return window ends",
            ("screen:points", "phone:money"),
            of("cloud_sync/points", "points_of_a_sale_wait_until_goods_cannot_come_back"),
            of("cloud_sync/phone_money_page", "points_are_claimed_by_a_receipt_and_say_when_they_count"),
        ),
        done(
            "Already spent when goods come back: the refund shrinks or the balance goes negative, as the contract says",
            ("counter:POST /orders/{order}/return", "event:GoodsReturned"),
            of(
                "shop/returns",
                "points_spent_then_goods_returned_the_refund_shrinks",
                "points_spent_then_goods_returned_the_balance_turns_negative",
            ),
            of("cloud_sync/points", "points_that_were_spent_make_the_balance_negative_or_the_refund_shrink"),
        ),
        done(
            "Forgot to identify: claimed by the receipt's code within some days, once, at the kiosk or on the phone",
            ("screen:points", "platform:POST /phone/api/receipts", "event:PointsClaimed"),
            of(
                "shop/claims",
                "who_forgot_to_identify_claims_with_the_receipt_once",
                "after_the_days_of_the_contract_it_is_too_late",
            ),
            of("cloud_sync/phone_accounts", "a_receipt_is_claimed_on_the_phone_and_shown_with_its_day"),
        ),
        done(
            "Without a network spent only within a lease",
            ("screen:pay",),
            of("pay/tenders", "a_lease_is_never_exceeded"),
            of("kiosk/paying", "without_a_network_a_balance_within_its_lease_pays"),
            of("cloud_sync/leases", "two_devices_never_have_more_than_the_balance"),
        ),
        part(
            "Who bears the cost, and on which base, is contract data",
            "rate, points on what points paid, return, claim and expiry days are; the bearer, delivery and tax are not",
            ("event:SaleSettled",),
            of("pay/tenders", "points_earn_points_only_where_the_contract_says_so"),
            of("pay/contract", "a_signed_contract_comes_into_force"),
        ),
    ),
)
WALLET = Clause(
    "R7",
    "Wallet 预存/储值 (S0)",
    (
        done(
            "A prepaid account of one issuer, refused for another company's bills and goods",
            ("screen:wallet", "phone:money"),
            of("pay/tenders", "the_wallet_of_another_company_is_refused"),
            of("cloud_sync/leases", "a_wallet_that_paid_another_company_counts_and_is_an_incident"),
        ),
        done(
            "Topped up at the kiosk and in the app, up to the contract's limit",
            ("screen:wallet", "platform:POST /phone/api/accounts/{account}/top-up", "event:TopUpSettled"),
            of("pay/top_up", "a_wallet_holds_at_most_what_the_contract_says", "a_top_up_is_settled_once"),
            of("cloud_sync/phone_money_page", "a_wallet_is_topped_up_in_the_app"),
        ),
        done(
            "Prepaid property fee 预存物业费 is an account of its own and buys no goods",
            ("screen:wallet",),
            of("pay/top_up", "a_prepaid_fee_is_an_account_of_its_own_and_has_no_limit"),
            of("pay/tenders", "a_prepaid_fee_buys_no_goods"),
        ),
        done(
            "Without a network spent only within a lease",
            ("screen:pay", "event:LeaseReturned"),
            of("kiosk/till_desk", "a_lease_pays_without_a_network_and_no_more_than_it_has"),
            of("pay/leases", "without_the_platform_the_lease_is_the_end"),
            proofs("payments"),
        ),
        absent(
            "Opened by the resident",
            "an account comes from the platform; the screen sends people to the counter",
        ),
    ),
)
FEES = (PAYMENT, PENALTY, POINTS, WALLET)
