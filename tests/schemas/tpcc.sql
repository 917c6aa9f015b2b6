-- TPC-C, the benchmark of order entry: all nine tables with the keys that the specification asks for.
-- Source: www.tpc.org/tpcc, standard specification 5.11, clauses 1.3 and 1.4 (structure; written anew, with rows of our own).
-- Columns are named after their table by a letter (o_id, ol_i_id); keys are composite; h_ has no key on purpose; credit limits,
-- balances and amounts are fixed-point.
create table warehouse (
  w_id integer primary key,
  w_name varchar(10),
  w_street_1 varchar(20),
  w_street_2 varchar(20),
  w_city varchar(20),
  w_state char(2),
  w_zip char(9),
  w_tax numeric(4, 4),
  w_ytd numeric(12, 2)
);
create table district (
  d_id smallint,
  d_w_id integer references warehouse,
  d_name varchar(10),
  d_street_1 varchar(20),
  d_street_2 varchar(20),
  d_city varchar(20),
  d_state char(2),
  d_zip char(9),
  d_tax numeric(4, 4),
  d_ytd numeric(12, 2),
  d_next_o_id integer,
  primary key (d_w_id, d_id)
);
create table customer (
  c_id integer,
  c_d_id smallint,
  c_w_id integer,
  c_first varchar(16),
  c_middle char(2),
  c_last varchar(16),
  c_street_1 varchar(20),
  c_street_2 varchar(20),
  c_city varchar(20),
  c_state char(2),
  c_zip char(9),
  c_phone char(16),
  c_since timestamp,
  c_credit char(2),
  c_credit_lim numeric(12, 2),
  c_discount numeric(4, 4),
  c_balance numeric(12, 2),
  c_ytd_payment numeric(12, 2),
  c_payment_cnt smallint,
  c_delivery_cnt smallint,
  c_data varchar(500),
  primary key (c_w_id, c_d_id, c_id),
  foreign key (c_w_id, c_d_id) references district
);
create index customer_by_name on customer (c_w_id, c_d_id, c_last, c_first);
create table history (
  h_c_id integer,
  h_c_d_id smallint,
  h_c_w_id integer,
  h_d_id smallint,
  h_w_id integer,
  h_date timestamp,
  h_amount numeric(6, 2),
  h_data varchar(24),
  foreign key (h_c_w_id, h_c_d_id, h_c_id) references customer,
  foreign key (h_w_id, h_d_id) references district
);
create table orders (
  o_id integer,
  o_d_id smallint,
  o_w_id integer,
  o_c_id integer,
  o_entry_d timestamp,
  o_carrier_id smallint,
  o_ol_cnt smallint,
  o_all_local smallint,
  primary key (o_w_id, o_d_id, o_id),
  foreign key (o_w_id, o_d_id, o_c_id) references customer
);
create unique index orders_by_customer on orders (o_w_id, o_d_id, o_c_id, o_id);
create table new_order (
  no_o_id integer,
  no_d_id smallint,
  no_w_id integer,
  primary key (no_w_id, no_d_id, no_o_id),
  foreign key (no_w_id, no_d_id, no_o_id) references orders
);
create table item (
  i_id integer primary key,
  i_im_id integer,
  i_name varchar(24),
  i_price numeric(5, 2),
  i_data varchar(50)
);
create table stock (
  s_i_id integer references item,
  s_w_id integer references warehouse,
  s_quantity smallint,
  s_dist_01 char(24),
  s_dist_02 char(24),
  s_dist_03 char(24),
  s_ytd integer,
  s_order_cnt smallint,
  s_remote_cnt smallint,
  s_data varchar(50),
  primary key (s_w_id, s_i_id)
);
create table order_line (
  ol_o_id integer,
  ol_d_id smallint,
  ol_w_id integer,
  ol_number smallint,
  ol_i_id integer,
  ol_supply_w_id integer,
  ol_delivery_d timestamp,
  ol_quantity smallint,
  ol_amount numeric(6, 2),
  ol_dist_info char(24),
  primary key (ol_w_id, ol_d_id, ol_o_id, ol_number),
  foreign key (ol_w_id, ol_d_id, ol_o_id) references orders,
  foreign key (ol_supply_w_id, ol_i_id) references stock
);

insert into warehouse values (1, 'North', 'Street 1', 'Street 2', 'City', 'CA', '123451111', 0.1, 300000);
insert into district select n, 1, 'D' || n, 'Street 1', 'Street 2', 'City', 'CA', '123451111', 0.1, 30000, 2 from generate_series(1, 10) as n;
insert into customer (c_id, c_d_id, c_w_id, c_first, c_middle, c_last, c_since, c_credit, c_credit_lim, c_discount, c_balance, c_ytd_payment)
select 1, n, 1, 'Ann', 'OE', 'BARBARBAR', '2024-01-01', 'GC', 50000, 0.1, -10, 10 from generate_series(1, 10) as n;
insert into history values (1, 1, 1, 1, 1, '2024-01-01', 10, 'North    D1');
insert into item values (1, 1, 'Item', 1.5, 'ORIGINAL');
insert into stock (s_i_id, s_w_id, s_quantity, s_ytd) values (1, 1, 50, 0);
insert into orders values (1, 1, 1, 1, '2024-01-01', null, 1, 1);
insert into new_order values (1, 1, 1);
insert into order_line values (1, 1, 1, 1, 1, 1, null, 5, 7.5, 'x');
