"""Rules on delivery arguments: of each a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import HIGH, LOW, NUL, SINGLE_VALUES, args, values
from tests.rules.mutations import JSONB, MUTATIONS, change_args, change_order, mutation
from tests.support.oracle import Ledger, api_keys, of_orders
from tests.support.oracle_rows import Order
from tests.support.oracle_values import Pairs, is_email, parse


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
def orders_email_delivery_has_address(order: Order, _: Ledger) -> bool:
    """An e-mail delivery without an address."""
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
