-- Pagila, the DVD rental shop: all tables, with the partitioned payments, of the version of 2022.
-- Source: github.com/devrimgunduz/pagila, pagila-schema.sql (structure; written anew, with three of its seven views, and
-- rows of our own).
create type mpaa_rating as enum ('G', 'PG', 'PG-13', 'R', 'NC-17');
create domain year as integer constraint year_check check (value >= 1901 and value <= 2155);

create function last_updated () returns trigger language plpgsql as $$
begin
  new.last_update = current_timestamp;
  return new;
end
$$;

create sequence customer_customer_id_seq;
create sequence actor_actor_id_seq;
create sequence category_category_id_seq;
create sequence film_film_id_seq;
create sequence address_address_id_seq;
create sequence city_city_id_seq;
create sequence country_country_id_seq;
create sequence inventory_inventory_id_seq;
create sequence language_language_id_seq;
create sequence payment_payment_id_seq;
create sequence rental_rental_id_seq;
create sequence staff_staff_id_seq;
create sequence store_store_id_seq;

create table customer (
  customer_id integer not null default nextval('customer_customer_id_seq') primary key,
  store_id integer not null,
  first_name text not null,
  last_name text not null,
  email text,
  address_id integer not null,
  activebool boolean not null default true,
  create_date date not null default current_date,
  last_update timestamptz default now(),
  active integer
);
create table actor (
  actor_id integer not null default nextval('actor_actor_id_seq') primary key,
  first_name text not null,
  last_name text not null,
  last_update timestamptz not null default now()
);
create table category (
  category_id integer not null default nextval('category_category_id_seq') primary key,
  name text not null,
  last_update timestamptz not null default now()
);
create table film (
  film_id integer not null default nextval('film_film_id_seq') primary key,
  title text not null,
  description text,
  release_year year,
  language_id integer not null,
  original_language_id integer,
  rental_duration smallint not null default 3,
  rental_rate numeric(4, 2) not null default 4.99,
  length smallint,
  replacement_cost numeric(5, 2) not null default 19.99,
  rating mpaa_rating default 'G',
  last_update timestamptz not null default now(),
  special_features text[],
  fulltext tsvector not null
);
create table film_actor (
  actor_id integer not null,
  film_id integer not null,
  last_update timestamptz not null default now(),
  primary key (actor_id, film_id)
);
create table film_category (
  film_id integer not null,
  category_id integer not null,
  last_update timestamptz not null default now(),
  primary key (film_id, category_id)
);
create table address (
  address_id integer not null default nextval('address_address_id_seq') primary key,
  address text not null,
  address2 text,
  district text not null,
  city_id integer not null,
  postal_code text,
  phone text not null,
  last_update timestamptz not null default now()
);
create table city (
  city_id integer not null default nextval('city_city_id_seq') primary key,
  city text not null,
  country_id integer not null,
  last_update timestamptz not null default now()
);
create table country (
  country_id integer not null default nextval('country_country_id_seq') primary key,
  country text not null,
  last_update timestamptz not null default now()
);
create table inventory (
  inventory_id integer not null default nextval('inventory_inventory_id_seq') primary key,
  film_id integer not null,
  store_id integer not null,
  last_update timestamptz not null default now()
);
create table language (
  language_id integer not null default nextval('language_language_id_seq') primary key,
  name character(20) not null,
  last_update timestamptz not null default now()
);
create table payment (
  payment_id integer not null default nextval('payment_payment_id_seq'),
  customer_id integer not null,
  staff_id integer not null,
  rental_id integer not null,
  amount numeric(5, 2) not null,
  payment_date timestamptz not null,
  primary key (payment_date, payment_id)
) partition by range (payment_date);
create table payment_p2022_01 partition of payment for values from ('2022-01-01 00:00+00') to ('2022-02-01 00:00+00');
create table payment_p2022_02 partition of payment for values from ('2022-02-01 00:00+00') to ('2022-03-01 00:00+00');
create table payment_p2022_03 partition of payment for values from ('2022-03-01 00:00+00') to ('2022-04-01 00:00+00');
create table payment_p2022_04 partition of payment for values from ('2022-04-01 00:00+00') to ('2022-05-01 00:00+00');
create table payment_p2022_05 partition of payment for values from ('2022-05-01 00:00+00') to ('2022-06-01 00:00+00');
create table payment_p2022_06 partition of payment for values from ('2022-06-01 00:00+00') to ('2022-07-01 00:00+00');
create table payment_p2022_07 partition of payment for values from ('2022-07-01 00:00+00') to ('2022-08-01 00:00+00');
create table rental (
  rental_id integer not null default nextval('rental_rental_id_seq') primary key,
  rental_date timestamptz not null,
  inventory_id integer not null,
  customer_id integer not null,
  return_date timestamptz,
  staff_id integer not null,
  last_update timestamptz not null default now()
);
create table staff (
  staff_id integer not null default nextval('staff_staff_id_seq') primary key,
  first_name text not null,
  last_name text not null,
  address_id integer not null,
  email text,
  store_id integer not null,
  active boolean not null default true,
  username text not null,
  password text,
  last_update timestamptz not null default now(),
  picture bytea
);
create table store (
  store_id integer not null default nextval('store_store_id_seq') primary key,
  manager_staff_id integer not null,
  address_id integer not null,
  last_update timestamptz not null default now()
);

create view customer_list as
select c.customer_id as id, c.first_name || ' ' || c.last_name as name, a.address, a.postal_code as "zip code", a.phone,
  t.city, n.country, case when c.activebool then 'active' else '' end as notes, c.store_id as sid
from customer as c
join address as a on a.address_id = c.address_id
join city as t on t.city_id = a.city_id
join country as n on n.country_id = t.country_id;
create view sales_by_film_category as
select c.name as category, sum(p.amount) as total_sales
from payment as p
join rental as r on r.rental_id = p.rental_id
join inventory as i on i.inventory_id = r.inventory_id
join film_category as f on f.film_id = i.film_id
join category as c on c.category_id = f.category_id
group by c.name;
create materialized view rental_by_category as select * from sales_by_film_category with no data;
create unique index rental_category on rental_by_category (category);

create index film_fulltext_idx on film using gist (fulltext);
create index idx_actor_last_name on actor (last_name);
create index idx_fk_address_id on customer (address_id);
create index idx_fk_city_id on address (city_id);
create index idx_fk_country_id on city (country_id);
create index idx_fk_film_id on film_actor (film_id);
create index idx_fk_inventory_id on rental (inventory_id);
create index idx_fk_language_id on film (language_id);
create index idx_fk_original_language_id on film (original_language_id);
create index idx_fk_store_id on customer (store_id);
create index idx_last_name on customer (last_name);
create index idx_store_id_film_id on inventory (store_id, film_id);
create index idx_title on film (title);
create unique index idx_unq_manager_staff_id on store (manager_staff_id);
create unique index idx_unq_rental_rental_date_inventory_id_customer_id on rental (rental_date, inventory_id, customer_id);

-- the partitions of January to June have indexes, one of them twice, and foreign keys of their own; July and the parent have none
do $$
begin
  for month in 1 .. 6 loop
    execute format(
      'create index idx_fk_payment_p2022_%1$s_customer_id on payment_p2022_%1$s (customer_id);
      create index idx_fk_payment_p2022_%1$s_staff_id on payment_p2022_%1$s (staff_id);
      create index payment_p2022_%1$s_customer_id_idx on payment_p2022_%1$s (customer_id);
      alter table payment_p2022_%1$s
        add foreign key (customer_id) references customer, add foreign key (rental_id) references rental,
        add foreign key (staff_id) references staff',
      lpad(month::text, 2, '0')
    );
  end loop;
end
$$;

alter table address add foreign key (city_id) references city on update cascade on delete restrict;
alter table city add foreign key (country_id) references country on update cascade on delete restrict;
alter table customer add foreign key (address_id) references address on update cascade on delete restrict;
alter table customer add foreign key (store_id) references store on update cascade on delete restrict;
alter table film add foreign key (language_id) references language on update cascade on delete restrict;
alter table film add foreign key (original_language_id) references language on update cascade on delete restrict;
alter table film_actor add foreign key (actor_id) references actor on update cascade on delete restrict;
alter table film_actor add foreign key (film_id) references film on update cascade on delete restrict;
alter table film_category add foreign key (category_id) references category on update cascade on delete restrict;
alter table film_category add foreign key (film_id) references film on update cascade on delete restrict;
alter table inventory add foreign key (film_id) references film on update cascade on delete restrict;
alter table inventory add foreign key (store_id) references store on update cascade on delete restrict;
alter table rental add foreign key (customer_id) references customer on update cascade on delete restrict;
alter table rental add foreign key (inventory_id) references inventory on update cascade on delete restrict;
alter table rental add foreign key (staff_id) references staff on update cascade on delete restrict;
alter table staff add foreign key (address_id) references address on update cascade on delete restrict;
alter table staff add foreign key (store_id) references store;
alter table store add foreign key (address_id) references address on update cascade on delete restrict;

create trigger film_fulltext_trigger before insert or update on film
for each row execute function tsvector_update_trigger('fulltext', 'pg_catalog.english', 'title', 'description');
do $$
declare
  name text;
begin
  foreach name in array array[
    'actor', 'address', 'category', 'city', 'country', 'customer', 'film', 'film_actor', 'film_category', 'inventory',
    'language', 'rental', 'staff', 'store'
  ] loop
    execute format('create trigger last_updated before update on %I for each row execute function last_updated()', name);
  end loop;
end
$$;

insert into country (country) values ('Canada'), ('Australia');
insert into city (city, country_id) values ('Lethbridge', 1), ('Woodridge', 2);
insert into address (address, district, city_id, postal_code, phone)
values ('47 MySakila Drive', 'Alberta', 1, '', ''), ('28 MySQL Boulevard', 'QLD', 2, '', ''),
  ('1913 Hanoi Way', 'Alberta', 1, '35200', '28303384290');
insert into store (manager_staff_id, address_id) values (1, 1), (2, 2);
insert into staff (first_name, last_name, address_id, email, store_id, username)
values ('Mike', 'Hillyer', 1, 'mike@example.org', 1, 'Mike'), ('Jon', 'Stephens', 2, 'jon@example.org', 2, 'Jon');
insert into customer (store_id, first_name, last_name, email, address_id, active)
values (1, 'MARY', 'SMITH', 'mary@example.org', 3, 1), (2, 'PATRICIA', 'JOHNSON', 'patricia@example.org', 3, 0);
insert into language (name) values ('English'), ('Italian');
insert into category (name) values ('Action'), ('Animation');
insert into film (title, description, release_year, language_id) values ('ACADEMY DINOSAUR', 'A dinosaur', 2006, 1);
insert into actor (first_name, last_name) values ('PENELOPE', 'GUINESS');
insert into film_actor values (1, 1);
insert into film_category values (1, 1);
insert into inventory (film_id, store_id) values (1, 1);
insert into rental (rental_date, inventory_id, customer_id, staff_id) values ('2022-05-24 22:53+00', 1, 1, 1);
insert into payment (customer_id, staff_id, rental_id, amount, payment_date)
values (1, 1, 1, 2.99, '2022-05-25 11:30+00'), (2, 2, 1, 0.99, '2022-07-28 10:00+00');
