-- Northwind, the traders in food: all tables as in the port to PostgreSQL, smallint keys, bpchar keys and money as real included.
-- Source: github.com/pthom/northwind_psql, northwind.sql (structure; written anew, with rows of our own).
create table categories (
  category_id smallint not null primary key,
  category_name varchar(15) not null,
  description text,
  picture bytea
);
create table customer_demographics (
  customer_type_id bpchar not null primary key,
  customer_desc text
);
create table customers (
  customer_id bpchar not null primary key,
  company_name varchar(40) not null,
  contact_name varchar(30),
  contact_title varchar(30),
  address varchar(60),
  city varchar(15),
  region varchar(15),
  postal_code varchar(10),
  country varchar(15),
  phone varchar(24),
  fax varchar(24)
);
create table customer_customer_demo (
  customer_id bpchar not null references customers,
  customer_type_id bpchar not null references customer_demographics,
  primary key (customer_id, customer_type_id)
);
create table employees (
  employee_id smallint not null primary key,
  last_name varchar(20) not null,
  first_name varchar(10) not null,
  title varchar(30),
  title_of_courtesy varchar(25),
  birth_date date,
  hire_date date,
  address varchar(60),
  city varchar(15),
  region varchar(15),
  postal_code varchar(10),
  country varchar(15),
  home_phone varchar(24),
  extension varchar(4),
  photo bytea,
  notes text,
  reports_to smallint references employees,
  photo_path varchar(255)
);
create table region (
  region_id smallint not null primary key,
  region_description bpchar not null
);
create table territories (
  territory_id varchar(20) not null primary key,
  territory_description bpchar not null,
  region_id smallint not null references region
);
create table employee_territories (
  employee_id smallint not null references employees,
  territory_id varchar(20) not null references territories,
  primary key (employee_id, territory_id)
);
create table shippers (
  shipper_id smallint not null primary key,
  company_name varchar(40) not null,
  phone varchar(24)
);
create table suppliers (
  supplier_id smallint not null primary key,
  company_name varchar(40) not null,
  contact_name varchar(30),
  contact_title varchar(30),
  address varchar(60),
  city varchar(15),
  region varchar(15),
  postal_code varchar(10),
  country varchar(15),
  phone varchar(24),
  fax varchar(24),
  homepage text
);
create table products (
  product_id smallint not null primary key,
  product_name varchar(40) not null,
  supplier_id smallint references suppliers,
  category_id smallint references categories,
  quantity_per_unit varchar(20),
  unit_price real,
  units_in_stock smallint,
  units_on_order smallint,
  reorder_level smallint,
  discontinued integer not null
);
create table orders (
  order_id smallint not null primary key,
  customer_id bpchar references customers,
  employee_id smallint references employees,
  order_date date,
  required_date date,
  shipped_date date,
  ship_via smallint references shippers,
  freight real,
  ship_name varchar(40),
  ship_address varchar(60),
  ship_city varchar(15),
  ship_region varchar(15),
  ship_postal_code varchar(10),
  ship_country varchar(15)
);
create table order_details (
  order_id smallint not null references orders,
  product_id smallint not null references products,
  unit_price real not null,
  quantity smallint not null,
  discount real not null,
  primary key (order_id, product_id)
);
create table us_states (
  state_id smallint not null primary key,
  state_name varchar(100),
  state_abbr varchar(2),
  state_region varchar(50)
);

insert into categories values (1, 'Beverages', 'Soft drinks'), (2, 'Condiments', null);
insert into customers (customer_id, company_name, contact_name, contact_title, address, city, postal_code, country)
select 'C' || n, 'Company ' || n, 'Contact ' || n, 'Owner', n || ' Some Street', 'Berlin', '10000', 'Germany'
from generate_series(1, 91) as n;
-- Buchanan, 5, reports to Fuller, 2, who reports to nobody
insert into employees (employee_id, last_name, first_name, birth_date, hire_date)
values (2, 'Fuller', 'Andrew', '1952-02-19', '1992-08-14');
insert into employees (employee_id, last_name, first_name, birth_date, hire_date, reports_to)
values (5, 'Buchanan', 'Steven', '1955-03-04', '1993-10-17', 2);
insert into region values (1, 'Eastern'), (2, 'Western');
insert into territories values ('01581', 'Westboro', 1);
insert into employee_territories values (5, '01581');
insert into shippers values (1, 'Speedy Express', '(503) 555-9831');
insert into suppliers (supplier_id, company_name) values (1, 'Exotic Liquids');
insert into products values (1, 'Chai', 1, 1, '10 boxes x 30 bags', 18, 39, 0, 10, 1), (2, 'Chang', 1, 1, '24 - 12 oz bottles', 19, 17, 40, 25, 0);
insert into orders (order_id, customer_id, employee_id, order_date, shipped_date, ship_via, freight, ship_name)
values (10248, 'C1', 5, '1996-07-04', '1996-07-16', 1, 32.38, 'Vins et alcools'), (11077, 'C2', 2, '1998-05-06', null, null, null, null);
insert into order_details values (10248, 1, 14, 12, 0), (11077, 2, 19, 24, 0.2);
insert into us_states values (1, 'Alabama', 'AL', 'south'), (2, 'Alaska', 'AK', 'north');
