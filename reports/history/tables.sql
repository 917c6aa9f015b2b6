-- the figures of each audit of a database and schema
create table series (
  id integer primary key, database text not null, schema text not null, unique (database, schema)
);
create table runs (
  id integer primary key, series integer not null references series, run text not null unique, at text not null,
  passed integer not null, failed integer not null, errored integer not null, gate_passed integer
);
create index runs_by_time on runs (series, at);
-- kind is rule or schema; keyed names what the keys are, so that other keys are not compared with them;
-- compared is the last run whose keys were compared
create table rules (
  id integer primary key, series integer not null references series, kind text not null, rule text not null,
  title text not null, severity text not null, keyed text, compared integer references runs,
  unique (series, kind, rule)
);
-- appeared, returned and ended are keys; null where keys were not compared
create table figures (
  rule integer not null references rules, run integer not null references runs, status text not null,
  severity text not null, checked integer, violations integer not null, measured text,
  appeared integer, returned integer, ended integer, primary key (rule, run)
) without rowid;
create table measured (
  rule integer not null references rules, run integer not null references runs, place integer not null,
  "group" text, value text, number real, primary key (rule, run, place)
) without rowid;
create table volumes (
  "table" text not null, run integer not null references runs, rows integer not null, primary key ("table", run)
) without rowid;
-- how old the newest value of a column with timestamps was, in seconds
create table ages (
  name text not null, run integer not null references runs, seconds real not null, primary key (name, run)
) without rowid;
create table anomalies (
  run integer not null references runs, place integer not null, kind text not null, name text not null,
  severity text not null, message text not null, primary key (run, place)
) without rowid;
-- a violating key that stands since a run, and how often it has come back; a key is an integer, a text, or bytes:
-- none for NULL, d and a digest, r and what is no UTF-8
create table standing (
  rule integer not null references rules, key not null, since integer not null references runs,
  returns integer not null, primary key (rule, key)
) without rowid;
-- a violating key that stood from one run to another, both included
create table past (
  rule integer not null references rules, key not null, since integer not null references runs,
  until integer not null references runs, primary key (rule, key, since)
) without rowid;
