-- Pagila as it was in 2015, where it differs: partitions by inheritance, smallint references, times without a zone, varchar(n).
-- A subset: payments and what they point at.
-- Source: github.com/devrimgunduz/pagila, pagila-schema.sql before 2018 (structure; written anew).
create sequence customer_customer_id_seq;
create sequence payment_payment_id_seq;
create sequence rental_rental_id_seq;
create sequence staff_staff_id_seq;

create table customer (
  customer_id integer not null default nextval('customer_customer_id_seq') primary key,
  store_id smallint not null,
  first_name varchar(45) not null,
  last_name varchar(45) not null,
  email varchar(50),
  activebool boolean not null default true,
  create_date date not null default ('now'::text)::date,
  last_update timestamp default now(),
  active integer
);
create table staff (
  staff_id integer not null default nextval('staff_staff_id_seq') primary key,
  first_name varchar(45) not null,
  last_name varchar(45) not null,
  email varchar(50),
  active boolean not null default true,
  username varchar(16) not null,
  password varchar(40),
  last_update timestamp not null default now(),
  picture bytea
);
create table rental (
  rental_id integer not null default nextval('rental_rental_id_seq') primary key,
  rental_date timestamp not null,
  customer_id smallint not null references customer on update cascade on delete restrict,
  return_date timestamp,
  staff_id smallint not null references staff on update cascade on delete restrict,
  last_update timestamp not null default now()
);
create table payment (
  payment_id integer not null default nextval('payment_payment_id_seq') primary key,
  customer_id smallint not null references customer on update cascade on delete restrict,
  staff_id smallint not null references staff on update cascade on delete restrict,
  rental_id integer not null references rental on update cascade on delete set null,
  amount numeric(5, 2) not null,
  payment_date timestamp not null
);
create index idx_fk_customer_id on payment (customer_id);
create index idx_fk_staff_id on payment (staff_id);
create table payment_p2015_01 (
  constraint payment_p2015_01_payment_date_check check (payment_date >= '2015-01-01' and payment_date < '2015-02-01')
) inherits (payment);
create table payment_p2015_02 (
  constraint payment_p2015_02_payment_date_check check (payment_date >= '2015-02-01' and payment_date < '2015-03-01')
) inherits (payment);
create table payment_p2015_03 (
  constraint payment_p2015_03_payment_date_check check (payment_date >= '2015-03-01' and payment_date < '2015-04-01')
) inherits (payment);
do $$
begin
  for month in 1 .. 3 loop
    execute format(
      'create index idx_fk_payment_p2015_0%1$s_customer_id on payment_p2015_0%1$s (customer_id);
      create index idx_fk_payment_p2015_0%1$s_staff_id on payment_p2015_0%1$s (staff_id);
      alter table payment_p2015_0%1$s
        add foreign key (customer_id) references customer, add foreign key (rental_id) references rental,
        add foreign key (staff_id) references staff',
      month
    );
  end loop;
end
$$;
create rule payment_insert_p2015_01 as on insert to payment
where new.payment_date >= '2015-01-01' and new.payment_date < '2015-02-01'
do instead insert into payment_p2015_01 values (default, new.customer_id, new.staff_id, new.rental_id, new.amount, new.payment_date);

insert into customer (store_id, first_name, last_name, email, active) values (1, 'MARY', 'SMITH', 'mary@example.org', 1);
insert into staff (first_name, last_name, email, username) values ('Mike', 'Hillyer', 'mike@example.org', 'Mike');
insert into rental (rental_date, customer_id, staff_id) values ('2015-01-24 22:53', 1, 1);
insert into payment_p2015_02 (customer_id, staff_id, rental_id, amount, payment_date) values (1, 1, 1, 2.99, '2015-02-25 11:30');
