"""Rules on orders: of each a second computation, rows that it must and must not name, and mutations."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.cases import (
    HIGH,
    LOW,
    NUL,
    OFFICE_HOURS,
    PAIRINGS,
    SINGLE_VALUES,
    WISHES,
    args,
    of_customer,
    order,
    refless,
    values,
)
from tests.rules.mutations import JSONB, MUTATIONS, change_args, change_order, change_schedule, copy_order, mutation
from tests.support import dirty
from tests.support.oracle import (
    SCRIPT_NAME,
    SECRET_NAMES,
    SECRET_REFERENCE,
    STATUSES,
    Ledger,
    Order,
    Pairs,
    api_keys,
    has_bad_escape,
    is_email,
    of_orders,
    pairs_within,
    parse,
)


@of_orders
def orders_status_is_known(order: Order, _: Ledger) -> bool:
    """No such status."""
    return order.order_status not in STATUSES


SINGLE_VALUES["orders.status_is_known"] = (
    values("order_status", None, "", "Active", "active ", "done"),
    values("order_status", "pending", "active", "paused", "recreated", "cancelled", "expired"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a status in capital letters",
        change_order(102, "order_status = 'Pending'"),
        "orders.status_is_known",
    ),
    mutation(
        "a status that nobody knows",
        change_order(501, "order_status = 'archived'"),
        "orders.status_is_known",
    ),
    mutation(
        "no status",
        change_order(102, "order_status = null"),
        "orders.status_is_known",
    ),
]


@of_orders
def orders_amount_is_not_negative(order: Order, _: Ledger) -> bool:
    """A negative amount."""
    return order.order_amount is not None and order.order_amount < 0


SINGLE_VALUES["orders.amount_is_not_negative"] = (
    values("order_amount", -1, Decimal("-0.01")),
    values("order_amount", None, 0, 1),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a closed order with a negative amount",
        change_order(501, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
    mutation(
        "a live order with a negative amount",
        change_order(303, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
]


@of_orders
def orders_live_order_has_amount(order: Order, _: Ledger) -> bool:
    """A live order for nothing."""
    return order.is_live and order.order_amount is not None and order.order_amount == 0


SINGLE_VALUES["orders.live_order_has_amount"] = (
    [{"order_amount": 0, "order_status": status} for status in ("pending", "active", "paused")],
    [
        *(
            {"order_amount": 0, "order_status": status}
            for status in ("expired", "recreated", "Active", None)
        ),
        *values("order_amount", None, -1, 1),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a pending order that buys nothing",
        change_order(102, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
    mutation(
        "an active recreation that buys nothing",
        change_order(404, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
]


@of_orders
def orders_active_order_has_schedule(order: Order, _: Ledger) -> bool:
    """An active order that never runs."""
    return order.order_status == "active" and order.order_schedule is not None and "1" not in order.order_schedule


SINGLE_VALUES["orders.active_order_has_schedule"] = (
    values("order_schedule", "0" * 336),
    [
        *values("order_schedule", None, "0" * 335 + "1", "1" * 336),
        *(
            {"order_schedule": "0" * 336, "order_status": status}
            for status in ("pending", "paused", None)
        ),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an active order that never runs",
        change_order(404, "order_schedule = repeat('0', 336)::bit(336)"),
        "orders.active_order_has_schedule",
    ),
    mutation(
        "an active order that runs for half an hour a week",
        change_order(404, "order_schedule = (repeat('0', 335) || '1')::bit(336)"),
    ),
]


@of_orders
def orders_active_order_has_delivery(order: Order, _: Ledger) -> bool:
    """An active order that delivers nowhere."""
    return order.order_status == "active" and order.lacks_script


SINGLE_VALUES["orders.active_order_has_delivery"] = (
    values("delivery_script_name", None, "", " \t\n\r\f\v"),
    [
        *values("delivery_script_name", "x", "\u00a0", "\u2003"),
        *({"delivery_script_name": None, "order_status": status} for status in ("pending", None)),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an active order without a script",
        change_order(404, "delivery_script_name = null, delivery_script_args = null"),
        "orders.active_order_has_delivery",
    ),
    # A blank name is no identifier.
    mutation(
        "an active order with a blank script",
        change_order(404, r"delivery_script_name = e' \x0b', delivery_script_args = 'null'"),
        "orders.active_order_has_delivery",
        "orders.script_name_is_identifier",
    ),
]


@of_orders
def orders_schedule_repeats_by_day(order: Order, _: Ledger) -> bool:
    """A schedule that repeats, but not by the day."""
    bits = order.order_schedule
    if bits is None or len(set(bits)) < 2:
        return False

    def repeats(period: int) -> bool:
        return bits[period:] == bits[:-period]

    return any(map(repeats, range(2, 168))) and not any(map(repeats, (48, 96, 144)))


SINGLE_VALUES["orders.schedule_repeats_by_day"] = (
    values(
        "order_schedule",
        *(
            dirty.repeated("1" + "0" * (period - 1))
            for period in (5, 7, 25, 47, 49, 54, 84, 112, 145, 166, 167)
        ),
        dirty.repeated(dirty.DRIFTING),
    ),
    values(
        "order_schedule",
        None,
        "0" * 336,
        "1" * 336,
        OFFICE_HOURS,
        *(
            dirty.repeated("1" + "0" * (period - 1))
            for period in (2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72, 96, 144, 168, 169, 200, 335)
        ),
        dirty.repeated(dirty.DRIFTING)[:-1] + "0",
        "0" * 335 + "1",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a schedule with turns of 54 half-hours",
        change_schedule("0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8),
        "orders.schedule_repeats_by_day",
    ),
    mutation(
        "a schedule with turns of 47 half-hours", change_schedule("1" + "0" * 46), "orders.schedule_repeats_by_day"
    ),
    mutation("a schedule with turns of 7 half-hours", change_schedule("1100000"), "orders.schedule_repeats_by_day"),
    mutation(
        "a schedule with turns of 167 half-hours",
        change_schedule("1" + "0" * 166),
        "orders.schedule_repeats_by_day",
    ),
    mutation("a schedule with turns of 168 half-hours", change_schedule("1" + "0" * 167)),
    mutation("a schedule with turns of a day", change_schedule("0" * 18 + "1" * 16 + "0" * 14)),
    mutation("a schedule with turns of two days", change_schedule("0" * 48 + "1" * 48)),
    mutation("a schedule with turns of three days", change_schedule("0" * 48 + "1" * 96)),
    mutation("a schedule with turns of one hour", change_schedule("10")),
    mutation(
        "a schedule is missing",
        change_order(404, "order_schedule = null"),
    ),
]


@of_orders
def orders_delivery_args_need_script(order: Order, _: Ledger) -> bool:
    """Arguments for no script."""
    return parse(order.delivery_script_args) is not None and order.lacks_script


SINGLE_VALUES["orders.delivery_args_need_script"] = (
    [*args("{}", "0", '""', "false", "[]", script=None), *args('{"a":1}', script=" \t\v")],
    [
        *args("null", " null ", script=None),
        *args("{}", script="x"),
        *args("{}", script="\u00a0"),
        {"delivery_script_args": None, "delivery_script_name": None},
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "arguments without a script",
        change_args(102, "{}"),
        "orders.delivery_args_need_script",
    ),
    # A blank name is no identifier.
    mutation(
        "arguments with an empty script",
        change_order(501, "delivery_script_name = ''"),
        "orders.delivery_args_need_script",
        "orders.script_name_is_identifier",
    ),
    mutation("arguments that are JSON null, without a script", change_args(102, " null ")),
]


@of_orders
def orders_delivery_args_are_object(order: Order, _: Ledger) -> bool:
    """Arguments without names."""
    return not isinstance(parse(order.delivery_script_args), Pairs | None)


SINGLE_VALUES["orders.delivery_args_are_object"] = (
    args("[]", '"{}"', "0", "true", "false", ' [{"a":1}] ', rf'"{NUL}"', "1e400000"),
    [*args("{}", "null", " null", rf'{{"{NUL}":1}}'), *values("delivery_script_args", None)],
)  # fmt: skip
MUTATIONS += [
    mutation("arguments that are an array", change_args(404, "[{}]"), "orders.delivery_args_are_object"),
    mutation("arguments that are a string", change_args(404, '"{}"'), "orders.delivery_args_are_object"),
    mutation("arguments that are a number", change_args(404, "50"), "orders.delivery_args_are_object"),
    mutation("arguments that are a boolean", change_args(404, "false"), "orders.delivery_args_are_object"),
    mutation("arguments that are JSON null", change_args(404, "null")),
    mutation("arguments that are SQL NULL", change_order(404, "delivery_script_args = null")),
    mutation("an array in jsonb", JSONB + change_args(404, "[]"), "orders.delivery_args_are_object"),
    mutation("a key twice in jsonb, which keeps the last", JSONB + change_args(404, '{"batch": 50, "batch": 60}')),
]


@of_orders
def orders_delivery_args_keys_are_unique(order: Order, _: Ledger) -> bool:
    """A top-level key twice."""
    args = parse(order.delivery_script_args)
    return isinstance(args, Pairs) and len(dict(args)) < len(args)


SINGLE_VALUES["orders.delivery_args_keys_are_unique"] = (
    args(
        '{"a":1,"a":1}', r'{"a":1,"\u0061":2}', '{"":1,"":1}', rf'{{"{NUL}":1,"{HIGH}":2}}',
        rf'{{"x{LOW}":1,"x\ufffd":2}}', f'{{"{HIGH}{LOW}":1,"\U0001f600":2}}',
    ),
    [
        *args("null", "{}", '{"a":1,"A":1}', '{"a":{"b":1,"b":1}}', '[{"a":1,"a":1}]', '{"a":1,"a ":1}'),
        *args(rf'{{"\\u0000":1,"{NUL}":2}}'),
        *values("delivery_script_args", None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a key twice",
        change_args(404, '{"batch": 50, "size": 1, "batch": 60}'),
        "orders.delivery_args_keys_are_unique",
    ),
    mutation(
        "a key twice, once with an escape",
        change_args(404, r'{"batch": 50, "b\u0061tch": 60}'),
        "orders.delivery_args_keys_are_unique",
    ),
    mutation("a key twice, but nested", change_args(404, '{"inner": {"batch": 50, "batch": 60}}')),
]


@of_orders
def orders_delivery_args_convert_to_jsonb(order: Order, _: Ledger) -> bool:
    """An escape that stands for no character."""
    return order.delivery_script_args is not None and has_bad_escape(order.delivery_script_args)


SINGLE_VALUES["orders.delivery_args_convert_to_jsonb"] = (
    args(
        *(
            f'"{text}"'
            for text in (NUL, rf"\\{NUL}", rf"\\\\{NUL}", rf"{NUL}0", HIGH, LOW, r"\uD800", r"\uDfFf")
        ),
        *(f'"{text}"' for text in (HIGH + HIGH + LOW, HIGH + LOW + LOW, LOW + HIGH, HIGH + "x" + LOW)),
        *(f'"{text}"' for text in (HIGH + "\\" + LOW, HIGH + r"\n" + LOW, HIGH + r"\u0041", HIGH + NUL)),
        rf'{{"a":[{{"{NUL}":1}}]}}',
        rf'{{"a":1,"a":"{LOW}","a":2}}',
    ),
    [
        *args(*(f'"{text}"' for text in (r"\\u0000", r"\\\\u0000", r"\\ud800", HIGH + LOW))),
        *args(
            r'"\uD83D\uDE00"', r'"\ud83D\uDe00"', r'"\ufffd\ud7ff\ue000\u0001"', "1e400000", "null",
            '"u0000"', r'"\"u0000"',
        ),
        *values("delivery_script_args", None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation("the character zero", change_args(404, r'{"name": "\u0000"}'), "orders.delivery_args_convert_to_jsonb"),
    mutation(
        "the character zero after an escaped backslash",
        change_args(404, r'{"name": "\\\u0000"}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    mutation("a high surrogate", change_args(404, r'{"name": "\ud83d!"}'), "orders.delivery_args_convert_to_jsonb"),
    mutation("a low surrogate", change_args(404, r'{"name": ["\uDE00"]}'), "orders.delivery_args_convert_to_jsonb"),
    mutation("a surrogate in a key", change_args(404, r'{"\ude00\ud83d": 1}'), "orders.delivery_args_convert_to_jsonb"),
    # The rules about the arguments still read them.
    mutation(
        "bad escapes beside a good address",
        change_args(101, r'{"\u0000": "\ud800", "email_address": "leads@acme.example"}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    mutation(
        "bad escapes beside a good reference",
        change_args(202, r'{"a": "\u0000", "api-key": "secret-ref:crm/birch", "b": ["\udc00"]}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    # Both keys are read as the same character.
    mutation(
        "two bad escapes as keys",
        change_args(404, r'{"\ud800": 1, "\u0000": 2}'),
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_keys_are_unique",
    ),
    mutation(
        "bad escapes beside a secret",
        change_args(404, r'{"a": "\u0000", "inner": [{"password": "k-123"}]}'),
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_hold_no_secret",
    ),
    mutation("a whole surrogate pair", change_args(404, r'{"name": "\ud83d\uDE00"}')),
    mutation("what looks like bad escapes", change_args(404, r'{"name": "C:\\u0000\\ud800\\\\udc00"}')),
    mutation("a number out of range", change_args(404, '{"batch": 1e400000}')),
]


@of_orders
def orders_delivery_args_hold_no_secret(order: Order, _: Ledger) -> bool:
    """A secret in plain text."""
    return any(
        isinstance(value, str)
        and value != ""
        and not SECRET_REFERENCE.fullmatch(value)
        and any(word in name.lower() for word in SECRET_NAMES)
        for name, value in pairs_within(parse(order.delivery_script_args))
    )


SINGLE_VALUES["orders.delivery_args_hold_no_secret"] = (
    args(
        *(f'{{"{name}":"x"}}' for name in SECRET_NAMES),
        *(
            f'{{"{name}":"x"}}'
            for name in ("My_Api_Key2", "TOKENS", "x-secret-y", "Authorization", "passWD")
        ),
        r'{"\u0054oken":"x"}',
        r'{"api\u002dkey":"x"}',
        rf'{{"token{NUL}":"x"}}',
        rf'{{"token":"{NUL}"}}',
        '[1,[{"a":{"b":[{"pwd":"x"}]}}]]',
        '{"token":"x","token":1}',
        '{"token":1,"token":"x"}',
        '{"a":{"pwd":"x"},"a":1}',
        '{"token":{"pwd":"x"}}',
        '{"token":" "}',
        '{"token":"secret-ref:"}',
        '{"token":"secret-ref:a b"}',
        '{"token":"secret-ref:a:b"}',
        '{"token":"secret-ref:\u00e9"}',
        '{"token":"Secret-Ref:a"}',
        '{"token":" secret-ref:a"}',
        r'{"token":"secret-ref:a\n"}',
        rf'{{"token":"secret-ref:a{NUL}"}}',
        '{"token":"secret-ref:a","pwd":"x"}',
        '{"secret-ref:":"x"}',
        '{"secret-ref:a":"x","token":"secret-ref:a"}',
        '{"note":"secret-ref:","token":"x"}',
    ),
    [
        *args(
            "null", '"token"', '["token","x"]', '{"a":"token"}', '{"token":""}', '{"token":1}',
            '{"token":null}', '{"token":["x"]}', '{"token":{"a":"x"}}', '{"api key":"x"}',
            '{"api.key":"x"}', '{"private key":"x"}', '{"to_ken":"x"}', '{"a-p-i_key":"x"}',
            '{"token":"secret-ref:crm/Key_1.a-b"}', r'{"token":"secret\u002dref:a"}',
            '{"note":"secret-ref: token","token":"secret-ref:a"}',
        ),
        *values("delivery_script_args", None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an API key in the clear", change_args(501, '{"api-key": "k-123"}'), "orders.delivery_args_hold_no_secret"
    ),
    mutation(
        "a secret in the clear beside other things",
        change_args(101, '{"email_address": "leads@acme.example", "SMTP_Password": "k-123"}'),
        "orders.delivery_args_hold_no_secret",
    ),
    mutation(
        "a secret in the clear far down",
        change_order(
            404,
            """delivery_script_args =
                (repeat('{"a": [', 50) || '{"clientSecret": "k-123"}' || repeat(']}', 50))::json""",
        ),
        "orders.delivery_args_hold_no_secret",
    ),
    # An array is not an object.
    mutation(
        "a secret in the clear in an array",
        change_args(404, '[1, {"token": "k-123"}]'),
        "orders.delivery_args_hold_no_secret",
        "orders.delivery_args_are_object",
    ),
    # A key that occurs twice holds a secret even if it is lost.
    mutation(
        "a secret in the clear that is overwritten",
        change_args(404, '{"token": "k-123", "token": ""}'),
        "orders.delivery_args_hold_no_secret",
        "orders.delivery_args_keys_are_unique",
    ),
    mutation(
        "an authorization header",
        change_args(404, '{"headers": {"Authorization": "Bearer k-123"}}'),
        "orders.delivery_args_hold_no_secret",
    ),
    mutation(
        "a reference to a secret with something after it",
        change_args(404, '{"token": "secret-ref:crm/birch k-123"}'),
        "orders.delivery_args_hold_no_secret",
    ),
    mutation(
        "names of secrets without one",
        change_args(
            404,
            '{"token": "", "password": null, "pwd": 5, "secret": {"a": "b"}, "a": "token"}',
        ),
    ),
    mutation(
        "a secret in jsonb",
        JSONB + change_args(404, '{"a": [{"password": "k-123"}]}'),
        "orders.delivery_args_hold_no_secret",
    ),
]


@of_orders
def orders_email_delivery_has_address(order: Order, _: Ledger) -> bool:
    """An e-mail delivery to nobody."""
    args = parse(order.delivery_script_args)
    has_address = isinstance(args, Pairs) and is_email(args.get("email_address"))
    return order.delivery_script_name == "email_delivery" and not has_address


SINGLE_VALUES["orders.email_delivery_has_address"] = (
    [
        *args(
            "null", "{}", '"a@b.cd"', '["a@b.cd"]', '[{"email_address":"a@b.cd"}]',
            '{"email_address":null}', '{"email_address":["a@b.cd"]}', '{"email_address":"a@b"}',
            '{"email_address":" a@b.cd"}', '{"Email_Address":"a@b.cd"}',
            '{"a":{"email_address":"a@b.cd"}}', '{"email_address":"a@b.cd","email_address":""}',
            rf'{{"email_address":"a{NUL}@b.cd"}}', script="email_delivery",
        ),
        {"delivery_script_args": None},
    ],
    [
        *args(
            '{"email_address":"a@b.cd"}', r'{"\u0065mail_address":"a\u0040b.cd"}',
            '{"email_address":1,"email_address":"a@b.cd"}',
            rf'{{"email_address":"a@b.cd","x":"{NUL}"}}', script="email_delivery",
        ),
        *args("{}", script="Email_Delivery"),
        *args("{}", script="email_delivery "),
        *args("{}", script=None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an email delivery without arguments",
        change_order(101, "delivery_script_args = null"),
        "orders.email_delivery_has_address",
    ),
    mutation(
        "an email delivery without an address",
        change_args(901, '{"email": "eve@elm.example"}'),
        "orders.email_delivery_has_address",
    ),
    mutation(
        "an email delivery to an address without a dot",
        change_args(101, '{"email_address": "leads@acme"}'),
        "orders.email_delivery_has_address",
    ),
    mutation(
        "an email delivery to a number",
        change_args(101, '{"email_address": 5}'),
        "orders.email_delivery_has_address",
    ),
    # An array is not an object.
    mutation(
        "an email delivery with an array",
        change_args(101, '["leads@acme.example"]'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_are_object",
    ),
    # The last address counts, and is none.
    mutation(
        "an email delivery with two addresses",
        change_args(101, '{"email_address": "leads@acme.example", "email_address": ""}'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_keys_are_unique",
    ),
    # U+FFFD is in no address.
    mutation(
        "an email delivery to an address with a bad escape",
        change_args(101, r'{"email_address": "leads\u0000@acme.example"}'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_convert_to_jsonb",
    ),
    mutation(
        "an email delivery without an address in jsonb",
        JSONB + change_args(101, '{"email_address": null}'),
        "orders.email_delivery_has_address",
    ),
]


@of_orders
def orders_custom_crm_has_key(order: Order, _: Ledger) -> bool:
    """A CRM that will not let us in."""
    return order.delivery_script_name == "custom_crm" and not api_keys(order)


SINGLE_VALUES["orders.custom_crm_has_key"] = (
    [
        *args(
            "null", "{}", '"apikey"', '[{"apikey":"x"}]', '{"apikey":""}', '{"apikey":1}',
            '{"apikey":["x"]}', '{"a":{"apikey":"x"}}', '{"api key":"x"}', '{"my-api-key":"x"}',
            '{"apikey":"x","apikey":""}', '{"apikey":"x","apikey":1}', rf'{{"apikey{NUL}":"x"}}',
            script="custom_crm",
        ),
        {"delivery_script_args": None, "delivery_script_name": "custom_crm"},
    ],
    [
        *args(
            '{"apikey":"x"}', '{"Api-Key":" "}', '{"API_KEY":"secret-ref:x"}', '{"-a-p-i_key_":"x"}',
            r'{"api\u002dkey":"x"}', '{"apikey":"","apikey":"x"}', '{"apikey":"","api-key":"x"}',
            '{"api-key":"x","apikey":""}', rf'{{"apikey":"{NUL}"}}', rf'{{"apikey":"x","{LOW}":1}}',
            script="custom_crm",
        ),
        *args("{}", script="custom_crm "),
        *args("{}", script=None),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation("a CRM without arguments", change_order(103, "delivery_script_args = null"), "orders.custom_crm_has_key"),
    mutation("a CRM without a key", change_args(103, '{"region": "west"}'), "orders.custom_crm_has_key"),
    mutation("a CRM with an empty key", change_args(103, '{"api-key": ""}'), "orders.custom_crm_has_key"),
    mutation(
        "a CRM with a nested key",
        change_args(103, '{"crm": {"api-key": "secret-ref:crm/acme"}}'),
        "orders.custom_crm_has_key",
    ),
    # The last key counts, and is none.
    mutation(
        "a CRM with two keys",
        change_args(103, '{"api-key": "secret-ref:crm/acme", "api-key": 5}'),
        "orders.custom_crm_has_key",
        "orders.delivery_args_keys_are_unique",
    ),
    mutation("a CRM with a key spelled otherwise", change_args(103, r'{"Api\u005fKey": "secret-ref:crm/acme"}')),
]


@of_orders
def orders_api_key_belongs_to_one_customer(order: Order, ledger: Ledger) -> bool:
    """The key to another customer's CRM."""
    if order.customer_id is None:
        return False
    return any(ledger.api_key_holders[api_key] - {order.customer_id} for api_key in api_keys(order))


PAIRINGS["orders.api_key_belongs_to_one_customer"] = [
    (
        (
            of_customer(1, '{"api-key":"k"}'),
            of_customer(2, r'{"APIKEY":"\u006b"}', delivery_script_name=None),
            of_customer(3, '{"api-key":"K"}'),
        ),
        {1, 2},
    ),
    ((of_customer(1, '{"apikey":"k"}'), order(2, delivery_script_args='{"apikey":"k"}')), set()),
    ((of_customer(1, '{"apikey":"k"}'), of_customer(None, '{"apikey":"k"}')), set()),
    (
        (
            of_customer(1, '{"api-key":"k","api_key":"j"}'),
            of_customer(2, '{"api-key":"x","apikey":"j","api-key":"y"}'),
            of_customer(3, '{"api-key":"x"}'),
            of_customer(4, '{"api-key":"k","api-key":""}'),
            of_customer(5, '{"a":{"api-key":"k"}}'),
        ),
        {1, 2},
    ),
    ((of_customer(1, '{"apikey":""}'), of_customer(2, '{"apikey":""}')), set()),
    ((of_customer(1, '{"apikey":7}'), of_customer(2, '{"apikey":7}')), set()),
    ((of_customer(1, '{"apikey":"secret-ref:x"}'), of_customer(2, '{"apikey":"secret-ref:x"}')), {1, 2}),
    ((of_customer(1, '{"-A-p_I-k_E-y_":"x"}'), of_customer(2, r'{"api\u006bey":"x"}')), {1, 2}),
    (
        (
            of_customer(1, rf'{{"api-key":"a{NUL}"}}'),
            of_customer(2, rf'{{"api-key":"a{HIGH}"}}'),
            of_customer(3, '{"api-key":"a\ufffd"}'),
            of_customer(4, r'{"api-key":"a\\u0000"}'),
        ),
        {1, 2, 3},
    ),
]
MUTATIONS += [
    mutation(
        "two customers share a reference to a secret",
        change_args(501, '{"api-key": "secret-ref:crm/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
    mutation(
        "two customers share a reference to a secret, whatever the script",
        change_args(404, r'{"apikey": "secret-ref:crm\/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
    # A shared key is in the clear as well.
    mutation(
        "two customers share a key",
        'update orders set delivery_script_args = \'{"api-key": "k-123"}\' where order_id in (103, 501)',
        "orders.api_key_belongs_to_one_customer",
        "orders.delivery_args_hold_no_secret",
    ),
    mutation(
        "a shared reference in jsonb",
        JSONB + change_args(501, '{"api-key": "secret-ref:crm/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
]


@of_orders
def orders_script_name_is_identifier(order: Order, _: Ledger) -> bool:
    """A script name that cannot be one."""
    return order.delivery_script_name is not None and not SCRIPT_NAME.fullmatch(order.delivery_script_name)


SINGLE_VALUES["orders.script_name_is_identifier"] = (
    values(
        "delivery_script_name", "", " ", "A", "aB", "_a", "1a", "a-b", "a b", "a\n", " a", "\u00e9",
        "a\u00e9",
    ),
    values("delivery_script_name", None, "a", "a1", "a_", "email_delivery"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a script by a human name",
        change_order(404, "delivery_script_name = 'Bulk Delivery'"),
        "orders.script_name_is_identifier",
    ),
    mutation(
        "a script with a line feed",
        change_order(303, r"delivery_script_name = e'bulk_delivery\n'"),
        "orders.script_name_is_identifier",
    ),
]


@of_orders
def orders_no_duplicate_live_order(order: Order, ledger: Ledger) -> bool:
    """An earlier live order of another lineage is for the same thing."""
    return order.is_live and any(twin.order_ref != order.order_ref for twin in ledger.earlier_twins(order))


PAIRINGS["orders.no_duplicate_live_order"] = [
    ((order(1), order(2), order(3)), {2, 3}),
    ((order(1), order(2, 1), order(3, 1)), set()),
    ((order(1), order(2, 1), order(3, 9)), {3}),
    ((order(1, status="expired"), order(2), order(3, status="expired"), order(4, status=None)), set()),
    ((order(1, status="pending"), order(2, status="paused")), {2}),
    *(((order(1, **{wish: None}), order(2, **{wish: None})), {2}) for wish in WISHES),
    *(((order(1, **{wish: None}), order(2)), set()) for wish in WISHES),
    ((order(1, delivery_script_args='{"a":1}'), order(2, delivery_script_args='{"a": 1}')), set()),
    ((order(1, order_amount=Decimal("1.0")), order(2, order_amount=Decimal("1.00"))), {2}),
    ((order(1, delivery_script_name="x"), order(2, delivery_script_name="x ")), set()),
    ((refless(1), order(2)), {2}),
    ((order(2), refless(3)), {3}),
    ((refless(1), refless(2)), set()),
    ((order(1), order(1, 2)), set()),
]
MUTATIONS += [
    mutation(
        "an active order is entered twice",
        copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    mutation(
        "a pending order without script and arguments is entered twice",
        copy_order(102, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    mutation(
        "an order is entered twice, paused",
        copy_order(404, '{"order_id": 911, "order_ref": 911, "order_status": "paused"}'),
        "orders.no_duplicate_live_order",
    ),
    # The copy refers to nothing, which is another lineage than any.
    mutation(
        "an order is entered twice, without an order_ref",
        copy_order(102, '{"order_id": 911, "order_ref": null}'),
        "orders.no_duplicate_live_order",
        "lineage.order_ref_exists",
    ),
    mutation(
        "an order is entered twice, cancelled",
        copy_order(101, '{"order_id": 911, "order_ref": 911, "order_status": "cancelled"}'),
    ),
    mutation(
        "an order is entered twice, but for its amount",
        copy_order(101, '{"order_id": 911, "order_ref": 911, "order_amount": 151}'),
    ),
    mutation(
        "an order is entered twice, but for its schedule",
        copy_order(102, '{"order_id": 911, "order_ref": 911, "order_schedule": "' + "1" * 336 + '"}'),
    ),
    mutation(
        "an order entered twice in jsonb",
        JSONB + copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
]


@of_orders
def orders_customer_exists(order: Order, ledger: Ledger) -> bool:
    """An order of nobody."""
    return not ledger.customers_of(order)


SINGLE_VALUES["orders.customer_exists"] = (
    values("customer_id", None, 2, 0),
    values("customer_id", 1, Decimal("1.0")),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a customer is deleted under closed and live orders",
        "delete from customers where customer_id = 3",
        "orders.customer_exists",
    ),
    mutation(
        "a closed order of no customer",
        change_order(501, "customer_id = null"),
        "orders.customer_exists",
    ),
    mutation(
        "a recreation of no customer",
        change_order(303, "customer_id = null"),
        "orders.customer_exists",
    ),
    # A recreation of a customer that does not exist has not the customer of its ancestor either.
    mutation(
        "a recreation of a customer that does not exist",
        change_order(303, "customer_id = 99"),
        "orders.customer_exists",
        "lineage.keeps_customer",
    ),
]
