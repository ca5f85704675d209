"""A4 to A7: fire, lockers, relays, records."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

FIRE = Clause(
    "A4",
    "Fire linkage 消防联动",
    (
        part(
            "The fire contact releases the doors in hardware",
            "the wiring guide says how; it has been tried on no door",
            ("setting:input.kind",),
            of("devices/lines", "a_barrier_needs_its_loop_and_fire_a_door_that_it_can_hold"),
        ),
        done(
            "The software sees it, records it, and holds its own fail-safe doors open within 100 ms, also when nothing "
            "can be written",
            ("counter:GET /doors", "event:FireReleased"),
            of("access/door_tables", "fire_beats_lock_down_and_nothing_locks_until_a_person_resets"),
            proofs("fire"),
        ),
        done(
            "Nothing locks until a person resets it by name and PIN, over restarts too",
            ("counter:POST /doors/fire/reset", "event:FireReset"),
            of("counter/doors", "the_fire_release_ends_in_the_name_of_a_person_with_a_pin"),
            proofs("fire", "doors"),
        ),
    ),
)
LOCKERS = Clause(
    "A5",
    "Lockers 自提柜",
    (
        done(
            "Cell sizes; a courier's parcel gets a fitting free cell, another one when it does not fit",
            ("screen:deposit", "setting:bank.columns", "event:ParcelDeposited"),
            of("access/lockers", "several_parcels_of_a_room_are_one_order_each_in_a_fitting_cell"),
            of("access/lockers", "a_parcel_that_does_not_fit_gets_another_cell_after_the_first_is_closed"),
            of("system/deposit", "a_courier_deposits_and_the_code_on_the_phone_collects"),
        ),
        done(
            "A reserved cell comes back when the deposit is left or cancelled",
            ("screen:deposit", "setting:lockers.idle_s", "event:DepositEnded"),
            of(
                "access/lockers",
                "an_idle_deposit_ends_and_gives_back_what_it_reserved",
                "a_cancelled_parcel_gives_its_cell_back_once_it_is_closed",
            ),
        ),
        done(
            "Deposit by staff at the counter",
            ("counter:POST /lockers/deposit",),
            of("counter/lockers", "a_clerk_stores_two_parcels"),
        ),
        done(
            "Open, close, jam, not known: as the contact says",
            ("screen:pickup", "event:CellOpened", "event:CellUnknown"),
            of("devices/mqtt_locker", "a_jammed_cell_is_taken_and_never_reported_open"),
            of("access/pickup", "a_cell_whose_contact_never_moves_is_unknown_and_left_alone"),
            proofs("lockers", "lock-bus"),
        ),
        done(
            "A door that is never closed becomes a case",
            ("counter:GET /lockers", "event:CellLeftOpen", "setting:lockers.left_open_s"),
            of("access/lockers", "a_cell_that_is_not_closed_is_a_case_that_its_closing_ends"),
        ),
        done(
            "Overdue 滞留",
            ("counter:GET /lockers", "event:ParcelOverdue"),
            of("access/lockers", "people_are_told_before_a_parcel_is_overdue_and_when_it_is"),
        ),
        done(
            "Given to another order only after closed and empty",
            ("event:CellFreed",),
            of("access/lockers", "a_cell_that_is_not_empty_is_held_and_another_one_opens"),
            of("access/pickup", "a_cell_that_holds_another_order_is_not_opened"),
            proofs("lockers", "core"),
        ),
        done(
            "A full cell is opened in an emergency only by two different people, one in charge",
            ("counter:POST /lockers/cell/{bank}/{cell}/open", "event:CellOpenedByStaff"),
            of("access/lockers", "an_occupied_cell_opens_for_two_different_people_only_one_in_charge"),
            of("counter/lockers", "an_occupied_cell_asks_for_a_second_person"),
        ),
        done(
            "Another cell than the asked one opens: the bank is stopped until a person clears it",
            ("counter:POST /lockers/halt", "event:BankHalted"),
            of("access/lockers", "the_wrong_cell_halts_the_bank_at_its_first_opening"),
            of("counter/lockers", "a_halted_bank_goes_on_in_a_supervisors_name"),
        ),
    ),
)
RELAYS = Clause(
    "A6",
    "Relay safety",
    (
        done(
            "Off at boot and at the guard's end",
            ("event:DoorOpenRequested",),
            of("devices/guard_process", "the_guard_ends_with_everything_off"),
            of("devices/guard_process", "a_killed_guard_shows_all_off_within_two_seconds_of_its_next_start"),
        ),
        done(
            "Off within two seconds of a crash of hub, guard or broker",
            ("make test-hw",),
            of("devices/guard_process", "everything_is_off_one_second_after_the_last_heartbeat"),
            of("devices/door_contract", "a_satellite_without_its_broker_lets_go_within_two_seconds"),
            proofs("mid-pulse"),
        ),
        done(
            "Never longer than its pulse, too soon or too often",
            ("setting:door.pulse_ms", "setting:door.rest_ms", "setting:door.pulses_per_minute"),
            of("devices/guard_process", "a_repeated_an_unknown_and_a_too_long_pulse_are_refused"),
            of("devices/guard_board", "no_more_pulses_in_a_minute_than_allowed"),
            of("devices/switchboard", "a_line_is_on_exactly_while_a_pulse_of_it_runs"),
        ),
        done(
            "At most once per authorisation, over crashes too: the intent is on disk before the pulse",
            ("event:DoorOpenRequested",),
            of("access/entry", "after_a_restart_an_intent_is_unknown_and_never_fired_again"),
            of("devices/pulser_contract", "an_id_is_fired_once"),
            proofs("kill-9", "core"),
        ),
        done(
            "Never from a retained, late, replayed or unsigned command",
            ("event:CommandRefused",),
            of("system/refusals", "commands_that_must_not_open"),
            of("system/refusals", "a_retained_command_is_refused_by_the_broker_and_fires_nothing"),
            of("cloud_sync/commands", "a_replayed_command_gets_its_stored_answer_and_fires_nothing"),
            proofs("mutants", "brokers"),
        ),
        absent(
            "On a Raspberry Pi with a relay board",
            "tried on a real gpiochip in a virtual machine (make test-hw) only",
        ),
    ),
)
RECORDS = Clause(
    "A7",
    "Records",
    (
        done(
            "Who, what, when, by which authorisation, and what the contact said",
            ("counter:GET /records", "phone:records"),
            of("counter/doors", "records_are_searched_by_door_way_and_days"),
            of("cloud_sync/parcels", "a_household_reads_who_opened_by_what_and_what_the_contact_said"),
        ),
        done(
            "Kept for 180 days at least, then in archives",
            ("setting:journal.keep_days", "event:JournalCut"),
            of("store/retention", "nothing_is_cut_before_its_time"),
            of("store/retention", "what_is_old_goes_into_an_archive_that_both_verifiers_accept"),
            proofs("journal"),
        ),
        done(
            "Only who may, reads who came when",
            ("counter:GET /records",),
            of("counter/doors", "a_clerk_does_not_read_who_came_when"),
            proofs("roles"),
        ),
    ),
)
ACCESS = (FIRE, LOCKERS, RELAYS, RECORDS)
