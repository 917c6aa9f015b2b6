drop schema if exists nyc cascade;
create schema nyc;

create table nyc.airlines (carrier text primary key, name text not null);

create table nyc.airports (
  faa text primary key,
  name text not null,
  lat numeric,
  lon numeric,
  alt integer,
  tz integer,
  dst text,
  tzone text
);

create table nyc.planes (
  tailnum text primary key,
  year integer,
  type text,
  manufacturer text,
  model text,
  engines integer,
  seats integer,
  speed integer,
  engine text
);

create table nyc.weather (
  origin text not null,
  year integer,
  month integer,
  day integer,
  hour integer,
  temp numeric,
  dewp numeric,
  humid numeric,
  wind_dir integer,
  wind_speed numeric,
  wind_gust numeric,
  precip numeric,
  pressure numeric,
  visib numeric,
  time_hour timestamptz not null,
  primary key (origin, time_hour)
);

-- as it came: without a key
create table nyc.flights (
  year integer,
  month integer,
  day integer,
  dep_time integer,
  sched_dep_time integer,
  dep_delay integer,
  arr_time integer,
  sched_arr_time integer,
  arr_delay integer,
  carrier text,
  flight integer,
  tailnum text,
  origin text,
  dest text,
  air_time integer,
  distance integer,
  hour integer,
  minute integer,
  time_hour timestamptz
);
