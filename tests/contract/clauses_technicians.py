"""T1 to T7: what a technician needs (requirements, section 4)."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

SET_UP = Clause(
    "T1",
    "Guided set-up and enrolment",
    (
        done(
            "A site's folder with configuration, secrets and database, again without harm; every fault with its line",
            ("edge init", "edge doctor"),
            of(
                "system/command_line",
                "init_makes_a_site_ready_and_does_no_harm_twice",
                "every_fault_of_a_malformed_configuration_is_named_with_its_line",
            ),
        ),
        done(
            "Enrolment with a one-time code; a slip is told by its group",
            ("edge enrol", "platform:POST /operator/sites/{site}/codes"),
            of(
                "cloud_sync/enrolment",
                "a_code_reads_back_and_finds_every_slip",
                "a_device_enrols_and_is_believed",
                "an_operator_gives_out_a_code_on_the_site_s_page_and_takes_a_device_out",
            ),
        ),
        done(
            "Operators say which parts a site has (shop, fees, pickup, doors); the hub obeys from its next start",
            ("platform:POST /operator/sites/{site}/parts", "screen:home"),
            of("system/site_parts", "a_part_that_an_operator_switches_off_is_gone_from_the_next_start"),
            of(
                "access/parts",
                "readers_and_commands_open_nothing_while_a_guard_does",
                "a_pickup_under_way_is_finished_and_no_other_begins",
            ),
        ),
        absent("An installer for the Pi, and the kiosk's browser as a unit"),
    ),
)
LIVE_STATE = Clause(
    "T2",
    "Live state of every device, port and queue",
    (
        done(
            "Doors, lines, readers, boards: what is there, what it says, how often it has moved, what is wrong since when",
            ("counter:GET /devices", "edge devices"),
            of("counter/doors", "a_guard_begins_with_the_doors_and_a_technician_with_the_devices"),
            of("system/walk_at_a_bank", "readers_that_are_there_and_away_stand_in_the_technician_s_list"),
            of("links/findings", "a_fault_that_is_seen_again_is_one_line_with_its_count"),
        ),
        done(
            "Parts and queues of the hub, how far a backlog has drained, the newest sample",
            ("edge status", "kiosk:GET /health", "kiosk:GET /metrics"),
            of("core/drain_line", "status_draws_a_bar_while_something_waits"),
            of("links/parts", "a_part_that_does_not_answer_is_unknown"),
            of("service/gauges", "every_gauge_of_the_table_is_read"),
        ),
        done(
            "All sites at a glance for operators",
            ("platform:GET /operator", "platform:GET /operator/sites/{site}"),
            of("cloud_sync/operators", "sites_are_found_and_the_oldest_backlog_comes_first"),
        ),
    ),
)
TRIALS = Clause(
    "T3",
    "Pulse test, camera preview, walk-test",
    (
        done(
            "Pulse test of a lock, on record in the technician's name",
            ("counter:POST /devices/test/{door}",),
            of("counter/doors", "a_lock_is_tried_by_a_technician_only"),
        ),
        absent("Camera preview with decode result", "the number of scans and the reader's state are shown"),
        done(
            "Codes in pictures read by hand",
            ("edge scan",),
            of("devices_vision/process", "files_are_read_or_refused_one_by_one"),
        ),
        done(
            "Walk along a bank: every door opens as itself, its contact's polarity proved, what is wired wrong found",
            ("edge lockers walk-test", "control:POST /lockers/{bank}/walk", "event:BankProved"),
            of("system/walk_at_a_bank", "a_bank_is_walked_along_and_what_is_wired_wrong_is_found"),
            of("access/walk_test", "no_bank_with_exchanged_wires_is_ever_proved"),
        ),
    ),
)
LIFE = Clause(
    "T4",
    "Swap, backup, restore, upgrade, rollback",
    (
        done(
            "Swap a device by the printed guide; the old one is refused",
            ("edge enrol", "edge restore"),
            of("system/successor", "a_successor_sells_by_the_printed_guide"),
            of("cloud_sync/enrolment", "a_replacement_voids_the_machine_before"),
        ),
        done(
            "Sealed backup every night on a stick and at the platform, restore with what the platform has since",
            ("edge backup sheet", "edge backup create", "edge restore", "event:BackupMade"),
            of("backups/nightly", "a_night_reaches_stick_and_platform_and_old_ones_go"),
            of("backups/restoring", "another_sites_or_devices_backup_is_named"),
            of("system/restored", "an_older_copy_goes_on_in_a_new_epoch_and_nothing_is_lost_or_doubled"),
        ),
        done(
            "What happened after the backup is done again on the successor: sales, fees, refunds, parcels, openings",
            ("edge restore", "platform:GET /v1/sites/{site}/devices/{device}/events"),
            of("shop/replay", "a_sale_after_the_backup_is_done_again"),
            of("homes/replay", "a_fee_paid_in_the_gap_takes_its_receipt_number"),
            of("pay/replay", "what_went_back_does_not_go_back_again"),
            of("access/replay", "a_pass_that_was_used_up_in_the_gap_stays_so"),
            of(
                "access/locker_replay",
                "a_parcel_of_the_gap_is_collected_once_from_a_cell_that_nobody_else_gets",
            ),
        ),
        part(
            "Upgrade",
            "the database is brought up to date step by step at the start; no package, no signed update",
            ("edge db check",),
            of("store/migrate", "steps_are_taken_once_and_in_order", "failing_step_leaves_nothing_of_itself"),
        ),
        part(
            "Rollback",
            "a database of a newer program is refused by name; going back is restoring a backup",
            ("edge restore",),
            of("system/command_line", "a_newer_database_is_refused_and_both_versions_are_named"),
            of("backups/restoring", "a_newer_programs_backup_is_named"),
        ),
    ),
)
LOGS = Clause(
    "T5",
    "Logs, journal, diagnostics bundle",
    (
        done(
            "The journal verified and exported, the first bad entry named",
            ("edge journal verify", "edge journal export"),
            of(
                "system/command_line",
                "a_journal_that_was_altered_is_found_by_entry",
                "the_journal_is_exported_with_a_pin_and_verified_by_the_standard_library_alone",
            ),
        ),
        done(
            "The newest entries of a running hub, each on a line of its own",
            ("edge journal tail", "control:GET /journal"),
            of("system/control_routes", "the_newest_entries_are_shown_each_on_a_line_of_its_own"),
        ),
        done(
            "A doctor that names what is wrong and its mend",
            ("edge doctor",),
            of("system/bad_databases", "the_doctor_names_what_is_bad_and_its_mend"),
            of("system/doctor_findings", "parked_records_and_a_time_that_jumped_are_named"),
        ),
        absent("A diagnostics bundle to send away"),
    ),
)
WORK_ORDERS = Clause("T6", "Work orders", (absent("Work orders with response and repair times"),))
ACCOUNTS = Clause(
    "T7",
    "Personal accounts",
    (
        done(
            "An own account and PIN each, a role, lock-out after wrong ones, in time and for a while",
            ("counter:POST /login", "event:StaffLockedOut"),
            of(
                "staff/accounts",
                "person_is_known_by_login_and_pin",
                "too_many_wrong_pins_lock_the_account_for_a_while",
            ),
            of("counter/access", "a_wrong_pin_lets_nobody_in_and_five_lock_the_account"),
        ),
        done(
            "A technician has nothing to do with money",
            ("counter:GET /devices",),
            of("counter/access", "a_technician_has_nothing_to_do_with_money"),
            proofs("roles"),
        ),
        part(
            "Every action recorded",
            "what moves, changes or leaves the site is in the journal with its actor; looking is not",
            ("event:StaffAdded", "event:DoorOpenExplained", "event:JournalExported"),
            of("counter/doors", "a_door_is_opened_with_a_reason_in_the_name_of_who_is_signed_in"),
            of("access/door_policy", "staff_open_with_a_reason_and_the_note_is_not_in_the_journal"),
        ),
    ),
)
TECHNICIANS = (SET_UP, LIVE_STATE, TRIALS, LIFE, LOGS, WORK_ORDERS, ACCOUNTS)
