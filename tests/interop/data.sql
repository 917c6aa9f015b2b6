-- Tables that all tools check: NULL, upper case, spaces, duplicates, orphans, names that need quotes.
create table station (
  station_id int primary key, code text, "cityName" text, opened date, capacity int, rating numeric(4, 2), kind text
);
insert into station values
  (1, 'AA-1', 'Riga', '2020-01-01', 10, 4.50, 'dock'),
  (2, 'AB-2', 'riga', '2020-02-29', 0, 3.25, 'Dock'),
  (3, 'AB-2', null, '2021-06-30', null, null, null),
  (4, null, ' ', null, 40, 5.00, 'rack'),
  (5, null, 'Turku', '2024-12-31', -5, 0.99, 'NO'),
  (6, 'zz', 'O''Hara', '2025-05-05', 25, 5.01, 'dock ');
create table trip (
  trip_id int primary key, station_id int, status text, distance numeric, email text, minutes int,
  started timestamptz, ended timestamptz, "order" int
);
insert into trip
select n, n % 9, (array['done', 'open', 'lost', 'DONE', null, ''])[n % 6 + 1], n * 1.5 - 10,
  case when n % 10 = 0 then null when n % 7 = 0 then 'none' else format('rider%s@example.org', n % 50) end,
  nullif(n % 61, 0), timestamptz '2025-01-01 00:00:00+00' + n * interval '1 hour',
  timestamptz '2025-01-01 00:30:00+00' + (n - n % 5 + 2) * interval '1 hour', n / 2
from generate_series(1, 200) as s (n);
create table "Log" ("entryId" int primary key, "Text" text, level int);
insert into "Log" values (1, 'a', 1), (2, 'A', 1), (3, null, 2), (4, 'it''s', null);
create table loose (a int, b text);
insert into loose values (1, 'x'), (1, 'x'), (2, null), (2, null), (null, 'y');
create table nothing (nothing_id int primary key, label text);
create domain address as varchar(40);
create table vehicle (
  plate varchar(8) primary key, make varchar(20), price numeric(9, 2), built timestamp, sold timestamptz,
  seen timestamptz(3), weight double precision, wheels int, tags text[], extras int[], grade char(2), mail address,
  notes jsonb, uid uuid, left_out int
);
alter table vehicle drop column left_out;
alter table vehicle add column engine text;
