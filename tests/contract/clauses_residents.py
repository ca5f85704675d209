"""R1 to R3: who it is, messages, bills to look at."""

from tests.contract.clause import Clause, absent, done, of, part

IDENTITY = Clause(
    "R1",
    "Identify 客户认证 (S0)",
    (
        absent(
            "Register: community, room, name and phone against the roster, with an SMS code by the platform"
        ),
        done(
            "At the kiosk by the resident's own fresh code, also without a network on either side",
            ("screen:identify", "phone:code"),
            of("kiosk/session", "bills_are_shown_only_to_who_showed_a_resident_code"),
            of("cloud_sync/phone_page", "the_phone_signs_its_own_code_also_without_network"),
            of("trust/passes", "resident_signs_a_fresh_code_without_any_network"),
        ),
        done(
            "By card or fob",
            ("screen:identify",),
            of("kiosk/deposit", "a_card_says_who_it_is_on_any_screen_but_never_with_an_open_cell"),
            of("access/credentials", "whoever_has_no_phone_is_known_at_the_kiosk_by_card_or_pin"),
        ),
        done(
            "By room and PIN, also without a network; five wrong ones lock the room and then the reader",
            ("screen:room_pin",),
            of("kiosk/deposit", "room_and_pin_lead_to_what_waits_and_the_pin_stays_nowhere"),
            of(
                "access/credentials",
                "five_wrong_pins_lock_a_room_at_every_reader_and_a_right_one_counts_anew",
            ),
        ),
        absent("By phone number and SMS code at the kiosk"),
        done(
            "A room number alone never shows a name, a debt or an order; a wrong room and a wrong PIN sound alike",
            ("screen:room_pin", "screen:fees"),
            of("kiosk/accounts", "nothing_of_anybody_is_shown_before_a_resident_code"),
            of("kiosk/deposit", "a_wrong_pin_is_wiped_and_shows_nothing"),
            of("access/credentials", "a_wrong_room_and_a_wrong_pin_are_told_apart_by_nobody"),
        ),
        part(
            "Not in the roster, or the PIN forgotten: somewhere to go",
            "the screen sends people to the counter and the phone sets a new PIN; the counter cannot reset one",
            ("screen:identify", "phone:home", "platform:POST /phone/api/pin"),
            of("cloud_sync/household", "a_pin_comes_down_as_a_hash_under_an_opaque_id"),
            of("kiosk/words", "a_refusal_says_what_happened_and_the_way_on"),
        ),
        part(
            "Nickname",
            "the kiosk and the doors' records show it where the roster has one; nobody can choose one",
            ("screen:home", "platform:GET /phone/api/me"),
            of("homes/roster", "a_code_leads_to_a_person_and_a_room"),
        ),
        absent("Birthday greeting"),
    ),
)
MESSAGES = Clause(
    "R2",
    "Messages 信息接收 (S0)",
    (
        done(
            "Notices, announcements, news, promotions and activities on the idle screen and their page, newest first, "
            "between their two times",
            ("screen:idle", "screen:notices"),
            of(
                "homes/roster",
                "notices_stand_between_their_times_newest_first",
                "a_changed_notice_tells_the_screens",
            ),
            of("browser/screens", "every_screen_fits_and_can_be_used_by_everybody"),
        ),
        done(
            "On the phone: what came into a cell, what is overdue, what became of a case",
            ("phone:messages", "platform:GET /phone/api/messages"),
            of(
                "cloud_sync/parcels",
                "a_deposit_is_one_order_of_the_room_with_pass_code_and_one_message",
                "a_parcel_goes_its_way_and_the_code_ends_with_the_order",
            ),
        ),
        absent("Birthday greeting once identified"),
    ),
)
QUERY = Clause(
    "R3",
    "Fee query 查费 (S0)",
    (
        done(
            "Itemised bills of a room by payee, with period and due date, what is collected for others apart",
            ("screen:fees", "phone:pay"),
            of("homes/fees", "bills_are_grouped_by_payee_with_collected_money_apart"),
            of("kiosk/layout", "bills_of_one_payee_stand_together"),
        ),
        done(
            "The penalty so far, with the days that it counts",
            ("screen:fees",),
            of("homes/fees", "bills_carry_their_penalty_of_today"),
            of("kiosk/layout", "a_late_bill_says_its_days_and_its_penalty"),
        ),
        done(
            "What was paid, and what waits for the platform to book it",
            ("screen:settled", "platform:GET /phone/api/bills"),
            of("homes/fees", "a_paid_bill_stays_paid_until_the_record_covers_our_event"),
            of("browser/screens", "every_screen_fits_and_can_be_used_by_everybody"),
        ),
        done(
            "How old the copy is, on the screen and on the phone",
            ("screen:fees", "phone:money"),
            of("kiosk/layout", "how_old_the_bills_are_is_said"),
            of("cloud_sync/phone_money_page", "a_slip_and_the_age_of_what_is_shown_without_network"),
        ),
        done(
            "Twelve months as a chart, what is owed outlined",
            ("screen:fees",),
            of("kiosk/layout", "the_chart_has_twelve_months_and_outlines_what_is_owed"),
        ),
    ),
)
RESIDENTS = (IDENTITY, MESSAGES, QUERY)
