-- title: Balance without a ledger
-- severity: info
-- key: object
-- why: Each payment overwrites the balance. Who changed it, when, and by how much is lost, and a wrong balance looks
--   like a right one.
select c.object,
  format('%s is changed in place: no table of its entries is in schema %s', c.object, r.schema) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('from what could %s be computed again? If from nothing, keep its entries in a table of their own', c.object)
    as suggestion,
  'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
where c.family in ('integer', 'numeric', 'float', 'money')
  and (c.last_word = 'balance' or c.words @> array['balance'] and o.names_its_unit
    or cardinality(c.words) = 1 and c.name ~* 'balance$')
  and not c.is_inherited
  and not c.is_generated
  and not o.is_key
  and not o.is_reference
  and not r.is_log
  and not r.is_ledger
  and not exists (
    select
    from relation as e
    where e.schema = r.schema
      and e.oid <> r.oid
      and (
        e.is_ledger
        or e.words && array['payment', 'payments', 'deposit', 'deposits', 'charge', 'charges', 'history', 'histories']
      )
      and e.oid in (
        select n.relation
        from table_column as n
        join column_role as p on p.relation = n.relation and p.attnum = n.attnum and not p.is_key and not p.is_reference
        where n.family in ('integer', 'numeric', 'float', 'money')
      )
  )
order by c.object
