"""The rule on arguments that jsonb refuses: a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import HIGH, LOW, NUL, SINGLE_VALUES, args, values
from tests.rules.mutations import MUTATIONS, change_args, mutation
from tests.support.oracle import Ledger, of_orders
from tests.support.oracle_rows import Order
from tests.support.oracle_values import is_rejected_by_jsonb

#: Numbers that jsonb refuses, and their nearest neighbours that it takes.
NUMBERS_BEYOND = (
    "1e400000", "1e200000", "-1E+131072", "0.1e131073", "0." + "0" * 131_071 + "1e262144", "9" * 131_073, "1e-16384",
    "0e-16384", "10e-16384", "1.0e-16383", "0." + "0" * 16_384, "1e99999999999999999999", "0E+99999999999",
    "1.5e000131072",
)  # fmt: skip
NUMBERS_WITHIN = (
    "1e131071", "0.1e131072", "0.01E131073", "9" * 131_072, "1e-16383", "0e-16383", "1.0e-16382", "0." + "0" * 16_383,
    "0e1073741822", "0.0e400000", "1e0000000000005", "1." + "0" * 20_000 + "e20000", "12345.6789e10000",
)  # fmt: skip


@of_orders
def orders_delivery_args_convert_to_jsonb(order: Order, _: Ledger) -> bool:
    """An escape that stands for no character, or a number beyond numeric."""
    return order.delivery_script_args is not None and is_rejected_by_jsonb(order.delivery_script_args)


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
        *NUMBERS_BEYOND, *(f'[0,{{"a":{number}}} ]' for number in NUMBERS_BEYOND),
        r'{"\"": 1e200000}', r'{"a":"\\","b":1E+131072,"c":""}',
    ),
    [
        *args(*(f'"{text}"' for text in (r"\\u0000", r"\\\\u0000", r"\\ud800", HIGH + LOW))),
        *args(
            r'"\uD83D\uDE00"', r'"\ud83D\uDe00"', r'"\ufffd\ud7ff\ue000\u0001"', "null",
            '"u0000"', r'"\"u0000"', *NUMBERS_WITHIN, *(f'[0,{{"a":{number}}} ]' for number in NUMBERS_WITHIN),
            '{"1e200000": "1e200000"}', r'["\"1e200000", "a\\", "1e400000"]', f'"{"9" * 140_000}"',
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
    mutation(
        "a number with an exponent beyond numeric",
        change_args(404, '{"batch": 1e400000}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    mutation(
        "a number with too many digits after the point",
        change_args(404, '{"batch": [50, -1.5e-16383]}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    mutation("the greatest power of ten in numeric", change_args(404, '{"batch": 1e131071}')),
    mutation("digits like a large number in a text", change_args(404, r'{"batch": "\"1e400000"}')),
]
