-- The tables of the harness of faults: parcels and letters with faults that its fixes repair. Runs once.

create table parcels (parcel_id int primary key, weight int, note text not null);
insert into parcels select g, case when g % 3 = 0 then -g else g end, repeat(' ', g % 2) || 'parcel ' || g
from generate_series(1, 400) as g;
create table senders (sender_id int primary key, name text not null);
create table letters (letter_id int primary key, sender_id int not null references senders);
create index letters_sender_id on letters (sender_id);
insert into senders select g, repeat(' ', g / 40) || 'sender ' || g % 40 from generate_series(0, 119) as g;
insert into letters select g, g % 120 from generate_series(1, 600) as g;
