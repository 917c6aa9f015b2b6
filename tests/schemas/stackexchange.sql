-- The data dump of Stack Exchange as it is loaded into PostgreSQL: no foreign keys, names run together in lower case.
-- Source: meta.stackexchange.com/questions/2677 (database schema documentation) and
-- github.com/Networks-Learning/stackexchange-dump-to-postgres (structure; written anew, with the lists that posts and votes point
-- at and four of ten others, and rows of our own).
create table users (
  id int primary key,
  reputation int not null,
  creationdate timestamp not null,
  displayname varchar(40) not null,
  lastaccessdate timestamp,
  websiteurl text,
  location text,
  aboutme text,
  views int not null,
  upvotes int not null,
  downvotes int not null,
  profileimageurl text,
  age int,
  accountid int
);
create table posts (
  id int primary key,
  posttypeid int not null,
  acceptedanswerid int,
  parentid int,
  creationdate timestamp not null,
  score int,
  viewcount int,
  body text,
  owneruserid int,
  lasteditoruserid int,
  lasteditordisplayname text,
  lasteditdate timestamp,
  lastactivitydate timestamp,
  title text,
  tags text,
  answercount int,
  commentcount int,
  favoritecount int,
  closeddate timestamp,
  communityowneddate timestamp
);
create table comments (
  id int primary key,
  postid int not null,
  score int not null,
  text text,
  creationdate timestamp not null,
  userid int
);
create table votes (
  id int primary key,
  postid int,
  votetypeid int not null,
  userid int,
  creationdate timestamp not null,
  bountyamount int
);
create table badges (
  id int primary key,
  userid int not null,
  name text not null,
  date timestamp not null
);
create table tags (
  id int primary key,
  tagname text not null,
  count int,
  excerptpostid int,
  wikipostid int
);
create table posttags (
  postid int not null,
  tagid int not null,
  primary key (postid, tagid)
);
create table posthistory (
  id int primary key,
  posthistorytypeid int,
  postid int,
  revisionguid text,
  creationdate timestamp not null,
  userid int,
  posttext text
);
create table postlinks (
  id int primary key,
  creationdate timestamp not null,
  postid int,
  relatedpostid int,
  linktypeid int not null
);
create table posttypes (id int primary key, name text not null);
create table votetypes (id int primary key, name text);
create table posthistorytypes (id int primary key, name text not null);
create table linktypes (id int primary key, name text);
create view questions as
select id, acceptedanswerid, creationdate, score, owneruserid, title from posts where posttypeid = 1;
create view answers as select id, parentid, creationdate, score, owneruserid from posts where posttypeid = 2;

create index user_created_at_idx on users (creationdate);
create index posts_post_type_id_idx on posts (posttypeid);
create index posts_creation_date_idx on posts (creationdate);
create index posts_owner_user_id_idx on posts using hash (owneruserid);
create index posts_id_post_type_id_idx on posts (id, posttypeid);
create index posts_id_parent_id_idx on posts (id, parentid);
create index cmnts_postid_idx on comments using hash (postid);
create index cmnts_userid_idx on comments (userid);
create index votes_post_id_idx on votes using hash (postid);
create index votes_type_idx on votes (votetypeid);
create index badges_user_id_idx on badges using hash (userid);
create index posttags_postid_idx on posttags using hash (postid);
create index posttags_tagid_idx on posttags (tagid);
create index ph_postid_idx on posthistory using hash (postid);
create index ph_userid_idx on posthistory (userid);

insert into posttypes values (1, 'Question'), (2, 'Answer');
insert into votetypes values (1, 'AcceptedByOriginator'), (2, 'UpMod');
insert into posthistorytypes values (1, 'Initial Title'), (2, 'Initial Body');
insert into linktypes values (1, 'Linked'), (3, 'Duplicate');
-- the user of the community has the number -1; user 7 has gone, and what that user wrote is still there
insert into users (id, reputation, creationdate, displayname, views, upvotes, downvotes, accountid)
values (-1, 1, '2008-07-31', 'Community', 649, 1, 1, -1), (1, 101, '2008-07-31 14:22:31.287', 'Jeff', 1, 1, 1, 1);
insert into posts (id, posttypeid, acceptedanswerid, parentid, creationdate, score, owneruserid, lasteditoruserid, lasteditordisplayname, lasteditdate, title, tags)
values (1, 1, 2, null, '2008-07-31 21:42:52.667', 1, 1, 1, null, '2009-07-31', 'How?', '<sql>'),
  (2, 2, null, 1, '2008-08-01 10:00:00.001', 1, 7, null, 'Rich', '2009-07-31', null, null);
insert into comments values (1, 2, 0, 'Indeed.', '2008-08-02 01:02:03.004', 1);
insert into votes values (1, 2, 1, null, '2008-08-02', null), (2, 1, 2, null, '2008-08-02', null);
insert into badges values (1, 1, 'Teacher', '2008-09-15 08:55:03.923');
insert into tags values (1, 'sql', 1, null, null);
insert into posttags values (1, 1);
insert into posthistory values (1, 1, 1, 'e58bf7fd-e60f-4c58-a6e4-dfc91cf98a69', '2008-07-31 21:42:52.667', 1, 'How?');
insert into postlinks values (1, '2009-07-31', 1, 2, 1);
