"""Rules on who customers are and where: of each a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import PAIRINGS, SINGLE_VALUES, customer, emailed, named, values
from tests.rules.mutations import MUTATIONS, change_customer, copy_customer, mutation
from tests.support.oracle import Ledger, canonical, of_customers
from tests.support.oracle_rows import Customer
from tests.support.oracle_values import PHONE, STATES, is_email


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
