-- title: Trip without status
-- severity: warning
-- key: trip_id
-- tolerate: 20 rows
select t.trip_id from trip as t where t.status is null
