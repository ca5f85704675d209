"""A1 to A3: what opens a door, from where, and what a door does."""

from tests.contract.clause import Clause, done, of, part, proofs

AT_THE_READER = Clause(
    "A1",
    "Open by QR pass at the reader",
    (
        done(
            "Verified at the door without a network: signature, window, doors, uses, the revocation list",
            ("kiosk:GET /gate/{door}/", "event:DoorOpenRequested", "event:PassRefused"),
            of("access/access_table", "every_cell_happens_at_a_door", "the_document_is_what_the_code_says"),
            of("access/entry", "a_forged_pass_and_plain_text_fire_nothing"),
            of("system/refusals", "passes_that_must_not_open"),
            proofs("mutants"),
        ),
        done(
            "The resident's own fresh code: phone and site may both be offline",
            ("phone:code", "event:DoorOpened"),
            of("access/entry", "a_residents_code_opens_granted_doors_once"),
            of("cloud_sync/phone_page", "the_phone_signs_its_own_code_also_without_network"),
            of("access/late", "a_residents_code_opens_once_and_is_journalled_afterwards"),
        ),
        done(
            "Visitor pass 访客: doors, window, number of uses",
            ("phone:more", "event:DoorOpened"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            of("access/entry", "a_used_up_pass_fires_nothing", "a_pass_held_before_the_reader_counts_once"),
        ),
        done(
            "Staff badge",
            ("platform:POST /sim/desk/passes", "event:DoorOpened"),
            of("access/access_table", "every_cell_happens_at_a_door"),
        ),
        done(
            "Order pass and courier's pass at the parcel room",
            ("phone:orders", "setting:door.kind"),
            of("access/credentials", "the_parcel_room_opens_to_whoever_collects_or_deposits_there"),
        ),
        done(
            "Card or fob, and room + PIN at a keypad, for those without a phone",
            ("setting:reader.reads", "event:RoomPinLockedOut"),
            of("access/credentials", "a_card_opens_what_its_person_may_open", "room_and_pin_open_a_door"),
            of(
                "devices/reader_node",
                "a_node_reads_cards_pins_and_texts_and_late_or_broken_ones_read_nothing",
            ),
        ),
        done(
            "The reader says granted, then what the contact says, or why not, by lamps and at a screen",
            ("kiosk:GET /gate/{door}/", "setting:signal.kind"),
            of("access/credentials", "a_reader_shows_granted_then_what_the_contact_says_and_why_it_refuses"),
            of("browser/gate", "every_saying_is_shown_at_once_and_fits"),
            of("devices/lamps", "each_answer_plays_at_its_own_door_only"),
        ),
    ),
)
FROM_THE_APP = Clause(
    "A2",
    "Open from the app (S0 技术3)",
    (
        done(
            "App, platform, device, relay, contact, and the answer in the app: opened, not only accepted",
            ("phone:doors", "platform:POST /phone/api/doors/{door}/open", "event:DoorOpened"),
            of("cloud_sync/commands", "the_phone_says_opened_only_after_the_contact"),
            of("browser/demo_in_chromium", "the_whole_story_by_clicking_only"),
            of("system/story", "the_story_holds_from_the_command_line"),
        ),
        done(
            "A gate that does not move ends not known on the phone",
            ("phone:doors", "event:DoorUnknown"),
            of("system/faults_on_the_way", "a_gate_that_does_not_move_ends_unknown_on_phone_and_platform"),
            of("browser/demo_in_chromium", "a_gate_whose_contact_says_nothing_is_never_called_open"),
        ),
        done(
            "Without the broker the site fetches the command itself; one id fires once by both ways",
            ("platform:GET /v1/sites/{site}/devices/{device}/commands",),
            of("cloud_sync/pull", "without_a_broker_a_fetched_command_opens_and_answers"),
            of("cloud_sync/pull", "one_id_by_both_ways_and_again_fires_once_and_refuses_nothing"),
        ),
        done(
            "A person has one opening a door under way and ten a minute",
            ("platform:POST /phone/api/doors/{door}/open",),
            of("cloud_sync/pull", "a_person_has_one_opening_a_door_and_ten_a_minute"),
        ),
        part(
            "A cell of the locker from the app",
            "cells open at the kiosk by pass, code or person; the app opens none",
            ("phone:orders",),
            of("cloud_sync/parcels", "a_parcel_goes_its_way_and_the_code_ends_with_the_order"),
        ),
    ),
)
DOOR_LOGIC = Clause(
    "A3",
    "Door logic",
    (
        done(
            "Fail-safe or fail-secure and pulse length per door; contradictions are refused",
            ("setting:door.fail", "setting:door.pulse_ms", "setting:door.lock"),
            of(
                "devices/lines",
                "an_exit_button_without_a_door_and_a_maglock_that_locks_without_power_are_refused",
            ),
            of("devices/door_contract", "every_driver_keeps_the_contract"),
        ),
        done(
            "Schedule: held unlocked 常开 with weekdays and holidays, night lock for visitors",
            ("platform:PUT /sim/desk/{collection}/{id}", "event:HoldBegan"),
            of(
                "access/door_policy",
                "a_schedule_holds_its_door_also_after_a_restart_and_not_on_holidays",
                "the_night_lock_keeps_visitors_out",
            ),
        ),
        done(
            "Deny list: people, cards and passes, but nobody is kept out of home",
            ("platform:PUT /sim/desk/{collection}/{id}",),
            of(
                "access/credentials",
                "the_deny_list_names_people_cards_and_passes_but_nobody_is_kept_out_of_home",
            ),
        ),
        done(
            "Anti-passback and interlock 互锁",
            ("event:PassRefused",),
            of("access/door_policy", "whoever_went_in_goes_in_again_only_after_going_out"),
            of("access/door_policy", "an_interlock_wants_its_other_doors_certainly_closed"),
        ),
        done(
            "The exit button is heard; other controllers in parallel are normal",
            ("setting:input.kind", "counter:GET /doors"),
            of("access/door_tables", "an_opening_after_exit_button_or_parallel_controller_is_not_forced"),
            of("devices/guard_process", "inputs_are_told_at_connect_and_when_they_move"),
        ),
        done(
            "Forced door 强行开门 and held open 超时未关, with a buzzer before, as alarms at the counter",
            ("counter:GET /doors", "event:DoorForced", "event:DoorHeldOpen"),
            of(
                "access/door_tables",
                "a_door_that_nobody_released_is_forced_until_it_is_closed",
                "a_door_held_open_is_warned_of_then_alarmed",
            ),
            proofs("doors"),
        ),
        done(
            "Not read is unknown, never closed and never open",
            ("counter:GET /doors", "event:DoorContactLost"),
            of(
                "access/door_tables", "a_door_found_open_is_not_forced_and_one_that_is_not_read_is_not_closed"
            ),
            of("devices/pulser_contract", "contacts_are_unknown_from_a_loss_until_they_are_read_again"),
            of("counter/doors", "what_is_open_and_what_is_not_known_stand_there_in_words"),
        ),
        done(
            "A guard opens with a reason, keeps open until an hour, locks down",
            (
                "counter:POST /doors/at/{door}/open",
                "counter:POST /doors/lock-down",
                "event:DoorOpenExplained",
            ),
            of("counter/doors", "a_door_is_opened_with_a_reason_in_the_name_of_who_is_signed_in"),
            of("counter/doors", "a_hold_has_an_end", "a_lock_down_is_begun_and_ended_with_a_pin"),
        ),
        done(
            "Arrears never lock a door: nothing of the doors knows of bills",
            ("event:PassRefused",),
            of(
                "access/arrears",
                "nothing_of_the_doors_imports_what_knows_of_bills",
                "no_table_of_the_doors_knows_of_bills",
            ),
        ),
        done(
            "A vehicle barrier never comes down without its loop",
            ("setting:door.lock", "setting:input.kind"),
            of("access/door_tables", "a_barrier_comes_down_only_while_its_loop_says_clear"),
            of("devices/lines", "a_barrier_needs_its_loop_and_fire_a_door_that_it_can_hold"),
        ),
    ),
)
DOORS = (AT_THE_READER, FROM_THE_APP, DOOR_LOGIC)
