"""Rules on customers: of each a second computation, rows that it must and must not name, and mutations."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from tests.rules.cases import PAIRINGS, SINGLE_VALUES, customer, emailed, named, values
from tests.rules.mutations import MUTATIONS, NUMERIC_MONEY, change_customer, change_order, copy_customer, mutation
from tests.support.oracle import (
    PHONE,
    PLACEHOLDERS,
    STATES,
    UNCLEAN,
    WHITE_SPACE,
    Customer,
    Ledger,
    canonical,
    cents,
    is_blank,
    is_email,
    is_finite,
    is_number,
    of_customers,
)


@of_customers
def customers_balance_is_not_negative(customer: Customer, _: Ledger) -> bool:
    """Below zero."""
    return is_number(customer.customer_balance) and Decimal(customer.customer_balance) < 0


SINGLE_VALUES["customers.balance_is_not_negative"] = (
    values("customer_balance", "-0.01", "-Infinity", "-5e-324"),
    values("customer_balance", None, "NaN", "Infinity", "0", "-0", "1"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a negative balance without orders",
        change_customer(6, "customer_balance = -0.01"),
        "customers.balance_is_not_negative",
    ),
    mutation("a balance of minus zero", change_customer(6, "customer_balance = '-0'")),
]


@of_customers
def customers_balance_is_finite(customer: Customer, _: Ledger) -> bool:
    """No sum of money."""
    return not is_finite(customer.customer_balance)


SINGLE_VALUES["customers.balance_is_finite"] = (
    values("customer_balance", None, "NaN", "Infinity", "-Infinity"),
    values("customer_balance", "0", "-1", "1.7976931348623157e+308"),
)  # fmt: skip
MUTATIONS += [
    # NaN is no number, so it covers nothing that is recreated and nothing that is live.
    mutation(
        "the balance behind a lineage is NaN",
        change_customer(3, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind a lineage is missing",
        change_customer(3, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind a lineage is minus infinity",
        change_customer(3, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    # Infinity covers everything, but is no balance.
    mutation(
        "the balance behind a lineage is infinity",
        change_customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # A live root is no recreation, but the customer is overcommitted.
    mutation(
        "the balance behind live roots is NaN",
        change_customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind live roots is missing",
        change_customer(1, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the amount of a live recreation is missing",
        change_order(303, "order_amount = null"),
    ),
    mutation(
        "a balance of NaN without orders",
        change_customer(6, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
    ),
    mutation("no balance and no orders", change_customer(6, "customer_balance = null"), "customers.balance_is_finite"),
    mutation(
        "an infinite balance without orders",
        change_customer(6, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # Minus infinity is negative.
    mutation(
        "a balance of minus infinity without orders",
        change_customer(6, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
    ),
    # Numeric knows NaN and infinity as well.
    mutation(
        "a numeric balance of NaN",
        NUMERIC_MONEY + change_customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "a numeric balance of infinity",
        NUMERIC_MONEY + change_customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    mutation(
        "a numeric balance in whole cents with zeros",
        NUMERIC_MONEY + change_customer(6, "customer_balance = 9.9000"),
    ),
]


@of_customers
def customers_balance_is_whole_cents(customer: Customer, _: Ledger) -> bool:
    """A fraction of a cent."""
    balance = customer.customer_balance
    return is_finite(balance) and Decimal(balance) != cents(Decimal(balance))


SINGLE_VALUES["customers.balance_is_whole_cents"] = (
    values(
        "customer_balance", "0.30000000000000004", "343.00000000000006", "0.005", "-0.001", "5e-324",
        "1e-07",
    ),
    values(
        "customer_balance", None, "NaN", "Infinity", "-Infinity", "0.3", "12345678901234.56", "1e+23",
        "0.10000",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a balance with float drift",
        change_customer(6, "customer_balance = 0.1::float8 + 0.2::float8"),
        "customers.balance_is_whole_cents",
    ),
    mutation(
        "a balance with half a cent, far from any amount",
        change_customer(4, "customer_balance = 3000.295"),
        "customers.balance_is_whole_cents",
    ),
    mutation("a great balance in whole cents", change_customer(6, "customer_balance = 12345678901234.56")),
    mutation("a balance beyond all cents", change_customer(6, "customer_balance = 1e300")),
]


@of_customers
def customers_email_is_valid(customer: Customer, _: Ledger) -> bool:
    """No e-mail address."""
    return customer.customer_email is not None and not is_email(customer.customer_email)


SINGLE_VALUES["customers.email_is_valid"] = (
    values(
        "customer_email", "", " ", "x", "@", "x@", "@b.cd", "x@b", "a@b@c.de", "a b@c.de", " a@b.cd",
        "a@b.cd ", "a@b.cd\n", "a@b.cd.", "a@.b.cd", "a@b..cd", "a@-b.cd", "a@b-.cd", "a@b.-cd",
        "a@b.cd-", "a@b_c.de", "a@[1.1.1.1]", "\u00e9@b.cd", "a@\u00e9.cd", '"a"@b.cd', "a,b@c.de",
        "a@b.cd,e@f.gh", "a\\b@c.de", "a(b)@c.de", f"a@{'b' * 64}.cd", f"a@b.{'c' * 64}",
    ),
    values(
        "customer_email", None, "a@b.cd", "A@B.CD", "a@b.c", "1@2.3", ".a@b.cd", "a..b@c.de",
        "a.@b.cd", "a@b-c.de", "a@b.c.d.e", "o'neil+x@b.cd", "`{|}~!#$%&*/=?^_-@b.cd",
        f"a@{'b' * 63}.cd", f"a@b.{'c' * 63}", "a@xn--9ca.cd",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation("an e-mail without a dot", change_customer(6, "customer_email = 'frank@fir'"), "customers.email_is_valid"),
    mutation(
        "an e-mail without an @",
        change_customer(6, "customer_email = 'frank.fir.example'"),
        "customers.email_is_valid",
    ),
    # The line feed is white space and a control character as well; only spaces are trimmed from an e-mail.
    mutation(
        "an e-mail with a line feed",
        change_customer(6, r"customer_email = e'frank@fir.example\n'"),
        "customers.email_is_valid",
        "customers.text_is_clean",
    ),
    # The spaces are what all three look at.
    mutation(
        "an e-mail with spaces",
        change_customer(6, "customer_email = ' frank@fir.example '"),
        "customers.email_is_valid",
        "customers.email_is_canonical",
        "customers.text_is_clean",
    ),
]


@of_customers
def customers_email_is_unique(customer: Customer, ledger: Ledger) -> bool:
    """An earlier customer's e-mail address."""
    return ledger.shares_login(customer)


PAIRINGS["customers.email_is_unique"] = [
    (emailed(" A@B.cd  ", "a@b.ce", "a@b.cd"), {3}),
    (emailed("\ta@b.cd", "a@b.cd"), set()),
    (emailed("x", "X "), {2}),
    (emailed("\u00a0", "\u00a0"), {2}),
    *((emailed(blank, blank), set()) for blank in (None, "", " ", "\t", " \n ")),
    ((customer(2, customer_email="x"), customer(1, customer_email="x")), {2}),
    ((customer(1, customer_email="x"), customer(1, customer_email="x")), set()),
]
MUTATIONS += [
    mutation("an e-mail twice", change_customer(6, "customer_email = 'ann@acme.example'"), "customers.email_is_unique"),
    # The second spelling has capital letters.
    mutation(
        "an e-mail twice, once in capital letters",
        change_customer(6, "customer_email = 'ANN@acme.example'"),
        "customers.email_is_unique",
        "customers.email_is_canonical",
    ),
]


@of_customers
def customers_email_is_canonical(customer: Customer, _: Ledger) -> bool:
    """An e-mail address with capitals, or with spaces around it."""
    return customer.customer_email is not None and customer.customer_email != canonical(customer.customer_email)


SINGLE_VALUES["customers.email_is_canonical"] = (
    values("customer_email", "A@b.cd", " a@b.cd", "a@b.cd ", "a@b.cD", " "),
    values("customer_email", None, "", "a@b.cd", "\ta@b.cd", "x", "a@b.cd\n", "a b"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an e-mail with a capital letter",
        change_customer(6, "customer_email = 'Frank@fir.example'"),
        "customers.email_is_canonical",
    ),
]


@of_customers
def customers_state_is_usps_code(customer: Customer, _: Ledger) -> bool:
    """No such state."""
    return customer.address_state is not None and customer.address_state not in STATES


SINGLE_VALUES["customers.state_is_usps_code"] = (
    values("address_state", "", "ca", "Ca", "CA ", " CA", "XX", "California", "FM", "na"),
    values("address_state", None, "CA", "DC", "AS", "GU", "MP", "PR", "VI", "AA", "AE", "AP"),
)  # fmt: skip
MUTATIONS += [
    mutation("a state in lower case", change_customer(6, "address_state = 'ca'"), "customers.state_is_usps_code"),
    mutation("a state by its name", change_customer(6, "address_state = 'Texas'"), "customers.state_is_usps_code"),
    mutation(
        "a state of two letters that is none",
        change_customer(6, "address_state = 'ZZ'"),
        "customers.state_is_usps_code",
    ),
    # The space is at the end of a text.
    mutation(
        "a state with a space",
        change_customer(6, "address_state = 'CA '"),
        "customers.state_is_usps_code",
        "customers.text_is_clean",
    ),
]


@of_customers
def customers_phone_is_dialable(customer: Customer, _: Ledger) -> bool:
    """No number to dial."""
    phone = customer.customer_phone
    return phone is not None and not PHONE.fullmatch(phone.translate(dict.fromkeys(map(ord, " ().-"))))


SINGLE_VALUES["customers.phone_is_dialable"] = (
    values(
        "customer_phone", "", " ", "+", "555-1234", "+1234567", "+1234567890123456", "212555010",
        "22125550100", "212/555/0100", "2125550100 x5", "212\t555\t0100", "2125550100\n",
        "212\u00a05550100", "++12345678", "1+2125550100",
        "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "12345678901234", "n/a",
    ),
    values(
        "customer_phone", None, "2125550100", "(212) 555-0100", "212.555.0100", "1-212-555-0100",
        "+12345678", "+123456789012345", "(+49) 151 1234.5678", " 2125550100 ", "0000000000",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a phone number of seven digits",
        change_customer(6, "customer_phone = '555-1234'"),
        "customers.phone_is_dialable",
    ),
    mutation(
        "a phone number with an extension",
        change_customer(6, "customer_phone = '555 010 0006 x7'"),
        "customers.phone_is_dialable",
    ),
    mutation("an empty phone number", change_customer(6, "customer_phone = ''"), "customers.phone_is_dialable"),
    # The same no-break spaces that a phone cannot dial cannot be seen.
    mutation(
        "a phone number with no-break spaces",
        change_customer(6, r"customer_phone = e'555\u00a0010\u00a00006'"),
        "customers.phone_is_dialable",
        "customers.text_is_clean",
    ),
    mutation("no phone number", change_customer(6, "customer_phone = null")),
]


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


@of_customers
def customers_no_duplicate(customer: Customer, ledger: Ledger) -> bool:
    """The same name and address as an earlier customer's."""
    return ledger.shares_identity(customer)


PAIRINGS["customers.no_duplicate"] = [
    ((named(2, " ACME\t"), named(1, "acme"), named(3, "acme inc")), {2}),
    ((named(1, "a b", "1  Main\nst"), named(2, "A\v\fB", "1 main St", "\rny ")), {2}),
    ((named(1, "a b"), named(2, "a\u00a0b"), named(3, "ab"), named(4, "a-b")), set()),
    ((named(1, "a", "1"), named(2, "a", "2"), named(3, "a", "1", "CA")), set()),
    *((tuple(named(number, blank) for number in (1, 2)), set()) for blank in (None, "", " \t\v")),
    *((tuple(named(number, "a", blank) for number in (1, 2)), set()) for blank in (None, "", " \t\v")),
    *((tuple(named(number, "a", "1", blank) for number in (1, 2)), set()) for blank in (None, "", "\f")),
    ((named(1, "a"), named(1, "a")), set()),
]
MUTATIONS += [
    mutation(
        "a customer twice",
        copy_customer(1, '{"customer_id": 7, "customer_email": "ann2@acme.example"}'),
        "customers.no_duplicate",
    ),
    mutation(
        "a customer twice, with other spaces and capital letters",
        copy_customer(2, '{"customer_id": 7, "customer_email": "b2@birch.example", "customer_name": "BIRCH  &  sons"}'),
        "customers.no_duplicate",
    ),
    # A copy has the same e-mail too.
    mutation(
        "a customer twice, e-mail and all",
        copy_customer(6, '{"customer_id": 7}'),
        "customers.no_duplicate",
        "customers.email_is_unique",
    ),
    mutation(
        "a customer twice, but for the address",
        copy_customer(1, '{"customer_id": 7, "customer_email": "ann2@acme.example", "address": "1 Main St"}'),
    ),
]
