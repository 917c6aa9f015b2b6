-- title: Address columns inside another table
-- severity: warning
-- key: object
-- why: An owner with two addresses, or an address that two owners share, is stored twice. A move overwrites the
--   earlier address. Parts of an address cannot be checked against each other. An invoice may keep its own copy, which
--   records the address at that time.
with address_column as materialized (
  select c.relation, c.attnum, c.name, c.quoted, c.type_name, k.kind
  from table_column as c
  cross join lateral (select cardinality(c.words) = 1 as is_one) as w
  cross join lateral (
    select case
      when c.words && array['email', 'mail', 'ip', 'mac', 'web', 'url', 'wallet', 'btc', 'crypto', 'remote', 'http', 'host']
        or c.name ~* '^(e?mail|ip|mac|web|url)' then null
      when c.words && array['phone', 'telephone', 'mobile', 'fax', 'tel', 'cellphone']
        or w.is_one and c.name ~* '(phone|telephone)(number|no)?$' then 'phone'
      when c.words @> array['contact', 'name'] or c.words @> array['contact', 'person']
        or w.is_one and c.name ~* '^contactname$' then 'contact name'
      when c.last_word in ('postcode', 'zip', 'zipcode', 'postalcode', 'plz') or c.words && array['postal', 'zip']
        then 'postal'
      when c.last_word in ('city', 'town', 'municipality', 'locality')
        or w.is_one and c.name ~* '^(ship|shipping|bill|billing|home|mailing)city$' then 'city'
      when c.last_word in ('province', 'region', 'district', 'county', 'stateprovince') then 'region'
      -- a status named state is not a region
      when c.last_word = 'state'
        and not exists (select from status_column as s where s.relation = c.relation and s.attnum = c.attnum) then 'region'
      when c.last_word in ('country') or c.words @> array['country', 'code'] or c.words @> array['country', 'name']
        then 'country'
      when c.words && array['address', 'addr', 'street', 'address1', 'address2', 'addressline1', 'addressline2']
        and c.last_word not in ('id', 'type', 'kind', 'status', 'hash', 'count', 'format')
        or w.is_one and c.name ~* '(address|street)(line)?[0-9]?$' then 'street'
    end as kind
  ) as k
  where c.family = 'text'
    and not c.is_inherited
    and k.kind is not null
)
select r.object,
  'info' as severity,
  format('table %s contains an address in %s columns: %s', r.object, p.columns, p.names) as message,
  p.kinds as evidence,
  format('can a row of %s have two addresses, or share one? If so, addresses need a table of their own', r.object)
    as suggestion,
  'redesign' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['addresses'],
    'suggestion', format(
      'create table %I.%I (%s, %s%s)', r.schema, left(r.name, 54) || '_address',
      coalesce(k.key_definitions, 'id bigint generated always as identity primary key'), p.definitions,
      k.key_constraints
    )
  )) as instead,
  jsonb_build_object(
    'from', s.source,
    'addresses', format('nullif(count(*) filter (where num_nonnulls(%s) > 2), 0)', p.columns_list),
    'severity', format(
      'case when count(*) filter (where num_nonnulls(%s) > 2) >= 5 then %L else ''info'' end', p.columns_list,
      -- a document, and a log, rightly keep a copy
      case
        when r.is_log
          or r.words && array[
            'order', 'orders', 'invoice', 'invoices', 'shipment', 'shipments', 'quote', 'quotes', 'quotation', 'quotations'
          ] then 'info'
        else 'warning'
      end
    )
  ) as probe
from relation as r
join (
  select k.relation, sum(k.columns) as columns, string_agg(k.names, ', ' order by k.attnum) as names,
    string_agg(k.definitions, ', ' order by k.attnum) as definitions,
    string_agg(k.quoted_names, ', ' order by k.attnum) as columns_list, jsonb_object_agg(k.kind, k.list) as kinds
  from (
    select p.relation, p.kind, count(*) as columns, min(p.attnum) as attnum,
      string_agg(p.name, ', ' order by p.attnum) as names,
      string_agg('t.' || p.quoted, ', ' order by p.attnum) as quoted_names, jsonb_agg(p.name order by p.attnum) as list,
      string_agg(p.quoted || ' ' || p.type_name, ', ' order by p.attnum) as definitions
    from address_column as p
    group by p.relation, p.kind
  ) as k
  group by k.relation
  having count(*) > 2
    and bool_or(k.kind in ('street', 'postal'))
) as p on p.relation = r.oid
join sample as s on s.relation = r.oid
left join (
  select t.relation, string_agg(c.quoted || ' ' || c.type_name, ', ' order by c.attnum) as key_definitions,
    format(
      ', primary key (%1$s), foreign key (%1$s) references %2$s (%1$s) on delete cascade',
      string_agg(c.quoted, ', ' order by c.attnum), o.quoted
    ) as key_constraints
  from table_constraint as t
  join relation as o on o.oid = t.relation
  join table_column as c on c.relation = t.relation and c.attnum = any(t.attnums)
  where t.kind = 'p'
  group by t.relation, o.quoted
) as k on k.relation = r.oid
-- tables of addresses are not findings
where not r.words && array[
    'address', 'addresses', 'location', 'locations', 'place', 'places', 'venue', 'venues', 'site', 'sites', 'contact',
    'contacts', 'premises', 'addr', 'zip', 'zips', 'zipcodes', 'postcode', 'postcodes', 'geocode', 'geocodes'
  ]
  and not (cardinality(r.words) = 1 and r.name ~* 'address(es)?$')
order by r.object
