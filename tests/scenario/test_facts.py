"""The scenario's files against the facts: Compose file, schema, sample data, data issues."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import yaml

from order_audit.scenario import labels
from tests.rules import CHECKABLE

ROOT: Final = Path(__file__).parents[2]
SCENARIO: Final = ROOT / "order_audit" / "scenario"
SCHEMA: Final = SCENARIO / "current" / "schema.sql"
SAMPLE: Final = SCENARIO / "sample-data.sql"
ISSUES: Final = SCENARIO / "data-issues"
ISSUE_FILES: Final = sorted(ISSUES.glob("*.sql"))
SQL_FILES: Final = [SCHEMA, SAMPLE, *ISSUE_FILES]
INIT: Final = "/docker-entrypoint-initdb.d/"

OFFICE_HOURS: Final = ("0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8) * 6 + "0" * 10 + "1" * 2
ALWAYS: Final = "1" * 336
NEVER: Final = "0" * 336

Connection = psycopg.Connection[tuple[Any, ...]]


def load(connection: Connection, *files: Path) -> None:
    """Run each file as one batch, as a client does that knows nothing of psql."""
    for file in files:
        connection.execute(file.read_bytes())


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(query.encode()).fetchall()


def is_about_customers(rule: str) -> bool:
    """Whether the rule's key is `customer_id`; else it is `order_id`."""
    return rule.startswith("customers.") or rule == "recreation.customer_is_not_overcommitted"


def read_truth() -> list[tuple[str, int]]:
    """The lines of truth.csv below its header."""
    with (ISSUES / "truth.csv").open(encoding="ascii", newline="") as lines:
        header, *body = csv.reader(lines)
    assert header == ["rule", "key"]
    return [(rule, int(key)) for rule, key in body]


@pytest.fixture
def empty(dsn: str) -> Iterator[Connection]:
    """A connection to an empty database."""
    with psycopg.connect(dsn) as connection:
        yield connection


@pytest.fixture
def current(empty: Connection) -> Connection:
    """A connection to the current schema, without data."""
    load(empty, SCHEMA)
    return empty


@pytest.fixture
def handed_out(current: Connection) -> Connection:
    """A connection to the current schema and its sample data."""
    load(current, SAMPLE)
    return current


@pytest.fixture
def dirty(handed_out: Connection) -> Connection:
    """A connection to the current schema, its sample data and all data issues."""
    load(handed_out, *ISSUE_FILES)
    return handed_out


class TestCompose:
    """docker-compose.yml."""

    @pytest.fixture
    def compose(self) -> dict[str, Any]:
        """The whole file."""
        text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
        loaded: dict[str, Any] = yaml.safe_load(text)
        return loaded

    @pytest.fixture
    def service(self, compose: dict[str, Any]) -> dict[str, Any]:
        """Its one service."""
        assert list(compose["services"]) == ["postgres-orders"]
        service: dict[str, Any] = compose["services"]["postgres-orders"]
        return service

    def test_server_and_its_account(self, service: dict[str, Any]) -> None:
        assert service["image"] == "postgres:15"
        assert service["container_name"] == "service-db"
        assert service["environment"] == {
            "POSTGRES_DB": "order_migration",
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": "postgrespassword",
        }

    def test_port_is_text(self, service: dict[str, Any]) -> None:
        assert service["ports"] == ["5432:5432"]
        assert '"5432:5432"' in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    def test_network_has_exactly_this_name(self, compose: dict[str, Any], service: dict[str, Any]) -> None:
        assert service["networks"] == ["migration-network"]
        assert compose["networks"]["migration-network"]["name"] == "migration-network"

    def test_nothing_is_kept(self, compose: dict[str, Any], service: dict[str, Any]) -> None:
        assert service["tmpfs"] == ["/var/lib/postgresql/data"]
        assert "volumes" not in compose
        for mount in service["volumes"]:
            source, _, mode = mount.split(":")
            assert source.startswith("./")
            assert mode == "ro"

    def test_healthy_once_the_real_server_answers(self, service: dict[str, Any]) -> None:
        kind, command = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        assert command.split() == [
            "pg_isready",
            "--host=127.0.0.1",
            "--username=postgres",
            "--dbname=order_migration",
        ]

    def test_schema_is_loaded_before_the_data(self, service: dict[str, Any]) -> None:
        sources = {target: ROOT / source for source, target, _ in (m.split(":") for m in service["volumes"])}
        assert all(target.startswith(INIT) and target.endswith(".sql") for target in sources)
        assert [sources[target].resolve() for target in sorted(sources)] == [SCHEMA.resolve(), SAMPLE.resolve()]
        assert SCHEMA.is_file()
        assert SAMPLE.is_file()


class TestFiles:
    """What makes a file load with any client."""

    @pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.name)
    def test_is_plain_sql(self, file: Path) -> None:
        text = file.read_bytes().decode("ascii")
        statements = re.sub(r"--.*", "", text)
        assert not re.search(r"^\s*\\", statements, re.MULTILINE), "a command of psql's own"
        assert not re.search(r"^\s*(begin|commit|rollback|copy|set)\b", statements, re.MULTILINE)
        assert not re.search(r"\b(public|pg_catalog)\.", statements)
        assert text.endswith("\n")

    @pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.name)
    def test_holds_only_made_up_addresses(self, file: Path) -> None:
        domains = re.findall(r"\w@([A-Za-z0-9.-]+)", file.read_text(encoding="ascii"))
        assert all(re.search(r"(^|\.)example(\.(com|org|net))?$", domain.lower()) for domain in domains)

    @pytest.mark.both_versions
    def test_load_into_the_schema_that_search_path_names(self, empty: Connection) -> None:
        empty.execute("create schema elsewhere")
        empty.execute("set search_path to elsewhere")
        load(empty, *SQL_FILES)
        found = rows(
            empty,
            "select schemaname, tablename from pg_tables where tablename in ('customers', 'orders') order by tablename",
        )
        assert found == [("elsewhere", "customers"), ("elsewhere", "orders")]


class TestSchema:
    """current/schema.sql."""

    @pytest.mark.parametrize(
        ("table", "columns"),
        [
            (
                "customers",
                [
                    ("customer_id", "integer", True, "nextval('customers_customer_id_seq'::regclass)"),
                    ("customer_name", "text", True, None),
                    ("customer_email", "text", True, None),
                    ("customer_contact_name", "character varying(100)", True, None),
                    ("customer_phone", "character varying(20)", False, None),
                    ("address", "text", True, None),
                    ("address_state", "text", True, None),
                    ("customer_balance", "double precision", True, "0.0"),
                ],
            ),
            (
                "orders",
                [
                    ("order_id", "integer", True, "nextval('orders_order_id_seq'::regclass)"),
                    ("order_ref", "integer", True, None),
                    ("customer_id", "integer", True, None),
                    ("order_schedule", "bit(336)", True, "(repeat('0'::text, 336))::bit(336)"),
                    ("delivery_script_name", "text", False, None),
                    ("delivery_script_args", "json", False, None),
                    ("order_amount", "integer", True, "0"),
                    ("order_status", "text", True, "'pending'::text"),
                ],
            ),
        ],
    )
    def test_columns(self, current: Connection, table: str, columns: list[tuple[Any, ...]]) -> None:
        found = rows(
            current,
            f"""
            select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   pg_get_expr(d.adbin, d.adrelid)
            from pg_attribute as a
            left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = '{table}'::regclass and a.attnum > 0
            order by a.attnum
            """,
        )
        assert found == columns

    @pytest.mark.both_versions
    def test_constraints(self, current: Connection) -> None:
        # PostgreSQL 18 lists NOT NULL among the constraints ("n"), 15 does not.
        found = dict(
            rows(
                current,
                "select conname, pg_get_constraintdef(oid) from pg_constraint"
                " where conrelid in ('customers'::regclass, 'orders'::regclass) and contype <> 'n'",
            )
        )
        check = found.pop("chk_status")
        statuses = {"pending", "active", "paused", "cancelled", "expired", "recreated"}
        assert set(re.findall(r"'(\w+)'", check)) == statuses
        assert found == {
            "customers_pkey": "PRIMARY KEY (customer_id)",
            "orders_pkey": "PRIMARY KEY (order_id)",
            "orders_customer_id_fkey": "FOREIGN KEY (customer_id) REFERENCES customers(customer_id)",
        }

    def test_no_index_but_the_keys(self, current: Connection) -> None:
        found = rows(current, "select indexname from pg_indexes where tablename in ('customers', 'orders')")
        assert sorted(found) == [("customers_pkey",), ("orders_pkey",)]

    def test_order_ref_is_called_a_parent(self, current: Connection) -> None:
        [[comment]] = rows(
            current,
            "select col_description(attrelid, attnum) from pg_attribute"
            " where attrelid = 'orders'::regclass and attname = 'order_ref'",
        )
        assert "parent order" in comment
        assert "performance tracking" in comment

    def test_a_new_order_never_runs(self, current: Connection) -> None:
        load(current, SAMPLE)
        found = rows(
            current,
            "insert into orders (order_ref, customer_id) values (1, 1)"
            " returning order_schedule::text, order_amount, order_status",
        )
        assert found == [(NEVER, 0, "pending")]


class TestSampleData:
    """sample-data.sql."""

    def test_customers(self, handed_out: Connection) -> None:
        found = rows(
            handed_out,
            "select customer_id, customer_balance, address_state from customers order by customer_id",
        )
        assert found == [(1, 1000, "CA"), (2, 2500, "NY"), (3, 500, "TX"), (4, 3000, "FL"), (5, 750, "WA")]

    def test_phones_have_seven_digits(self, handed_out: Connection) -> None:
        phones = [phone for (phone,) in rows(handed_out, "select customer_phone from customers")]
        assert all(re.fullmatch(r"555-\d{4}", phone) for phone in phones)
        assert len(set(phones)) == 5

    def test_orders(self, handed_out: Connection) -> None:
        found = rows(
            handed_out,
            "select order_id, order_ref, customer_id, order_schedule::text, delivery_script_name,"
            " order_amount, order_status from orders order by order_id",
        )
        assert found == [
            (1001, 1001, 1, OFFICE_HOURS, "email_delivery", 150, "active"),
            (1002, 1002, 2, ALWAYS, "custom_crm", 300, "active"),
            (1003, 1003, 3, NEVER, None, 100, "pending"),
            (1004, 1004, 4, ALWAYS, "bulk_delivery", 500, "active"),
            (1005, 1004, 4, ALWAYS, "bulk_delivery", 100, "active"),
            (1006, 1004, 4, ALWAYS, "bulk_delivery", 100, "active"),
            (1007, 1007, 5, OFFICE_HOURS, None, 200, "paused"),
            (1008, 1008, 1, NEVER, "custom_crm", 0, "cancelled"),
            (1009, 1009, 2, ALWAYS, "bulk_delivery", 450, "active"),
            (1010, 1010, 3, OFFICE_HOURS, "email_delivery", 75, "expired"),
        ]

    def test_office_hours_turn_in_54_half_hours(self) -> None:
        assert len(OFFICE_HOURS) == 336
        periods = [p for p in range(1, 168) if OFFICE_HOURS[p:] == OFFICE_HOURS[:-p]]
        assert periods == [54, 108, 162]

    def test_arguments(self, handed_out: Connection) -> None:
        found = dict(rows(handed_out, "select order_id, delivery_script_args from orders"))
        assert sorted(order for order, args in found.items() if args is not None) == [1001, 1002, 1008, 1010]
        for order in (1001, 1010):
            assert list(found[order]) == ["email_address"]
            assert re.fullmatch(r"[a-z]+@[a-z.]+\.example\.(com|org)", found[order]["email_address"])
        keys = [found[order].pop("api-key") for order in (1002, 1008)]
        assert found[1002] == found[1008] == {}
        assert len(set(keys)) == 2, "two customers, two keys"
        assert all(key.startswith("not-a-real-key-") for key in keys)

    def test_sequences_are_left_behind(self, handed_out: Connection) -> None:
        for sequence in ("customers_customer_id_seq", "orders_order_id_seq"):
            assert rows(handed_out, f"select last_value, is_called from {sequence}") == [(1, False)]
        with pytest.raises(psycopg.errors.UniqueViolation, match="customers_pkey"):
            handed_out.execute(
                "insert into customers"
                " (customer_name, customer_email, customer_contact_name, address, address_state)"
                " values ('New', 'new@example.com', 'New', 'New', 'CA')"
            )


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
