-- World, countries and cities as of about 2000: all three tables as in the port to PostgreSQL.
-- Source: dev.mysql.com/doc/world-setup, and the sample databases of pgFoundry (structure; written anew, with rows of our own).
create table city (
  id integer primary key,
  name text not null,
  countrycode char(3) not null,
  district text not null,
  population integer not null
);
create table country (
  code char(3) primary key,
  name text not null,
  continent text not null check (
    continent = 'Asia' or continent = 'Europe' or continent = 'North America' or continent = 'Africa'
    or continent = 'Oceania' or continent = 'Antarctica' or continent = 'South America'
  ),
  region text not null,
  surfacearea real not null,
  indepyear smallint,
  population integer not null,
  lifeexpectancy real,
  gnp numeric(10, 2),
  gnpold numeric(10, 2),
  localname text not null,
  governmentform text not null,
  headofstate text,
  capital integer references city,
  code2 char(2) not null
);
create table countrylanguage (
  countrycode char(3) not null references country,
  language text not null,
  isofficial boolean not null,
  percentage real not null,
  primary key (countrycode, language)
);

insert into city values (1, 'Kabul', 'AFG', 'Kabol', 1780000), (5, 'Amsterdam', 'NLD', 'Noord-Holland', 731200);
insert into country
values ('AFG', 'Afghanistan', 'Asia', 'Southern and Central Asia', 652090, 1919, 22720000, 45.9, 5976, null, 'Afganestan',
  'Islamic Emirate', null, 1, 'AF'),
  ('NLD', 'Netherlands', 'Europe', 'Western Europe', 41526, 1581, 15864000, 78.3, 371362, 360478, 'Nederland',
  'Constitutional Monarchy', null, 5, 'NL');
insert into countrylanguage values ('AFG', 'Pashto', true, 52.4), ('NLD', 'Dutch', true, 95.6);
