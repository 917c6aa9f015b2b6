-- AdventureWorks, the maker of bicycles: 17 of its 68 tables, in four schemas, as in the port to PostgreSQL.
-- Source: github.com/lorint/AdventureWorks-for-Postgres, install.sql (structure; written anew, a subset, with rows of our own).
-- Names are run together in lower case, texts and flags are domains, money is numeric without a precision, keys are SERIAL.
create domain "OrderNumber" varchar(25);
create domain "AccountNumber" varchar(15);
create domain "Flag" boolean not null;
create domain "NameStyle" boolean not null;
create domain "Name" varchar(50);
create domain "Phone" varchar(25);

create schema person;
create table person.businessentity (
  businessentityid serial primary key,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now()
);
create table person.person (
  businessentityid int not null primary key references person.businessentity,
  persontype char(2) not null,
  namestyle "NameStyle" not null default false,
  title varchar(8),
  firstname "Name" not null,
  middlename "Name",
  lastname "Name" not null,
  suffix varchar(10),
  emailpromotion int not null default 0,
  demographics xml,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  constraint "CK_Person_EmailPromotion" check (emailpromotion between 0 and 2),
  constraint "CK_Person_PersonType" check (persontype is null or upper(persontype) in ('SC', 'VC', 'IN', 'EM', 'SP', 'GC'))
);
create table person.countryregion (
  countryregioncode varchar(3) not null primary key,
  name "Name" not null,
  modifieddate timestamp not null default now()
);
create table person.stateprovince (
  stateprovinceid serial primary key,
  stateprovincecode char(3) not null,
  countryregioncode varchar(3) not null references person.countryregion,
  isonlystateprovinceflag "Flag" not null default true,
  name "Name" not null,
  territoryid int not null,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now()
);
create table person.address (
  addressid serial primary key,
  addressline1 varchar(60) not null,
  addressline2 varchar(60),
  city varchar(30) not null,
  stateprovinceid int not null references person.stateprovince,
  postalcode varchar(15) not null,
  spatiallocation bytea,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now()
);
create table person.emailaddress (
  businessentityid int not null references person.person,
  emailaddressid serial,
  emailaddress varchar(50),
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  primary key (businessentityid, emailaddressid)
);
create table person.phonenumbertype (
  phonenumbertypeid serial primary key,
  name "Name" not null,
  modifieddate timestamp not null default now()
);
create table person.personphone (
  businessentityid int not null references person.person,
  phonenumber "Phone" not null,
  phonenumbertypeid int not null references person.phonenumbertype,
  modifieddate timestamp not null default now(),
  primary key (businessentityid, phonenumber, phonenumbertypeid)
);
comment on schema person is 'Contains objects related to names and addresses of customers, vendors, and employees';
comment on table person.person is 'Human beings involved with the company: employees, customer contacts, vendor contacts.';
comment on column person.person.persontype is 'Primary type of person: SC = store contact, IN = individual, SP = sales person, EM = employee.';
comment on table person.address is 'Street address information for customers, employees, and vendors.';

create schema humanresources;
create table humanresources.employee (
  businessentityid int not null primary key references person.person,
  nationalidnumber varchar(15) not null,
  loginid varchar(256) not null,
  jobtitle varchar(50) not null,
  birthdate date not null,
  maritalstatus char(1) not null,
  gender char(1) not null,
  hiredate date not null,
  salariedflag "Flag" not null default true,
  vacationhours smallint not null default 0,
  sickleavehours smallint not null default 0,
  currentflag "Flag" not null default true,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  organizationnode varchar default '/',
  constraint "CK_Employee_MaritalStatus" check (upper(maritalstatus) in ('M', 'S')),
  constraint "CK_Employee_Gender" check (upper(gender) in ('M', 'F')),
  constraint "CK_Employee_VacationHours" check (vacationhours between -40 and 240)
);
create table humanresources.employeepayhistory (
  businessentityid int not null references humanresources.employee,
  ratechangedate timestamp not null,
  rate numeric not null,
  payfrequency smallint not null,
  modifieddate timestamp not null default now(),
  primary key (businessentityid, ratechangedate),
  constraint "CK_EmployeePayHistory_PayFrequency" check (payfrequency in (1, 2)),
  constraint "CK_EmployeePayHistory_Rate" check (rate between 6.50 and 200.00)
);

create schema production;
create table production.unitmeasure (
  unitmeasurecode char(3) not null primary key,
  name "Name" not null,
  modifieddate timestamp not null default now()
);
create table production.product (
  productid serial primary key,
  name "Name" not null,
  productnumber varchar(25) not null,
  makeflag "Flag" not null default true,
  color varchar(15),
  safetystocklevel smallint not null,
  standardcost numeric not null,
  listprice numeric not null,
  size varchar(5),
  sizeunitmeasurecode char(3) references production.unitmeasure,
  weightunitmeasurecode char(3) references production.unitmeasure,
  weight decimal(8, 2),
  class char(2),
  sellstartdate timestamp not null,
  sellenddate timestamp,
  discontinueddate timestamp,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  constraint "CK_Product_StandardCost" check (standardcost >= 0.00),
  constraint "CK_Product_ListPrice" check (listprice >= 0.00),
  constraint "CK_Product_Weight" check (weight > 0.00),
  constraint "CK_Product_Class" check (upper(class) in ('L', 'M', 'H') or class is null),
  constraint "CK_Product_SellEndDate" check (sellenddate >= sellstartdate or sellenddate is null)
);
create table production.workorder (
  workorderid serial primary key,
  productid int not null references production.product,
  orderqty int not null,
  scrappedqty smallint not null,
  startdate timestamp not null,
  enddate timestamp,
  duedate timestamp not null,
  modifieddate timestamp not null default now(),
  constraint "CK_WorkOrder_OrderQty" check (orderqty > 0),
  constraint "CK_WorkOrder_ScrappedQty" check (scrappedqty >= 0),
  constraint "CK_WorkOrder_EndDate" check (enddate >= startdate or enddate is null)
);
create table production.transactionhistory (
  transactionid serial primary key,
  productid int not null references production.product,
  referenceorderid int not null,
  referenceorderlineid int not null default 0,
  transactiondate timestamp not null default now(),
  transactiontype char(1) not null,
  quantity int not null,
  actualcost numeric not null,
  modifieddate timestamp not null default now(),
  constraint "CK_TransactionHistory_TransactionType" check (upper(transactiontype) in ('W', 'S', 'P'))
);

create schema sales;
create table sales.salesterritory (
  territoryid serial primary key,
  name "Name" not null,
  countryregioncode varchar(3) not null references person.countryregion,
  "group" varchar(50) not null,
  salesytd numeric not null default 0.00,
  saleslastyear numeric not null default 0.00,
  costytd numeric not null default 0.00,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  constraint "CK_SalesTerritory_SalesYTD" check (salesytd >= 0.00)
);
alter table person.stateprovince add foreign key (territoryid) references sales.salesterritory;
create table sales.salesorderheader (
  salesorderid serial primary key,
  revisionnumber smallint not null default 0,
  orderdate timestamp not null default now(),
  duedate timestamp not null,
  shipdate timestamp,
  status smallint not null default 1,
  onlineorderflag "Flag" not null default true,
  purchaseordernumber "OrderNumber",
  accountnumber "AccountNumber",
  customerid int not null,
  salespersonid int,
  territoryid int references sales.salesterritory,
  billtoaddressid int not null references person.address,
  shiptoaddressid int not null references person.address,
  creditcardapprovalcode varchar(15),
  subtotal numeric not null default 0.00,
  taxamt numeric not null default 0.00,
  freight numeric not null default 0.00,
  totaldue numeric,
  comment varchar(128),
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  constraint "CK_SalesOrderHeader_Status" check (status between 0 and 8),
  constraint "CK_SalesOrderHeader_DueDate" check (duedate >= orderdate),
  constraint "CK_SalesOrderHeader_ShipDate" check (shipdate >= orderdate or shipdate is null),
  constraint "CK_SalesOrderHeader_SubTotal" check (subtotal >= 0.00),
  constraint "CK_SalesOrderHeader_TaxAmt" check (taxamt >= 0.00),
  constraint "CK_SalesOrderHeader_Freight" check (freight >= 0.00)
);
create table sales.salesorderdetail (
  salesorderid int not null references sales.salesorderheader on delete cascade,
  salesorderdetailid serial,
  carriertrackingnumber varchar(25),
  orderqty smallint not null,
  productid int not null references production.product,
  unitprice numeric not null,
  unitpricediscount numeric not null default 0.0,
  rowguid uuid not null default gen_random_uuid(),
  modifieddate timestamp not null default now(),
  primary key (salesorderid, salesorderdetailid),
  constraint "CK_SalesOrderDetail_OrderQty" check (orderqty > 0),
  constraint "CK_SalesOrderDetail_UnitPrice" check (unitprice >= 0.00),
  constraint "CK_SalesOrderDetail_UnitPriceDiscount" check (unitpricediscount >= 0.00)
);
comment on table sales.salesorderheader is 'General sales order information.';
comment on table sales.salesorderdetail is 'Individual products associated with a specific sales order.';
create view sales.vorders as
select h.salesorderid, h.orderdate, h.status, sum(d.orderqty * d.unitprice) as amount
from sales.salesorderheader as h join sales.salesorderdetail as d on d.salesorderid = h.salesorderid
group by h.salesorderid;

insert into person.businessentity default values;
insert into person.person (businessentityid, persontype, firstname, lastname) values (1, 'EM', 'Ken', 'Sánchez');
insert into person.countryregion (countryregioncode, name) values ('US', 'United States'), ('DE', 'Germany');
insert into person.phonenumbertype (name) values ('Cell'), ('Home');
insert into person.personphone (businessentityid, phonenumber, phonenumbertypeid) values (1, '697-555-0142', 1);
insert into person.emailaddress (businessentityid, emailaddress) values (1, 'ken@example.org');
insert into sales.salesterritory (name, countryregioncode, "group") values ('Northwest', 'US', 'North America');
insert into person.stateprovince (stateprovincecode, countryregioncode, name, territoryid) values ('WA', 'US', 'Washington', 1);
insert into person.address (addressline1, city, stateprovinceid, postalcode) values ('1970 Napa Ct.', 'Bothell', 1, '98011');
insert into humanresources.employee (businessentityid, nationalidnumber, loginid, jobtitle, birthdate, maritalstatus, gender, hiredate)
values (1, '295847284', 'adventure-works\ken0', 'Chief Executive Officer', '1969-01-29', 'S', 'M', '2009-01-14');
insert into production.unitmeasure (unitmeasurecode, name) values ('CM', 'Centimeter'), ('LB', 'US pound');
insert into production.product (name, productnumber, safetystocklevel, standardcost, listprice, sellstartdate)
values ('Adjustable Race', 'AR-5381', 1000, 0, 0, '2008-04-30');
insert into production.workorder (productid, orderqty, scrappedqty, startdate, duedate) values (1, 8, 0, '2011-06-03', '2011-06-14');
insert into production.transactionhistory (productid, referenceorderid, transactiontype, quantity, actualcost) values (1, 41590, 'W', 2, 0);
insert into sales.salesorderheader (orderdate, duedate, shipdate, customerid, billtoaddressid, shiptoaddressid, subtotal)
values ('2011-05-31', '2011-06-12', '2011-06-07', 29825, 1, 1, 20565.62);
insert into sales.salesorderdetail (salesorderid, orderqty, productid, unitprice) values (1, 1, 1, 2024.99);
