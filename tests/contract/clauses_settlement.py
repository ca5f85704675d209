"""B8 to B14: share, statement, match, audit, service levels, collection rate, data duties."""

from tests.contract.clause import Clause, absent, done, of, part, proofs

SHARE = Clause(
    "B8",
    "Revenue share (S1)",
    (
        part(
            "All income inside the site is joint income: the app's sales of the site come down, a day and payee each",
            "every sale carries its kiosk and contract version, not channel and fence version; nothing reckons the share",
            ("event:SaleSettled",),
            of("cloud_sync/bad_feed", "the_days_of_the_app_reach_the_settlement_room"),
            of("shop/checkout", "a_sale_keeps_the_contract_version_it_was_placed_with"),
        ),
        absent(
            "10 % of sales income to the property company, points out of it, who collects as contract data"
        ),
    ),
)
STATEMENT = Clause(
    "B9",
    "Statement 结算单",
    (
        part(
            "Sales, refunds, points and fees re-computable from the journal to the fen",
            "as a trial balance and its check; there is no statement of a day or month",
            ("edge books show", "edge books verify", "control:GET /books/verify"),
            of("books/verification", "right_books_have_no_differences", "each_difference_is_named"),
            proofs("ledger"),
        ),
        absent("Drafted, sent, confirmed or disputed, invoiced, paid"),
        absent(
            "Other contract forms: commission above a target, fixed, per order, tiered, deductions, penalties"
        ),
    ),
)
MATCH = Clause(
    "B10",
    "Three-way match 对账",
    (
        done(
            "Next day journal, channel's bill and platform: missing here, missing there, amount differs",
            ("counter:GET /match", "edge match run", "event:DayMatched"),
            of("settlement/match", "every_difference_has_its_kind", "what_all_three_say_alike_is_agreed"),
            of("cloud_sync/settlement", "a_day_of_sales_and_a_refund_agrees_to_the_fen"),
            proofs("days"),
        ),
        done(
            "A difference is a case that a person closes with reason and words, or that vanishes when all agree",
            ("counter:GET /cases", "edge cases close", "event:CaseOpened", "event:CaseClosed"),
            of(
                "settlement/cases",
                "a_difference_opens_one_case_however_often_it_is_matched",
                "without_a_reason_and_words_nobody_closes",
            ),
            of("counter/cases", "a_supervisor_closes_a_case_with_reason_and_words"),
        ),
        part(
            "Over the bills of real channels",
            "their files are read by the published rules, from local servers",
            ("platform:GET /v1/sites/{site}/channel-bills/{date}",),
            of("cloud_sync/real_channels", "the_bill_of_the_day_before_is_read_in_yuan"),
        ),
    ),
)
AUDIT = Clause(
    "B11",
    "Audit (S3 4.1.8)",
    (
        done(
            "A read-only auditor with an own account, at any time",
            ("counter:GET /", "counter:GET /records"),
            of("counter/orders", "an_auditor_looks_and_moves_nothing"),
            proofs("roles"),
        ),
        done(
            "Export of the journal, and the proof by a second program that nothing was altered",
            ("edge journal export", "edge journal verify", "event:JournalExported"),
            of(
                "system/command_line",
                "the_journal_is_exported_with_a_pin_and_verified_by_the_standard_library_alone",
                "a_journal_that_was_altered_is_found_by_entry",
            ),
            of("store/journal", "planted_change_turns_verification_red"),
            proofs("journal"),
        ),
        part(
            "Export of sales",
            "the match and its cases as a table; sales only as journal entries",
            ("counter:POST /match/export", "counter:POST /cases/export", "event:MatchExported"),
            of("counter/cases", "files_are_taken_by_name"),
        ),
    ),
)
SERVICE_LEVELS = Clause(
    "B12",
    "Service levels (S4, S3 3.1.7)",
    (
        part(
            "Availability and faults are seen: parts, findings, alarms, a sample a minute",
            "nothing is held against a level; no fault or repair times, no monthly report",
            (
                "edge status",
                "counter:GET /devices",
                "platform:GET /operator/sites/{site}",
                "event:AlarmRaised",
            ),
            of("service/gauges", "every_gauge_of_the_table_is_read"),
            of("cloud_sync/operators", "the_page_of_a_site_tells_what_needs_a_person"),
        ),
        part(
            "Manual take-over is offered on an outage",
            "screens say what still works; the property company is not told at once, and no class beyond two hours",
            ("screen:idle",),
            of("kiosk/words", "banners_and_scans_are_said_in_both_languages"),
            of("system/faults_on_the_way", "what_needs_no_network_goes_on_and_everything_arrives_once"),
        ),
        absent("Order accuracy, delivery on time, enquiry response, solution rate, satisfaction"),
    ),
)
COLLECTION_RATE = Clause(
    "B13",
    "Collection rate 收缴率 (S1)",
    (absent("Current period and old arrears apart, with and without points, against baseline and target"),),
)
DATA_DUTIES = Clause(
    "B14",
    "Data duties (S0, S1, S4)",
    (
        done(
            "Stored and sent safely: TLS both ways with a device's own certificate, sealed backups",
            ("edge enrol", "edge backup create"),
            of(
                "cloud_sync/tls",
                "another_authority_is_refused_always",
                "dates_are_judged_by_the_trusted_clock_alone",
            ),
            of("backups/contents", "nothing_plain_lies_on_the_stick"),
            proofs("rogues"),
        ),
        done(
            "No loss: what was answered is on disk, and both sides have the same",
            ("edge journal verify", "platform:GET /v1/sites/{site}/figures"),
            of("cloud_sync/uplink", "a_lost_acknowledgement_doubles_nothing"),
            of(
                "system/platform_killed",
                "a_database_killed_under_the_platform_loses_nothing_and_is_found_again",
            ),
            proofs("power-cut", "network", "kill-9", "platform-kill"),
        ),
        done(
            "No unlawful alteration: a chain of hashes, counter-signed by the platform",
            ("edge journal verify", "event:JournalCut"),
            of(
                "store/journal",
                "planted_change_turns_verification_red",
                "planted_hole_turns_verification_red",
            ),
            of("cloud_sync/checkpoints", "what_is_in_custody_is_counter_signed_and_kept"),
        ),
        done(
            "No leak: payment codes, names and secrets are in no row, log or dump that need not have them",
            ("event:PaymentRequested",),
            of("system/payment_codes", "a_payment_code_is_found_nowhere"),
            of("links/dumps", "a_crash_leaves_no_image_of_the_memory"),
            of("staff/accounts", "pin_is_kept_as_a_slow_hash_only_and_no_name_is_journalled"),
        ),
        part(
            "Hand-over export at the end of the contract",
            "journal and backup can be handed over; there is no export of all data in an open form",
            ("edge journal export", "edge backup create"),
            of(
                "system/command_line",
                "the_journal_is_exported_with_a_pin_and_verified_by_the_standard_library_alone",
            ),
        ),
        done(
            "Erasure of a person on the platform's word, proved in the files, while the chain holds",
            ("event:PersonErased",),
            of("homes/erasure", "after_it_nothing_in_the_database_does"),
            of("cloud_sync/erasing", "the_bytes_of_an_erased_person_are_in_no_file"),
            of("cloud_sync/erased_people", "a_backup_from_before_an_erasure_brings_nobody_back"),
            of(
                "cloud_sync/bad_feed",
                "an_erasure_is_obeyed_answered_and_then_forgotten_by_the_platform",
            ),
            of(
                "cloud_sync/platform_forgets",
                "an_erased_person_is_in_no_table_and_no_byte_of_the_platform",
            ),
        ),
        absent("Provable erasure of a whole site at the end of the contract"),
    ),
)
SETTLEMENT = (SHARE, STATEMENT, MATCH, AUDIT, SERVICE_LEVELS, COLLECTION_RATE, DATA_DUTIES)
