"""The scenario's data issues against the facts, and the truth that names their violations."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from order_audit.scenario import labels
from tests.rules import CHECKABLE
from tests.scenario.facts import ISSUE_FILES, ISSUES, load, read_truth, rows

Connection = psycopg.Connection[tuple[Any, ...]]


def is_about_customers(rule: str) -> bool:
    """Whether the rule's key is `customer_id`; else it is `order_id`."""
    return rule.startswith("customers.") or rule == "recreation.customer_is_not_overcommitted"


@pytest.fixture
def dirty(handed_out: Connection) -> Connection:
    """A connection to the current schema, its sample data and all data issues."""
    load(handed_out, *ISSUE_FILES)
    return handed_out


class TestTruth:
    """data-issues/truth.csv."""

    def test_names_rules_that_can_be_violated(self) -> None:
        """All of those that were there when it was made, and no rule that is not."""
        named = {rule for rule, _ in read_truth()}
        assert named <= CHECKABLE
        assert len(named) >= 42

    def test_is_sorted_without_duplicates(self) -> None:
        truth = read_truth()
        assert truth == sorted(set(truth), key=lambda line: (line[0].encode(), line[1]))

    def test_is_written_as_lines_of_two_fields(self) -> None:
        text = (ISSUES / "truth.csv").read_bytes()
        assert re.fullmatch(rb"rule,key\n(?:[a-z_]+\.[a-z_]+,[1-9][0-9]*\n)+", text)

    def test_is_the_sum_of_labels_and_sample(self) -> None:
        """`make fix` writes it."""
        found = [(label.rule, label.key) for label in labels.labels()]
        assert len(found) == len(set(found)), "a label is given twice"
        assert read_truth() == labels.truth()
        assert len(found) + sum(map(len, labels.SAMPLE.values())) == len(read_truth())

    def test_every_rule_has_a_fault_of_its_own(self) -> None:
        planted = {label.rule for label in labels.labels() if label.kind == "planted"}
        assert planted == {rule for rule, _ in read_truth()}

    def test_every_label_can_be_read(self) -> None:
        for file in ISSUE_FILES:
            lines = file.read_text(encoding="ascii").splitlines()
            started = [line for line in lines if re.match(r" *-- (planted|follows)", line)]
            assert all(re.fullmatch(r" *-- (planted|follows): [a-z_.]+( \d+)+", line) for line in started)


class TestIssues:
    """data-issues/*.sql."""

    def test_first_file_drops_the_two_constraints(self, handed_out: Connection) -> None:
        first, *_ = ISSUE_FILES
        assert first.name == "00-drop-constraints.sql"
        load(handed_out, first)
        found = rows(
            handed_out,
            "select conname from pg_constraint where conrelid = 'orders'::regclass and contype <> 'n' order by conname",
        )
        assert found == [("orders_pkey",)]

    def test_every_violating_row_is_there(self, dirty: Connection) -> None:
        customers = {key for (key,) in rows(dirty, "select customer_id from customers")}
        orders = {key for (key,) in rows(dirty, "select order_id from orders")}
        for rule, key in read_truth():
            assert key in (customers if is_about_customers(rule) else orders), (rule, key)

    def test_ids_tell_issues_from_sample(self, dirty: Connection) -> None:
        for table, key, handed, planted in (
            ("customers", "customer_id", 5, 101),
            ("orders", "order_id", 1010, 2001),
        ):
            found = rows(dirty, f"select min({key}), max({key}) from {table} where {key} > {handed}")
            assert found[0][0] == planted
            assert found[0][1] < planted + 1000

    @pytest.mark.both_versions
    def test_only_the_named_orders_refuse_to_become_jsonb(self, dirty: Connection) -> None:
        named = {key for rule, key in read_truth() if rule == "orders.delivery_args_convert_to_jsonb"}
        refused = set()
        for (order,) in rows(dirty, "select order_id from orders where delivery_script_args is not null"):
            try:
                with dirty.transaction():
                    dirty.execute("select delivery_script_args::jsonb from orders where order_id = %s", (order,))
            except psycopg.DataError:
                refused.add(order)
        assert refused == named

    @pytest.mark.both_versions
    def test_odd_balances_are_stored_as_written(self, dirty: Connection) -> None:
        dirty.execute("set extra_float_digits = 1")
        found = dict(rows(dirty, "select customer_id, customer_balance::text from customers"))
        wanted = {
            104: "12345678901234.56",
            141: "0.30000000000000004",
            143: "-0",
            153: "NaN",
            154: "Infinity",
            155: "-Infinity",
            160: "343.00000000000006",
        }
        assert {key: found[key] for key in wanted} == wanted

    def test_rubric_names_every_rule_and_file(self) -> None:
        rubric = (ISSUES / "README.md").read_text(encoding="utf-8")
        assert all(f"`{rule}`" in rubric for rule, _ in read_truth())
        assert "\n".join(labels.rubric()) in rubric, "run `make fix`"
        assert all(f"`{file.name}`" in rubric for file in ISSUE_FILES)
        assert f"{len(read_truth())} in all" in rubric

    def test_personal_values_and_secrets_can_be_traced(self, dirty: Connection) -> None:
        for column in ("customer_contact_name", "customer_phone"):
            values = [value for (value,) in rows(dirty, f"select {column} from customers") if value]
            assert len(values) == len(set(values))
        secrets = [
            secret
            for (args,) in rows(dirty, "select delivery_script_args::text from orders")
            for secret in re.findall(r"(?:made-up|not-a-real)-[a-z0-9-]+", args or "")
        ]
        assert sorted({secret for secret in secrets if secrets.count(secret) > 1}) == ["made-up-key-2338"]
