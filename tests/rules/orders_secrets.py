"""Rules on secrets in delivery arguments: of each a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import HIGH, NUL, PAIRINGS, SINGLE_VALUES, args, of_customer, order, values
from tests.rules.mutations import JSONB, MUTATIONS, change_args, change_order, mutation
from tests.support.oracle import Ledger, api_keys, of_orders
from tests.support.oracle_rows import Order
from tests.support.oracle_values import SECRET_NAMES, SECRET_REFERENCE, pairs_within, parse


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
