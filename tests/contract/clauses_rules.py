"""N1 to N10: the ten rules that follow (requirements, section 6)."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

RULES = (
    Clause(
        "N1",
        "A retained message is never a command",
        (
            done(
                "At hub, satellites, locker boards and Tasmota; the brokers refuse to retain",
                ("event:CommandRefused",),
                of("cloud_sync/commands", "a_retained_command_is_never_one"),
                of("devices/remote_doors", "retained_power_is_neither_state_nor_command_and_is_removed"),
                of("devices/mqtt_locker", "a_board_opens_for_no_retained_repeated_foreign_or_broken_command"),
                of("system/refusals", "a_retained_command_is_refused_by_the_broker_and_fires_nothing"),
                proofs("brokers"),
            ),
        ),
    ),
    Clause(
        "N2",
        "An open command dies after seconds; configuration may wait",
        (
            done(
                "A command ends at its hour and with its nonce",
                ("event:CommandRefused",),
                of(
                    "trust/commands",
                    "command_dies_at_its_expiry",
                    "command_with_an_impossible_life_is_refused",
                ),
                of("cloud_sync/pull", "what_waits_when_the_device_begins_anew_is_void"),
            ),
            done(
                "The site's configuration comes down the feed, signed, and counts from the next start; an alarm says that it waits",
                ("edge doctor", "event:AlarmRaised"),
                of("cloud_sync/enrolment", "the_enrolment_fills_what_the_site_s_file_leaves_out"),
                of(
                    "cloud_sync/site_configuration",
                    "a_newer_one_is_in_place_and_an_alarm_says_that_it_waits",
                    "any_other_is_parked_and_the_one_in_place_goes_on",
                ),
            ),
        ),
    ),
    Clause(
        "N3",
        "Accepted is not opened: the contact decides",
        (
            done(
                "For doors",
                ("phone:doors", "event:DoorOpened", "event:DoorUnknown"),
                of("access/entry", "a_valid_pass_fires_once_and_the_contact_says_opened"),
                of("access/entry", "a_contact_that_never_moves_ends_unknown"),
                of("browser/demo_in_chromium", "a_gate_whose_contact_says_nothing_is_never_called_open"),
            ),
            done(
                "For cells",
                ("screen:pickup", "event:CellOpened", "event:CellUnknown"),
                of("devices/pickup_over_lock_boards", "a_board_that_says_yes_and_opens_nothing_ends_unknown"),
                proofs("lockers"),
            ),
        ),
    ),
    Clause(
        "N4",
        "Unknown is a state, for doors, cells, payments and the clock",
        (
            done(
                "Hatched and called 不知道 on the screens, with what to do",
                ("screen:pay_unknown", "screen:pickup", "counter:GET /doors"),
                of("kiosk/session", "not_known_is_neither_paid_nor_failed_and_keeps_no_basket_to_pay_twice"),
                of("kiosk/session", "with_the_clock_unknown_no_time_of_day_is_claimed"),
                of("counter/doors", "what_is_open_and_what_is_not_known_stand_there_in_words"),
                of("counter/lockers", "the_bank_stands_there_with_what_is_not_known"),
                of("core/time_policy", "the_product_does_what_the_cell_says"),
            ),
        ),
    ),
    Clause(
        "N5",
        "One bad record never blocks the queue",
        (
            done(
                "Downwards, upwards, and to webhooks",
                ("event:FeedRecordParked", "platform:GET /operator/sites/{site}"),
                of("cloud_sync/downlink", "a_bad_record_is_parked_and_reported_and_the_rest_goes_on"),
                of("cloud_sync/applying", "what_cannot_be_applied_is_parked_and_holds_up_nothing"),
                of(
                    "cloud_sync/webhooks",
                    "what_is_never_taken_becomes_a_dead_letter_and_the_next_one_follows",
                ),
            ),
        ),
    ),
    Clause(
        "N6",
        "Identities come from device, epoch and counter, and exist on disk before anything leaves",
        (
            done(
                "Never from the clock; a block is on disk before it is used; a copy begins a new epoch",
                ("edge identity", "event:EpochBegan"),
                of("store/unit", "identities_rise_and_their_block_is_on_disk_before_they_leave"),
                of("store/unit", "restart_never_allots_an_identity_again"),
                of("store/identity", "a_restored_database_begins_an_epoch_before_anything_is_allotted"),
                proofs("power-cut"),
            ),
        ),
    ),
    Clause(
        "N7",
        "One dead peripheral never blocks another",
        (
            done(
                "Doors, cameras, readers, banks, broker",
                ("counter:GET /devices",),
                of("devices/gateway", "a_dead_peripheral_holds_up_no_other"),
                of("devices/readers", "a_flood_at_one_reader_leaves_the_others_alone"),
                of("devices/guard_board", "a_line_that_cannot_be_had_leaves_the_others_alone"),
            ),
        ),
    ),
    Clause(
        "N8",
        "Printing is idempotent; a reprint says 补打",
        (
            part(
                "A receipt's copy is counted and says 补打",
                "by the browser's printing; no receipt printer is driven",
                ("counter:POST /receipts/{number}/reprint", "screen:receipt"),
                of("counter/receipts", "a_copy_says_so_is_counted_and_on_record"),
                of("counter/receipts", "loading_a_copy_again_is_not_another_copy"),
                of("cloud_sync/paid_twice", "copies_of_a_receipt_are_counted_and_journalled"),
            ),
        ),
    ),
    Clause(
        "N9",
        "Nobody acts for another without consent; a session ends by itself and wipes the screen",
        (
            done(
                "Accounts, bills and orders of another are refused",
                ("screen:fees", "screen:points"),
                of("pay/tenders", "nobody_pays_with_the_account_of_another"),
                of("cloud_sync/paid_twice", "another_room_cannot_choose"),
                proofs("roles"),
            ),
            done(
                "An abandoned session asks, ends and keeps nothing",
                ("screen:idle", "setting:kiosk.session_s"),
                of("kiosk/session", "an_abandoned_session_asks_and_then_wipes_everything"),
                of("kiosk/session", "an_answer_for_someone_who_left_changes_nothing_for_the_next"),
            ),
        ),
    ),
    Clause(
        "N10",
        "Every contract figure is signed, versioned data, and is kept with the sale",
        (
            done(
                "A signed contract document with a version; sales and fees keep the one they were reckoned with",
                ("event:SaleSettled", "event:BillPaid", "screen:receipt"),
                of("pay/contract", "a_signed_contract_comes_into_force"),
                of("pay/contract", "a_contract_signed_by_another_key_or_purpose_is_refused"),
                of("shop/checkout", "a_sale_keeps_the_contract_version_it_was_placed_with"),
            ),
            absent(
                "The figures of share, losses and service levels",
                "the contract document has those of penalties, points and wallets",
            ),
        ),
    ),
)
