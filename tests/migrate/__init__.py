"""The migration to the proposed schema.

What was tried on an earlier version, its outcome now, and the test that shows it (`test_trials.py` looks whether each
is there; those of the suite stand in tests/scan/test_suite_proposed.py):

Daily rule
    the job three times on a day recreates once: test_the_job_recreates_each_due_order_once_a_day
    three jobs at once recreate once: test_three_runs_at_once_recreate_once
    the next day goes on; midnight; clock changes: test_the_next_day_goes_on_with_the_successors,
        test_a_run_across_midnight_is_of_the_day_that_it_is_for, test_a_day_begins_at_midnight_in_new_york
    no record because of a null time, another balance or amount, a second successor, a cycle, a later predecessor,
        changed or deleted records, a ledger entry of zero: refused: test_what_the_schema_refuses
    transitions of a status are free, and their suspicious results are found: test_what_the_schema_lets_in_is_found
Concurrency
    old job and new job, in every phase and at once: test_a_second_job_of_the_day_changes_nothing,
        test_jobs_of_both_sides_at_once_do_not_deadlock
    one order recreated by both sides once: test_an_order_is_recreated_by_one_of_both_nightly_jobs
    a transaction whose snapshot is older than a copy: test_a_writer_with_an_older_snapshot_leaves_no_former_copy
    a debit during a recreation: test_nobody_spends_what_the_other_side_spent,
        test_an_old_job_waits_for_a_debit_after_the_contract
End
    cents, numbers beyond 32 bits and long names are accepted: test_what_old_columns_could_not_hold_is_accepted
    numbers continue: test_identities_continue_the_old_sequences
Quarantine
    the switch stops, with counts, money and fixes: test_the_switch_stops_for_rows_in_quarantine_and_says_which
    backfill and triggers round alike: test_backfill_and_triggers_admit_the_same_balances
    fixes work after the switch: test_fixes_work_in_every_phase
Sqitch and psql
    row-level security stops all three ways: test_row_level_security_stops_all_three
    a failure keeps the copied rows: test_sqitch_keeps_the_copied_rows_when_its_backend_ends
    ways do not mix: test_the_program_refuses_what_sqitch_has_begun, test_sqitch_refuses_what_the_program_has_begun
    files say whether they can be run again: test_each_file_can_be_run_again_or_says_why_not
Capacity
    disk, write-ahead log and time are measured: test_the_dry_run_measures_what_the_steps_take
Dependents
    listed, and named where they stop a step: test_dependents_are_listed_migrated_and_named_at_the_end,
        test_what_cannot_be_migrated_stops_the_migration_before_it_begins
Roles, secrets, persons
    privileges by role: test_a_role_may_do_what_is_listed_and_nothing_else
    settings bypass nothing: test_settings_bypass_nothing
    a secret is rotated by one statement, hidden and forgotten: test_one_statement_rotates_a_secret_everywhere,
        test_hidden_secrets_do_not_come_back, test_secrets_of_closed_lineages_are_forgotten
    a person is erased, the books stay: test_nothing_of_a_person_is_left_but_the_books
Partitions
    after retire, without copying: test_no_row_is_read_under_the_lock_and_the_way_back_is_exact
Runs
    killed, added columns, open writers, prepared statements, bad rows in each phase:
        test_it_may_be_killed_at_any_moment, test_added_columns_are_taken_along_to_the_end,
        test_who_has_read_may_write_while_a_step_waits_for_them,
        test_nobody_notices_the_migration, test_nobody_notices_it_with_data_as_it_is,
        test_every_reason_is_a_violation_that_the_audit_finds
    the whole way by the runbook's commands: test_every_command_of_the_runbook_runs_in_its_order
"""
