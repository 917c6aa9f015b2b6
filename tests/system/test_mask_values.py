"""The mask itself: values, names and texts keep their shape and lose what they say."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_audit.audit import mask
from tests.system.masking import PLACEHOLDERS

JSON, TEXT, JSONB, VARCHAR = 114, 25, 3802, 1043


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("Ada.Lovelace@example.com ", "A••.••••••••@•••••••.••• "),
        ("555-1234", "•••-••••"),
        ("\tAnn\u200b O'Neil\n", "\tA••\u200b •'••••\n"),
        ("Élan", "É•••"),
        ("abc", "•••"),
        ("  ", "  "),
        ("", ""),
        ("N/A", "N/A"),
        (" Unknown ", " Unknown "),
        ("TEST", "TEST"),
        ("Testing Road 5", "T•••••• •••• •"),
    ],
)
def test_a_mask_keeps_the_shape(value: str, masked: str) -> None:
    """Length, punctuation and white space stay, letters and digits go, placeholders stay."""
    assert mask.text(value, whole=True) == masked


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("sent to a.b+c@example.com twice", "sent to a.•+•@•••••••.••• twice"),
        ("call (212) 555-0104 now", "call (•••) •••-•••• now"),
        ("+44 20 7946 0958", "+•• •• •••• ••••"),
        ("1-787-555-0102", "•-•••-•••-••••"),
        ("call 555-0104.", "call •••-••••."),
    ],
)
def test_addresses_and_numbers_within_a_text_are_masked(value: str, masked: str) -> None:
    """Values with a recognisable format are masked in any text."""
    assert mask.text(value, whole=False) == masked


@pytest.mark.parametrize(
    "value",
    [
        "active", "CA", "1001", "-50", "343.00000000000006", "1e+20", "2024-02-29", "2024-02-29 10:11:12.131415+00",
        "2024-02-29T10:11:12Z", "P1DT2H3M4S", "10:11:12", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "0" * 336,
        "01" * 168, "12345678901234.56", "1,234,567.89", "secret-ref:crm/key-2340", "email_delivery",
        "1001, 1002, 1003", "order 1001 of customer 5", "v1.2.3", "100 %", "16/9", "0.1 + 0.2",
    ],
)  # fmt: skip
def test_a_mask_raises_no_false_alarm(value: str) -> None:
    """Ids, dates, bitmaps, amounts and plain words are let through."""
    assert mask.value(value, TEXT, {"note"}) == value


@pytest.mark.parametrize(
    ("name", "personal"),
    [
        ("customer_email", True), ("customerEmail", True), ("E-Mail", True), ("customer_contact_name", True),
        ("customer_phone", True), ("address", True), ("street_address", True), ("billingAddressLine1", True),
        ("zip", True), ("api_key", True), ("api-key", True), ("apiKey", True), ("db_password", True),
        ("client_secret", True), ("accessToken", True), ("X-Authorization", True), ("private_key", True),
        ("order_id", False), ("order_ref", False), ("order_status", False), ("order_schedule", False),
        ("order_amount", False), ("address_state", False), ("customer_balance", False), ("customer_name", False),
        ("contact_id", False), ("email_count", False), ("phone_type", False), ("delivery_script_name", False),
        ("recreated_at", False), ("description", False), ("shipping", False), ("hotel", False),
        # parts of a name, side by side, in any order and spelling
        ("first_name", True), ("nameFirst", True), ("lastName", True), ("LAST_NAME", True), ("full_name", True),
        ("fullname", True), ("contactFirstName", True), ("middle-name", True), ("user_name", True), ("nickname", True),
        ("card_number", True), ("cardNumber", True), ("creditCardNo", True), ("cardholder_name", True), ("cvv", True),
        ("iban", True), ("bank_account", True), ("account_number", True), ("ssn", True), ("social_security_no", True),
        ("national_id", True), ("taxNumber", True), ("drivers_license_number", True), ("passport_no", True),
        ("date_of_birth", True), ("birthYear", True), ("post_code", True), ("ip_address", True),
        ("name", False), ("file_name", False), ("table_name", False), ("product_name", False), ("first_seen", False),
        ("last_login", False), ("card_type", False), ("account_id", False), ("number", False),
        ("invoice_number", False),
        ("birth_country", False), ("phone_country", False), ("email_sent_at", False), ("first_name_count", False),
        ("currency_code", False), ("score_card", False), ("name_of_first_table", False),
    ],
)  # fmt: skip
def test_names_tell_what_is_personal(name: str, personal: bool) -> None:
    """By the words that a name is made of, not by letters that happen to stand in it."""
    assert mask.is_personal({name}) is personal


def test_what_nobody_knows_is_personal() -> None:
    """A value of unknown origin is masked; one name among many is enough."""
    assert mask.is_personal(None)
    assert mask.is_personal({"order_id", "address"})
    assert not mask.is_personal(set())


@pytest.mark.parametrize("letter", ["a", "1", "a.", "1 ", "@", "a@", "+1", "(", '{"a":', "\u200b"])
@pytest.mark.parametrize("whole", [True, False])
def test_long_texts_are_masked_in_no_time(letter: str, whole: bool) -> None:
    """As much text as one piece of evidence can hold; a run shows up to ten thousand of them per rule."""
    began = time.process_time()
    mask.text((letter * 10_000)[:10_000], whole=whole)
    assert time.process_time() - began < 2  # what grows with the square takes longer


def test_huge_texts_are_masked() -> None:
    """Five million letters, all of them masked."""
    masked = mask.text("Ab3 " * 1_250_000, whole=True)
    assert len(masked) == 5_000_000
    assert set(masked[1:]) == {"•", " "}


def test_numbers_and_nothing_are_let_through() -> None:
    """NULL, truth values and numbers of harmless columns keep their types; those of personal ones are masked."""
    assert mask.value(None, TEXT, {"customer_email"}) is None
    assert mask.value(True, 16, {"email_verified"}) is True
    assert mask.value(-25.5, 701, {"customer_balance"}) == -25.5
    assert mask.value(5551234, 23, {"customer_phone"}) == "•••••••"
    assert (
        mask.value("{ann@example.com,bob@example.com}", 1009, {"customer_email"}) == "{a••@•••••••.•••,•••@•••••••.•••}"
    )


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=4))
def test_any_text_loses_its_letters_and_digits(value: str) -> None:
    """Only the first letter is left, and only if it is one; all else keeps its place."""
    masked = mask.text(value, whole=True)
    if masked == value and value.strip().lower() in PLACEHOLDERS | {"", "xxx", "na", "nil", "-", ".", "?"}:
        return
    assert len(masked) == len(value)
    first = next((place for place, letter in enumerate(value) if letter.isalnum()), -1)
    for place, (was, now) in enumerate(zip(value, masked, strict=True)):
        if place != first:
            assert now == ("•" if was.isalnum() else was)


@pytest.mark.parametrize(
    ("said", "state", "shown"),
    [
        ('invalid input syntax for type integer: "ann@example.com"', "22P02",
         'invalid input syntax for type integer: "…"'),
        ('invalid value "Ann O\'Neil" for "YYYY"', "22007", 'invalid value "…"'),
        ("canceling statement due to statement timeout", "57014", "canceling statement due to statement timeout"),
        ("permission denied for table customers", "42501", "permission denied for table customers"),
        ("division by zero", "22012", "division by zero"),
    ],
)  # fmt: skip
def test_messages_lose_what_they_quote(said: str, state: str, shown: str) -> None:
    """A server's message without the value, and untouched where there is none."""
    assert mask.message(said, state) == shown


def test_raised_messages_are_hidden() -> None:
    """A message raised by a function may contain any text."""
    shown = mask.message("cannot use ann@example.com", "P0001")
    assert "ann" not in shown
    assert "--unmask" in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("dblink('host=a password=hunter2 user=b'::text, 's')", "dblink('host=a password=•••• user=b'::text, 's')"),
        ("dblink('postgresql://bob:hunter2@db/x'::text)", "dblink('postgresql://bob:••••@db/x'::text)"),
        ("dblink('host=a PASSWORD=hunter2')", "dblink('host=a PASSWORD=••••')"),
        ("WHERE u.password = v.password", "WHERE u.password = v.password"),
        ("SELECT 'https://a.example:80/b' AS at", "SELECT 'https://a.example:80/b' AS at"),
    ],
)
def test_passwords_in_scripts(written: str, shown: str) -> None:
    """A view on another server may hold one; what only looks like it stays."""
    assert mask.passwords(written) == shown


@pytest.mark.parametrize("kind", [3904, 4451])
def test_ranges_of_numbers_hold_no_text(kind: int) -> None:
    """They begin as a document does, and are none; where they tell of a person they are masked as all is."""
    assert mask.value("{[16,34),[64,82)}", kind, {"half_hours"}) == "{[16,34),[64,82)}"
    assert mask.value("{[16,34),[64,82)}", kind, None) == "{[••,••),[••,••)}"
