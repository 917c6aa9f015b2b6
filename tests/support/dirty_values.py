"""Values that dirty rows draw from: some break a rule, some come near to it.

Letters beyond ASCII come in lower case only, or in a form that no other row has in lower case: what `lower()`
makes of them is the database's business.
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Rows = tuple[list[Row], list[Row]]

CUSTOMER_COLUMNS = (
    "customer_id",
    "customer_name",
    "customer_email",
    "customer_contact_name",
    "customer_phone",
    "address",
    "address_state",
    "customer_balance",
)
ORDER_COLUMNS = (
    "order_id",
    "order_ref",
    "customer_id",
    "order_schedule",
    "delivery_script_name",
    "delivery_script_args",
    "order_amount",
    "order_status",
)
NULLABLE = {"customer_phone", "delivery_script_name", "delivery_script_args"}
STATUSES = ("pending", "active", "paused", "cancelled", "expired", "recreated")

# fmt: off
SPACES = (" ", "\t", "\n", "\r", "\f", "\v")
#: White space of Python, Unicode or regular expressions that the rules do not treat as white space.
NO_SPACES = ("\u00a0", "\u2003", "\u0085", "\u2028", "\u3000", "\u200b", "\x1c", "\x1f", "\ufeff")
BLANKS = ("", " ", "  ", "\t", "\n", "\r", "\f", "\v", " \t\n\r\f\v", "\u00a0", "\u2003", "\u200b")
PLACEHOLDERS = (
    "n/a", "na", "none", "null", "nil", "test", "testing", "unknown", "tbd", "todo", "placeholder", "xxx",
    "-", ".", "?",
)
NEAR_PLACEHOLDERS = (
    "n / a", "tests", "nullable", "--", "..", "??", "\u00a0none", "n\\a", "x", "xxxx", "to do",
)
TEXTS = (
    "Acme", "Blue  River", "Bob's Leads", 'say "hi"', "100%", "%s %(name)s %%", "{} {0} {name}",
    ":name ::text", "$1 $$ $tag$", "?; drop--", "/* comment */", "back\\slash \\n", "\\N", "\\.",
    "a,b\tc", "<b>bold</b> & <script>alert(1)</script>", "| pipe | `tick` |", "line\nbreak",
    "carriage\r\nreturn", "\u00e9cole", "e\u0301cole", "\u65e5\u672c\u8a9e", "\U0001f680 leads",
    "\U0001f469\u200d\U0001f469", "no\u00a0break", "em\u2003space", "zero\u200bwidth", "word\u2060joiner",
    "plus\u2064invisible", "plain\u2065unassigned", "\u200fright", "\u202eturned", "\u2066isolated\u2069",
    "soft\u00adhyphen", "\ufeffmarked", "lost\ufffd", "object\ufffc", "bell\x07", "delete\x7f",
    "next\u0085line", "\x9fcontrol", "\u00a1exclaimed", "a\u030angstrom", "\u2126 ohm", "\ufb01ligature",
    "\u1112\u1161\u11ab", "\u0929",
)
NAMES = ("Acme", "Bob's Leads", "Blue River", "\u00e9cole nord", "e\u0301cole nord", "100% {leads}", "M")
ADDRESSES = ("1 Main St", "2 Oak Ave", "12 Blue River Road", "<b>3</b> ''")
STATES = (
    "CA", "NY", "TX", "FL", "WA", "DC", "PR", "GU", "AE", "VI", "ca", "Ny", "XX", "UK", "C", "CA ", " CA",
    "CA\n", "CAL", "California", "", " ", "..", "-", "?", "na", "NA", "FM",
)
LABEL_63, LABEL_64 = "a" * 63, "a" * 64
EMAILS = (
    "ann@example.com", "bob@example.com", "first.last+tag@sub.example.co.uk", "o'brien@example.org",
    "`x`@example.com", "ANN@example.com", "Bob@Example.COM", ".dot@example.com", "two..dots@example.com",
    "1@2.3", "{|}~!#$%&*/=?^@x.yz", f"x@{LABEL_63}.com", f"x@{LABEL_64}.com", f"x@example.{LABEL_63}",
    f"x@example.{LABEL_64}", "x@a-b.c--d.e", "x@example.com.", "x@.example.com", "x@example..com",
    "x@-a.com", "x@a-.com", "x@example.-c", "x@localhost", "@example.com", "x@", "@", "x",
    "a b@example.com", "a@b@c.com", "x@example.com\n", "\tann@example.com", "x@a.b c",
    "\u00e9@example.com", "x@ex\u00e4mple.com", "x@example.com,y@example.com", '"q"@example.com',
    "x@[127.0.0.1]", "x@exam_ple.com", "ann@example.com\u00a0", "x\\y@example.com", "x(y)@example.com",
    "mailto:x@example.com", "x@1.1",
)
PHONES = (
    "555-1234", "(212) 555-0100", "212.555.0100", "2125550100", "12125550100", "22125550100",
    "1-212-555-0100", "+1 212 555 0100", "+4915112345678", "+1234567", "+12345678", "+123456789012345",
    "+1234567890123456", "212\t555\t0100", "212\u00a0555\u00a00100", "2125550100\n", "212-555-0100 x5",
    "++4915112345678", "1+2125550100", "", " ", "+", "(+1)2125550100", "212/555/0100",
    "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "\uff12125550100", "n/a", "unknown",
    "212\u2013555\u20130100", "212555010", "21255501000",
)
BALANCES = (
    "343.00000000000006", "343", "342.99999999999994", "343.004", "343.005", "342.995", "342.994",
    "343.01", "0.30000000000000004", "0.3", "12345678901234.56", "99.995", "100.005", "100.00", "100.01",
    "1e-7", "0.005", "NaN", "NaN", "Infinity", "-Infinity", "-0.01", "-343", "-0.005", "0", "-0",
    "5e-324", "-5e-324", "9007199254740993", "2147483647", "2147483647.0000002", "1.7976931348623157e308",
    "1e15", "1e23", "1000", "750", "2500", "10000", "25000", "500000",
)
AMOUNTS = (
    "343", "343", "343", "343", "100", "100", "0", "0", "-1", "-343", "1", "150", "500", "1000", "2147483647",
)
#: Amounts that only some types hold.
ODD_AMOUNTS = (
    "9007199254740993", "9007199254740992", "343.00000000000006", "343.000000000000001", "0.005", "100.00",
)
CONTACTS = ("Ann Lee", "Bob O'Neil", "Zo\u00eb", "Jos\u00e9 da Silva", "Li \u660e")
SCRIPTS = ("email_delivery", "email_delivery", "custom_crm", "custom_crm", "bulk_delivery")
ODD_SCRIPTS = (
    "", " ", "\t", "\v\f", "\u00a0", "Email_Delivery", "email_delivery ", "custom_crm\n", "a", "_a", "1a",
    "a1_", "a-b", "a b", "\u00e9mail", "a\u00e9", "DROP TABLE orders; --",
)
UNKNOWN_STATUSES = ("Active", "active ", " pending", "", "done", "PAUSED", "recreated\n", "expired\u00a0")
# fmt: on

#: Turns 27 hours: ten off, ten on, sixteen off, ten on, eight off.
DRIFTING = "0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8
PERIODS = (48, 48, 96, 144, 54, 54, 2, 3, 5, 7, 16, 24, 25, 47, 49, 72, 84, 112, 145, 166, 167, 168, 169, 192)


def repeated(bits: str) -> str:
    """A week of the same."""
    return (bits * 336)[:336]
