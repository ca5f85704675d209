"""F11 to F28: what comparable systems do wrong with doors, clocks, queues and machines."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

DOORS_AND_CLOCKS = (
    Clause(
        "F11",
        "Certificate expired unnoticed",
        (
            done(
                "Renewed with 45 days left, alarms at 30, 14 and 7, and the key alone brings a new one afterwards",
                ("edge doctor", "platform:GET /operator", "event:AlarmRaised"),
                of(
                    "cloud_sync/enrolment",
                    "renewed_with_45_days_left_and_both_certificates_count",
                    "alarms_at_30_14_and_7_days_and_at_the_end_cleared_by_a_renewal",
                    "after_months_in_a_drawer_the_key_alone_brings_a_new_certificate",
                ),
            ),
        ),
    ),
    Clause(
        "F12",
        "Retained command re-fires a relay after a broker restart",
        (
            done(
                "The brokers refuse to retain, and a message that says it is retained is never a command",
                ("event:CommandRefused",),
                of("system/refusals", "a_retained_command_is_refused_by_the_broker_and_fires_nothing"),
                of("cloud_sync/commands", "a_retained_command_is_never_one"),
                of("devices/mqtt_locker", "a_retained_command_waiting_at_the_broker_opens_nothing"),
                of("system/switches", "attacks_open_nothing"),
                proofs("brokers"),
            ),
        ),
    ),
    Clause(
        "F13",
        "Command executed hours late",
        (
            done(
                "A command carries its end and the hub's nonce; for a site that is away it dies and says so",
                ("event:CommandRefused", "phone:doors"),
                of("trust/commands", "command_dies_at_its_expiry", "old_nonce_or_counter_is_a_replay"),
                of("cloud_sync/pull", "a_command_for_a_site_that_is_away_dies_and_says_so"),
            ),
        ),
    ),
    Clause(
        "F14",
        "Relay energised at boot",
        (
            part(
                "Off at the guard's start and end; only active-high boards with pull-downs are described",
                "never tried on a Pi's own boot",
                ("make test-hw",),
                of(
                    "devices/guard_process",
                    "a_killed_guard_shows_all_off_within_two_seconds_of_its_next_start",
                ),
                proofs("mid-pulse"),
            ),
        ),
    ),
    Clause(
        "F15",
        "“Unlocked” shown because it was asked for",
        (
            done(
                "Opened is said when the contact said so, on screen, phone and platform",
                ("phone:doors", "screen:pickup", "event:DoorOpened"),
                of("cloud_sync/commands", "the_phone_says_opened_only_after_the_contact"),
                of("browser/touch", "the_door_picture_follows_the_contact"),
                proofs("core"),
            ),
        ),
    ),
    Clause(
        "F16",
        "Sensor away treated as closed",
        (
            done(
                "Not read is not known: no door closed, no cell given, no interlock opened by it",
                ("counter:GET /doors", "counter:GET /lockers"),
                of("devices/mqtt_locker", "a_board_that_died_makes_its_cells_unknown"),
                of("access/lockers", "a_cell_whose_door_is_not_known_to_be_closed_is_never_given"),
                of("access/door_policy", "an_interlock_wants_its_other_doors_certainly_closed"),
            ),
        ),
    ),
    Clause(
        "F17",
        "Clock before the last shutdown after a power cut, so passes and TLS break",
        (
            done(
                "A clock of its own with a floor on disk; unknown is a state with a table of what goes on",
                ("edge clock", "kiosk:GET /health"),
                of(
                    "system/wrong_clocks",
                    "a_wall_clock_that_lies_changes_nothing",
                    "a_clock_that_is_unknown_at_boot_keeps_visitors_out_and_residents_and_trade_going",
                    "tls_dates_are_judged_by_the_trusted_clock",
                ),
                of("system/switches", "a_clock_a_year_back_is_believed_by_nobody"),
                proofs("time"),
            ),
        ),
    ),
    Clause(
        "F18",
        "Gateway queue in memory, lost",
        (
            done(
                "What goes up is the journal itself, on disk before anything is answered",
                ("edge status", "edge journal verify"),
                of("store/store", "unit_is_on_disk_when_it_answers"),
                proofs("power-cut", "network"),
            ),
        ),
    ),
    Clause(
        "F19",
        "Gateway queue full, silently dropped",
        (
            done(
                "No entry leaves before it is acknowledged, signed and archived; a full disk stops trade and says so",
                ("edge doctor", "screen:idle", "event:JournalCut"),
                of("store/retention", "nothing_is_cut_before_its_time"),
                of("store/disk_full", "sale_that_meets_a_full_disk_is_refused_and_leaves_nothing"),
                of("system/bad_databases", "a_hub_starts_on_a_full_card_and_the_doctor_names_the_mend"),
                proofs("journal", "nth-write"),
            ),
        ),
    ),
    Clause(
        "F20",
        "Store destroyed on reconnect",
        (
            done(
                "A database that lost something, is cut off or foreign is never begun anew",
                ("edge doctor", "edge db check"),
                of("store/log_check", "lost_database_is_never_begun_anew", "cut_off_database_is_refused"),
                of("store/store", "database_that_lost_an_acknowledged_event_is_not_written_again"),
            ),
        ),
    ),
)
MACHINE = (
    Clause(
        "F21",
        "Idle device dead after a night, logs empty",
        (
            part(
                "A role that fails is started again, and what was due in the night is caught up on",
                "no run of several days on a Pi; the hardware watchdog is described, not tried",
                ("edge status", "counter:GET /devices"),
                of("links/parts", "a_role_that_fails_is_started_again_and_takes_no_other_down"),
                of("core/due", "after_a_day_each_kind_has_run_once_and_the_long_ones_were_hinted"),
            ),
        ),
    ),
    Clause(
        "F22",
        "One unreachable peripheral blocks all others",
        (
            done(
                "A dead camera, door, bank or reader holds up no other",
                ("counter:GET /devices",),
                of("devices/gateway", "a_dead_peripheral_holds_up_no_other"),
                of("devices_vision/readers", "a_bad_source_does_not_stop_another"),
                of(
                    "system/switches",
                    "brokers_in_the_middle_of_a_pickup_and_of_an_opening",
                    "the_camera_and_the_disk",
                ),
                of("cloud_sync/commands", "a_broker_that_does_not_acknowledge_holds_up_no_door"),
            ),
        ),
    ),
    Clause(
        "F23",
        "Printed twice after “retry”",
        (
            part(
                "A copy is counted and says 补打; asking for the same copy again makes no other one",
                "no printer is driven; a browser prints the counter's copy",
                ("counter:POST /receipts/{number}/reprint", "event:ReceiptReprinted"),
                of("counter/receipts", "loading_a_copy_again_is_not_another_copy"),
                of("counter/receipts", "a_copy_says_so_is_counted_and_on_record"),
            ),
        ),
    ),
    Clause(
        "F24",
        "Browser shows “restore pages” after a power cut",
        (
            absent(
                "The kiosk's browser as a unit that never asks", "not built; whoever sets up a Pi starts it"
            ),
        ),
    ),
    Clause(
        "F25",
        "QR pass shared by screenshot",
        (
            done(
                "A resident's code lives two minutes and opens once; a visitor's pass counts its uses",
                ("phone:code", "event:PassRefused"),
                of("trust/passes", "resident_code_is_good_for_two_minutes_to_either_side"),
                of(
                    "access/entry",
                    "a_residents_code_opens_granted_doors_once",
                    "a_used_up_pass_fires_nothing",
                ),
            ),
        ),
    ),
    Clause(
        "F26",
        "Payment code charged twice on a slow network",
        (
            done(
                "One open attempt an order; silence is followed by questions, a retry is the same attempt",
                ("screen:pay", "platform:POST /v1/sites/{site}/payments/charge"),
                of("pay/charge", "silence_after_a_charge_is_followed_by_questions_never_by_a_charge"),
                of("cloud_sync/payment_desk", "the_same_charge_again_is_a_question"),
                proofs("payments"),
            ),
        ),
    ),
    Clause(
        "F27",
        "USERPAYING treated as failure",
        (
            done(
                "A payer who types a password is waited for",
                ("screen:pay", "platform:POST /v1/sites/{site}/payments/charge"),
                of("cloud_sync/payment_desk", "user_paying_is_waiting_and_then_paid"),
                of("kiosk/paying", "typing_a_password_is_no_failure_and_the_answer_is_said"),
                of("homes/annual_fee", "the_password_comes_after_22_seconds_and_the_year_is_paid_once"),
            ),
        ),
    ),
    Clause(
        "F28",
        "Hash chain with holes unnoticed for a month",
        (
            done(
                "The platform recomputes the chain from the bytes of each batch and signs it daily; a gap is refused",
                ("edge journal verify", "platform:POST /v1/sites/{site}/devices/{device}/batches"),
                of("cloud_sync/ingest", "a_gap_is_refused_and_named"),
                of("cloud_sync/checkpoints", "the_next_one_is_due_after_a_day_or_a_thousand_events"),
                of("store/journal", "planted_hole_turns_verification_red"),
            ),
        ),
    ),
)
FIELD_FAULTS = (*DOORS_AND_CLOCKS, *MACHINE)
