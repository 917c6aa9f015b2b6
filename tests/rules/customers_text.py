"""Rules on customers' texts: of each a second computation, cases, and mutations."""

from __future__ import annotations

import unicodedata

from tests.rules.cases import SINGLE_VALUES, values
from tests.rules.mutations import MUTATIONS, change_customer, mutation
from tests.support.oracle import Ledger, of_customers
from tests.support.oracle_rows import Customer
from tests.support.oracle_values import PLACEHOLDERS, UNCLEAN, WHITE_SPACE, is_blank


@of_customers
def customers_required_text_is_present(customer: Customer, _: Ledger) -> bool:
    """A text that is missing."""
    return any(text is None or is_blank(text) for text in customer.required_texts)


SINGLE_VALUES["customers.required_text_is_present"] = (
    [
        {column: text}
        for column in (
            "customer_name", "customer_email", "customer_contact_name", "address", "address_state",
        )
        for text in (None, "", " \t\n\r\f\v")
    ],
    [*values("customer_phone", None, ""), *values("address", "\u00a0", "\u2003", "-", "\x1c")],
)  # fmt: skip
MUTATIONS += [
    # Blank e-mails are not the same e-mail, but they are missing and not valid.
    mutation(
        "two blank e-mails",
        "update customers set customer_email = '' where customer_id in (5, 6)",
        "customers.required_text_is_present",
        "customers.email_is_valid",
    ),
    mutation("an empty name", change_customer(6, "customer_name = ''"), "customers.required_text_is_present"),
    mutation("no name", change_customer(6, "customer_name = null"), "customers.required_text_is_present"),
    mutation("no e-mail", change_customer(6, "customer_email = null"), "customers.required_text_is_present"),
    mutation("no contact", change_customer(6, "customer_contact_name = null"), "customers.required_text_is_present"),
    mutation("no address", change_customer(6, "address = null"), "customers.required_text_is_present"),
    mutation("no state", change_customer(6, "address_state = null"), "customers.required_text_is_present"),
    # A state that is empty is not one of the states.
    mutation(
        "an empty state",
        change_customer(6, "address_state = ''"),
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
    ),
    # White space alone is blank, and it starts and ends with white space.
    mutation(
        "an address of white space",
        change_customer(6, r"address = e' \t\n\r\f\x0b'"),
        "customers.required_text_is_present",
        "customers.text_is_clean",
    ),
    mutation(
        "a blank state in char(2)",
        "alter table customers alter column address_state type char(2);" + change_customer(6, "address_state = ''"),
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
    ),
]


@of_customers
def customers_text_is_clean(customer: Customer, _: Ledger) -> bool:
    """Characters that are not seen."""
    return any(text != text.strip(WHITE_SPACE) or UNCLEAN.search(text) for text in customer.texts)


SINGLE_VALUES["customers.text_is_clean"] = (
    [
        *values(
            "address", *(space + "x" for space in " \t\n\r\f\v"),
            *("x" + space for space in " \t\n\r\f\v"),
        ),
        *values(
            "address", "a\tb", "a\nb", "\x01", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\u00a0",
            "\u00ad",
        ),
        *values(
            "address", "\u200b", "\u200d", "\u200f", "\u202a", "\u202e", "\u2060", "\u2064", "\u2066",
        ),
        *values("address", "\u2069", "\ufeff", "\ufffd", " "),
        {"customer_name": "x "},
        {"customer_email": " x"},
        {"customer_contact_name": "x\u200b"},
        {"customer_phone": "\u202d2125550100"},
        {"address_state": "CA "},
    ],
    [
        *values("address", None, "", "x", "a b", "~", "\u00a1", "\u2003", "\u200a", "\u2010", "\u2028"),
        *values(
            "address", "\u2029", "\u202f", "\u205f", "\u2065", "\u206a", "\u3000", "\ufffc", "\u00e9",
        ),
        *values("address", "e\u0301", "\U0001f680"),
        {"customer_phone": None},
    ],
)  # fmt: skip
MUTATIONS += [
    mutation("a name with a space at the end", change_customer(6, "customer_name = 'Fir '"), "customers.text_is_clean"),
    mutation(
        "a contact with a tab within",
        change_customer(6, r"customer_contact_name = e'Fr\tank'"),
        "customers.text_is_clean",
    ),
    mutation(
        "an address with a zero width space",
        change_customer(6, r"address = e'6 Hill\u200b'"),
        "customers.text_is_clean",
    ),
    mutation(
        "a name that reads from right to left",
        change_customer(6, r"customer_name = e'\u202eFir'"),
        "customers.text_is_clean",
    ),
    mutation(
        "an address with a lost character",
        change_customer(6, r"address = e'6 H\ufffdll'"),
        "customers.text_is_clean",
    ),
    mutation("a name with two spaces within", change_customer(6, "customer_name = 'Fir  Windows'")),
]


@of_customers
def customers_text_is_normalised(customer: Customer, _: Ledger) -> bool:
    """Two spellings of one character."""
    return any(not unicodedata.is_normalized("NFC", text) for text in customer.texts)


SINGLE_VALUES["customers.text_is_normalised"] = (
    [
        *values("address", "e\u0301", "A\u030a", "\u212b", "\u2126", "\u1112\u1161\u11ab", "\u0958"),
        {"customer_name": "e\u0301"},
        {"customer_email": "e\u0301"},
        {"customer_contact_name": "e\u0301"},
        {"customer_phone": "e\u0301"},
        {"address_state": "e\u0301"},
    ],
    [
        *values("address", None, "", "\u00e9", "\ufb01", "\u0915\u093c", "\ud55c"),
        {"customer_phone": None},
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a name with a combining accent",
        change_customer(6, r"customer_name = e'Fi\u0301r'"),
        "customers.text_is_normalised",
    ),
    mutation(
        "an address with a combining accent",
        change_customer(6, r"address = e'6 Hi\u0308ll'"),
        "customers.text_is_normalised",
    ),
]


@of_customers
def customers_text_is_not_placeholder(customer: Customer, _: Ledger) -> bool:
    """A text that only fills the field."""
    texts = [text for text in customer.required_texts if text is not None]
    return any(text.lower().strip(WHITE_SPACE) in PLACEHOLDERS for text in texts)


SINGLE_VALUES["customers.text_is_not_placeholder"] = (
    [
        *values("address", *PLACEHOLDERS, " N/A ", "\tNull\v", "TESTING", "XxX\n"),
        {"customer_name": "none"},
        {"customer_email": "test"},
        {"customer_contact_name": "-"},
        {"address_state": "NA"},
    ],
    [
        *values(
            "address", None, "", " ", "tests", "xxxx", "xx", "--", "..", "??", "n / a", "\u00a0none",
            "a none",
        ),
        *values("customer_phone", "n/a", None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a contact that is a placeholder",
        change_customer(6, "customer_contact_name = 'N/A'"),
        "customers.text_is_not_placeholder",
    ),
    mutation(
        "a name that is a placeholder",
        change_customer(6, "customer_name = 'Test'"),
        "customers.text_is_not_placeholder",
    ),
    # A placeholder is no e-mail.
    mutation(
        "an e-mail that is a placeholder",
        change_customer(6, "customer_email = 'none'"),
        "customers.text_is_not_placeholder",
        "customers.email_is_valid",
    ),
    # Nor is it a state.
    mutation(
        "a state that is a placeholder",
        change_customer(6, "address_state = '-'"),
        "customers.text_is_not_placeholder",
        "customers.state_is_usps_code",
    ),
    mutation("a name with a placeholder in it", change_customer(6, "customer_name = 'Test Windows'")),
]
