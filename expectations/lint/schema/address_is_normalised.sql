-- title: Address columns inside another table
-- severity: warning
-- key: object
-- why: Whoever has two addresses, or shares one, is stored twice; a move overwrites where things were sent before; and
--   none of the parts can be checked against the others. An order may keep a copy of its own: that is what it was.
with part as materialized (
  select c.relation, c.place, c.name, c.named, c.written, k.kind
  from col as c
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
      -- a state that says where a row stands is no region
      when c.last_word = 'state'
        and not exists (select from state as s where s.relation = c.relation and s.place = c.place) then 'region'
      when c.last_word in ('country') or c.words @> array['country', 'code'] or c.words @> array['country', 'name']
        then 'country'
      when c.words && array['address', 'addr', 'street', 'address1', 'address2', 'addressline1', 'addressline2']
        and c.last_word not in ('id', 'type', 'kind', 'status', 'hash', 'count', 'format')
        or w.is_one and c.name ~* '(address|street)(line)?[0-9]?$' then 'street'
    end as kind
  ) as k
  where c.family = 'text'
    and k.kind is not null
)
select r.object,
  case
    when r.is_log
      or r.words && array[
        'order', 'orders', 'invoice', 'invoices', 'shipment', 'shipments', 'quote', 'quotes', 'quotation', 'quotations'
      ] then 'info'
    else 'warning'
  end as severity,
  format('table %s holds an address of its own in %s columns: %s', r.object, p.columns, p.names) as message,
  p.kinds as evidence,
  format(
    'create table %I.%I (%s, %s%s)', r.schema, left(r.name, 54) || '_address',
    coalesce(k.typed, 'id bigint generated always as identity primary key'), p.written,
    k.keyed
  ) as suggestion,
  'redesign' as remedy
from relation as r
join (
  select k.relation, sum(k.columns) as columns, string_agg(k.names, ', ' order by k.place) as names,
    string_agg(k.written, ', ' order by k.place) as written, jsonb_object_agg(k.kind, k.list) as kinds
  from (
    select p.relation, p.kind, count(*) as columns, min(p.place) as place,
      string_agg(p.name, ', ' order by p.place) as names, jsonb_agg(p.name order by p.place) as list,
      string_agg(p.named || ' ' || p.written, ', ' order by p.place) as written
    from part as p
    group by p.relation, p.kind
  ) as k
  group by k.relation
  having count(*) > 2
    and bool_or(k.kind in ('street', 'postal'))
) as p on p.relation = r.oid
left join (
  select t.relation, string_agg(c.named || ' ' || c.written, ', ' order by c.place) as typed,
    format(
      ', primary key (%1$s), foreign key (%1$s) references %2$s (%1$s) on delete cascade',
      string_agg(c.named, ', ' order by c.place), o.named
    ) as keyed
  from tie as t
  join relation as o on o.oid = t.relation
  join col as c on c.relation = t.relation and c.place = any(t.places)
  where t.kind = 'p'
  group by t.relation, o.named
) as k on k.relation = r.oid
-- a table about addresses is where they belong
where not r.words && array[
    'address', 'addresses', 'location', 'locations', 'place', 'places', 'venue', 'venues', 'site', 'sites', 'contact',
    'contacts', 'premises', 'addr', 'zip', 'zips', 'zipcodes', 'postcode', 'postcodes', 'geocode', 'geocodes'
  ]
  and not (cardinality(r.words) = 1 and r.name ~* 'address(es)?$')
order by r.object
