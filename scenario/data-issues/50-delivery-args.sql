-- Delivery arguments: JSON that no one checks. All secrets are made up; each holds its order's number.
--
-- The column is of type json, which keeps the original text, repeated keys and escapes that no text can hold
-- included. In PostgreSQL 15, -> and json_each raise an error on such an escape wherever it stands in the value.
-- Here every backslash is one that is stored: these are plain literals, not E'' ones.
--
-- All are first orders that run always; the amount is the order's number, so that none is a duplicate of another.

-- Arguments without a script --------------------------------------------------------------------------------
-- These orders are paused: an active one without a script would be named for that as well.

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
select
    v.order_id,
    v.order_id,
    103,
    repeat('1', 336)::bit(336),
    v.delivery_script_name,
    v.delivery_script_args::json,
    v.order_id,
    'paused'
from (
    values
        -- Nothing in it, but it is there: an object is not null.
        -- planted: orders.delivery_args_need_script 2301
        (2301, null, '{}'),
        -- The script's name was emptied, its arguments were left.
        -- planted: orders.delivery_args_need_script 2302
        -- follows: orders.script_name_is_identifier 2302
        (2302, '', '{"list": "spring"}'),
        -- control: JSON null is no argument.
        (2303, null, 'null')
) as v (order_id, delivery_script_name, delivery_script_args);

-- Arguments of an active order ------------------------------------------------------------------------------

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
select
    v.order_id,
    v.order_id,
    v.customer_id,
    repeat('1', 336)::bit(336),
    v.delivery_script_name,
    v.delivery_script_args::json,
    v.order_id,
    'active'
from (
    values
        -- Not an object -------------------------------------------------------------------------------------

        -- planted: orders.delivery_args_are_object 2304
        (2304, 103, 'bulk_delivery', '["spring", "autumn"]'),
        -- Encoded twice: an object inside a string.
        -- planted: orders.delivery_args_are_object 2305
        (2305, 103, 'bulk_delivery', '"{\"list\": \"spring\"}"'),

        -- A key twice: jsonb keeps the last, and says nothing -----------------------------------------------

        -- Twice the same.
        -- planted: orders.delivery_args_keys_are_unique 2307
        (2307, 103, 'bulk_delivery', '{"list": "spring", "list": "spring"}'),
        -- Two values: which one is meant?
        -- planted: orders.delivery_args_keys_are_unique 2308
        (2308, 103, 'bulk_delivery', '{"list": "spring", "size": 10, "list": "autumn"}'),
        -- One of the two written with an escape (the letter i). Keys are compared by what they say.
        -- planted: orders.delivery_args_keys_are_unique 2309
        (2309, 103, 'bulk_delivery', '{"list": "spring", "l\u0069st": "autumn"}'),

        -- Escapes that jsonb refuses: one such row stops ALTER TYPE jsonb on the whole table ----------------

        -- U+0000 in a value: no text of PostgreSQL's can hold it.
        -- planted: orders.delivery_args_convert_to_jsonb 2310
        (2310, 103, 'bulk_delivery', '{"note": "call\u0000back"}'),
        -- The same, in a key.
        -- planted: orders.delivery_args_convert_to_jsonb 2311
        (2311, 103, 'bulk_delivery', '{"call\u0000back": true}'),
        -- An emoji that was cut in two, of which the first half is left (high surrogate), deep inside.
        -- planted: orders.delivery_args_convert_to_jsonb 2312
        (2312, 103, 'bulk_delivery', '{"lists": [{"note": "thanks \ud83d"}]}'),
        -- And the second half (low surrogate), in a key, with capitals.
        -- planted: orders.delivery_args_convert_to_jsonb 2313
        (2313, 103, 'bulk_delivery', '{"\uDE00 note": 1}'),
        -- Both halves, in the wrong order: neither is paired.
        -- planted: orders.delivery_args_convert_to_jsonb 2314
        (2314, 103, 'bulk_delivery', '{"note": "\ude00\ud83d"}'),
        -- An escaped backslash and then U+0000. Counting backslashes matters; compare order 2327.
        -- planted: orders.delivery_args_convert_to_jsonb 2315
        (2315, 103, 'bulk_delivery', '{"path": "C:\\\u0000"}'),
        -- An e-mail address that is broken by it. Such a row is judged by the other rules, as if U+FFFD stood
        -- there.
        -- planted: orders.delivery_args_convert_to_jsonb 2316
        -- follows: orders.email_delivery_has_address 2316
        (2316, 103, 'email_delivery', '{"email_address": "leads-2316\u0000@example.org"}'),
        -- A bad escape beside a key that is in order: nothing more to say of it.
        -- planted: orders.delivery_args_convert_to_jsonb 2317
        (2317, 103, 'custom_crm', '{"api-key": "secret-ref:crm/creme-2317", "note": "\udc00"}'),
        -- A bad escape must not hide a secret.
        -- planted: orders.delivery_args_convert_to_jsonb 2318
        -- planted: orders.delivery_args_hold_no_secret 2318
        (2318, 103, 'bulk_delivery', '{"note": "\u0000", "password": "made-up-password-2318"}'),

        -- Secrets in plain text -----------------------------------------------------------------------------

        -- In camel case, one level down.
        -- planted: orders.delivery_args_hold_no_secret 2320
        (2320, 103, 'bulk_delivery', '{"auth": {"dbPassword": "made-up-password-2320"}}'),
        -- In arrays of arrays.
        -- planted: orders.delivery_args_hold_no_secret 2321
        (2321, 103, 'bulk_delivery', '{"targets": [[{"refresh_token": "made-up-token-2321"}]]}'),
        -- A header, copied from the other side's manual.
        -- planted: orders.delivery_args_hold_no_secret 2322
        (2322, 103, 'bulk_delivery', '{"headers": {"X-Authorization": "Bearer made-up-bearer-2322"}}'),
        -- Looks like a reference, and is none: what follows the colon is the secret itself, with a space in it.
        -- planted: orders.delivery_args_hold_no_secret 2323
        (2323, 103, 'bulk_delivery', '{"client_secret": "secret-ref: made-up-secret-2323"}'),
        -- Replaced by a reference, by adding the key a second time. The first is still there for anyone to read.
        -- planted: orders.delivery_args_hold_no_secret 2324
        -- follows: orders.delivery_args_keys_are_unique 2324
        (2324, 103, 'bulk_delivery', '{"token": "made-up-token-2324", "token": "secret-ref:bulk/creme-2324"}'),
        -- The key written with an escape (the underscore): a search of the text for api_key does not find it.
        -- planted: orders.delivery_args_hold_no_secret 2325
        (2325, 103, 'custom_crm', '{"api\u005fkey": "made-up-key-2325"}'),
        -- Below an array at the top.
        -- planted: orders.delivery_args_hold_no_secret 2326
        -- follows: orders.delivery_args_are_object 2326
        (2326, 103, 'bulk_delivery', '[{"passwd": "made-up-password-2326"}]'),
        -- control: all of this is in order. A number, an empty text and null are no secret; a reference is none;
        -- an escaped backslash before u0000 is text; a pair of surrogates is an emoji; a key may occur again
        -- further down.
        (2327, 103, 'custom_crm',
         '{"max_tokens": 5, "token": "", "secret": null, "api_key": "secret-ref:crm/creme.key_2327-a",
           "note": "\\u0000 \ud83d\ude00", "more": {"size": 1, "size": 2}}'),

        -- Requirements of email_delivery -------------------------------------------------------------------------

        -- planted: orders.email_delivery_has_address 2328
        (2328, 104, 'email_delivery', null),
        -- planted: orders.email_delivery_has_address 2329
        (2329, 104, 'email_delivery', '{"email_address": "leads-2329@example"}'),
        -- A list where a text is expected.
        -- planted: orders.email_delivery_has_address 2330
        (2330, 104, 'email_delivery', '{"email_address": ["leads-2330@example.org"]}'),
        -- Another name for it.
        -- planted: orders.email_delivery_has_address 2331
        (2331, 104, 'email_delivery', '{"email": "leads-2331@example.org"}'),
        -- Given twice, and the last one counts: it is the bad one.
        -- planted: orders.email_delivery_has_address 2332
        -- follows: orders.delivery_args_keys_are_unique 2332
        (2332, 104, 'email_delivery', '{"email_address": "leads-2332@example.org", "email_address": "leads-2332"}'),
        -- The other way round there is an address.
        -- planted: orders.delivery_args_keys_are_unique 2333
        (2333, 104, 'email_delivery', '{"email_address": "leads-2333", "email_address": "leads-2333@example.org"}'),

        -- Requirements of custom_crm -----------------------------------------------------------------------------

        -- planted: orders.custom_crm_has_key 2334
        (2334, 104, 'custom_crm', null),
        -- planted: orders.custom_crm_has_key 2335
        (2335, 104, 'custom_crm', '{"api-key": ""}'),
        -- One level too deep for the script, and not for a reader.
        -- planted: orders.custom_crm_has_key 2336
        -- follows: orders.delivery_args_hold_no_secret 2336
        (2336, 104, 'custom_crm', '{"auth": {"api-key": "made-up-key-2336"}}'),
        -- Emptied by adding the key a second time: the script gets none, and the secret is still there.
        -- planted: orders.custom_crm_has_key 2337
        -- follows: orders.delivery_args_hold_no_secret 2337
        -- follows: orders.delivery_args_keys_are_unique 2337
        (2337, 104, 'custom_crm', '{"api-key": "made-up-key-2337", "api-key": ""}'),

        -- One key, two customers: the leads of the one are delivered to the other ---------------------------

        -- Copied from one order to another with the rest of it. Another spelling and another script are no excuse.
        -- planted: orders.api_key_belongs_to_one_customer 2338 2339
        -- follows: orders.delivery_args_hold_no_secret 2338 2339
        (2338, 103, 'custom_crm', '{"api-key": "made-up-key-2338"}'),
        (2339, 104, 'bulk_delivery', '{"API_KEY": "made-up-key-2338"}'),
        -- The same with a reference, one of them written with an escape (the letter k), beside a bad escape.
        -- planted: orders.api_key_belongs_to_one_customer 2340 2341
        -- follows: orders.delivery_args_convert_to_jsonb 2341
        (2340, 103, 'custom_crm', '{"apiKey": "secret-ref:crm/key-2340"}'),
        (2341, 104, 'custom_crm', '{"api-key": "secret-ref:crm/\u006bey-2340", "note": "\ud83d\u0041"}'),
        -- control: one customer may use a key in many orders.
        (2342, 104, 'custom_crm', '{"api-key": "secret-ref:crm/westgate-2342"}'),
        (2343, 104, 'custom_crm', '{"api-key": "secret-ref:crm/westgate-2342"}')
) as v (order_id, customer_id, delivery_script_name, delivery_script_args);
