-- Chinook, the shop for digital media: all tables as in its port to PostgreSQL.
-- Source: github.com/lerocha/chinook-database, Chinook_PostgreSql.sql (structure; written anew, with rows of our own).
create table artist (artist_id int not null primary key, name varchar(120));
create table album (
  album_id int not null primary key,
  title varchar(160) not null,
  artist_id int not null references artist
);
create table employee (
  employee_id int not null primary key,
  last_name varchar(20) not null,
  first_name varchar(20) not null,
  title varchar(30),
  reports_to int references employee,
  birth_date timestamp,
  hire_date timestamp,
  address varchar(70),
  city varchar(40),
  state varchar(40),
  country varchar(40),
  postal_code varchar(10),
  phone varchar(24),
  fax varchar(24),
  email varchar(60)
);
create table customer (
  customer_id int not null primary key,
  first_name varchar(40) not null,
  last_name varchar(20) not null,
  company varchar(80),
  address varchar(70),
  city varchar(40),
  state varchar(40),
  country varchar(40),
  postal_code varchar(10),
  phone varchar(24),
  fax varchar(24),
  email varchar(60) not null,
  support_rep_id int references employee
);
create table genre (genre_id int not null primary key, name varchar(120));
create table media_type (media_type_id int not null primary key, name varchar(120));
create table invoice (
  invoice_id int not null primary key,
  customer_id int not null references customer,
  invoice_date timestamp not null,
  billing_address varchar(70),
  billing_city varchar(40),
  billing_state varchar(40),
  billing_country varchar(40),
  billing_postal_code varchar(10),
  total numeric(10, 2) not null
);
create table track (
  track_id int not null primary key,
  name varchar(200) not null,
  album_id int references album,
  media_type_id int not null references media_type,
  genre_id int references genre,
  composer varchar(220),
  milliseconds int not null,
  bytes int,
  unit_price numeric(10, 2) not null
);
create table invoice_line (
  invoice_line_id int not null primary key,
  invoice_id int not null references invoice,
  track_id int not null references track,
  unit_price numeric(10, 2) not null,
  quantity int not null
);
create table playlist (playlist_id int not null primary key, name varchar(120));
create table playlist_track (
  playlist_id int not null references playlist,
  track_id int not null references track,
  primary key (playlist_id, track_id)
);
create index album_artist_id_idx on album (artist_id);
create index customer_support_rep_id_idx on customer (support_rep_id);
create index employee_reports_to_idx on employee (reports_to);
create index invoice_customer_id_idx on invoice (customer_id);
create index invoice_line_invoice_id_idx on invoice_line (invoice_id);
create index invoice_line_track_id_idx on invoice_line (track_id);
create index playlist_track_playlist_id_idx on playlist_track (playlist_id);
create index playlist_track_track_id_idx on playlist_track (track_id);
create index track_album_id_idx on track (album_id);
create index track_genre_id_idx on track (genre_id);
create index track_media_type_id_idx on track (media_type_id);

insert into genre values (1, 'Rock'), (2, 'Jazz');
insert into media_type values (1, 'MPEG audio file'), (2, 'AAC audio file');
insert into artist values (1, 'AC/DC'), (2, 'Accept');
insert into album values (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2);
insert into track values (1, 'For Those About To Rock', 1, 1, 1, null, 343719, 11170334, 0.99), (2, 'Balls to the Wall', 2, 2, 1, null, 342562, 5510424, 0.99);
-- as there, the list called Music is there twice
insert into playlist values (1, 'Music'), (2, 'Movies'), (8, 'Music');
insert into playlist_track values (1, 1), (1, 2), (8, 1);
insert into employee (employee_id, last_name, first_name, birth_date, hire_date, email)
values (1, 'Adams', 'Andrew', '1962-02-18', '2002-08-14', 'andrew@example.org');
insert into employee (employee_id, last_name, first_name, reports_to, birth_date, hire_date, email)
values (2, 'Edwards', 'Nancy', 1, '1958-12-08', '2002-05-01', 'nancy@example.org');
insert into customer (customer_id, first_name, last_name, email, support_rep_id) values (1, 'Luís', 'Gonçalves', 'luis@example.org', 2);
insert into invoice (invoice_id, customer_id, invoice_date, total) values (1, 1, '2021-01-01', 1.98);
insert into invoice_line values (1, 1, 1, 0.99, 1), (2, 1, 2, 0.99, 1);
