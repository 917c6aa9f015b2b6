-- MusicBrainz, the encyclopedia of music: artists, releases, tracks, edits and editors of about 370 tables.
-- Source: github.com/metabrainz/musicbrainz-server, admin/sql/CreateTables.sql and what adds its keys, indexes and triggers
-- (structure; written anew, a subset, with rows of our own). References are named as their table is, without "_id".
create type fluency as enum ('basic', 'intermediate', 'advanced', 'native');
create function b_upd_last_updated_table () returns trigger language plpgsql as $$
begin
  new.last_updated = now();
  return new;
end
$$;

create table artist_type (
  id serial primary key,
  name varchar(255) not null,
  parent integer references artist_type,
  child_order integer not null default 0,
  description text,
  gid uuid not null
);
create table gender (
  id serial primary key,
  name varchar(255) not null,
  parent integer references gender,
  child_order integer not null default 0,
  description text,
  gid uuid not null
);
create table area (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  begin_date_year smallint,
  begin_date_month smallint,
  begin_date_day smallint,
  end_date_year smallint,
  end_date_month smallint,
  end_date_day smallint,
  ended boolean not null default false check (
    (end_date_year is not null or end_date_month is not null or end_date_day is not null) and ended
    or end_date_year is null and end_date_month is null and end_date_day is null
  ),
  comment varchar(255) not null default ''
);
create table iso_3166_1 (
  area integer not null references area,
  code char(2) primary key
);
create table language (
  id serial primary key,
  iso_code_2t char(3),
  iso_code_2b char(3),
  iso_code_1 char(2),
  name varchar(100) not null,
  frequency smallint not null default 0,
  iso_code_3 char(3),
  check (iso_code_2t is not null or iso_code_3 is not null)
);
create table artist (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  sort_name varchar not null,
  begin_date_year smallint,
  begin_date_month smallint,
  begin_date_day smallint,
  end_date_year smallint,
  end_date_month smallint,
  end_date_day smallint,
  type integer references artist_type,
  area integer references area,
  gender integer references gender,
  comment varchar(255) not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  ended boolean not null default false constraint artist_ended_check check (
    (end_date_year is not null or end_date_month is not null or end_date_day is not null) and ended
    or end_date_year is null and end_date_month is null and end_date_day is null
  ),
  begin_area integer references area,
  end_area integer references area,
  constraint group_type_implies_null_gender check (gender is null and type in (2, 5, 6) or type not in (2, 5, 6))
);
create table artist_alias (
  id serial primary key,
  artist integer not null references artist,
  name varchar not null,
  locale text,
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  sort_name varchar not null,
  primary_for_locale boolean not null default false,
  constraint primary_check check (locale is null and not primary_for_locale or locale is not null)
);
create table artist_ipi (
  artist integer not null references artist,
  ipi char(11) not null check (ipi ~ '^\d{11}$'),
  edits_pending integer not null default 0 check (edits_pending >= 0),
  created timestamptz default now(),
  primary key (artist, ipi)
);
create table artist_meta (
  id integer primary key references artist on delete cascade,
  rating smallint check (rating >= 0 and rating <= 100),
  rating_count integer
);
create table artist_gid_redirect (
  gid uuid primary key,
  new_id integer not null references artist,
  created timestamptz default now()
);
create table artist_credit (
  id serial primary key,
  name varchar not null,
  artist_count smallint not null,
  ref_count integer default 0,
  created timestamptz default now(),
  edits_pending integer not null default 0 check (edits_pending >= 0),
  gid uuid not null
);
create table artist_credit_name (
  artist_credit integer not null references artist_credit on delete cascade,
  position smallint not null,
  artist integer not null references artist on delete cascade,
  name varchar not null,
  join_phrase text not null default '',
  primary key (artist_credit, position)
);
create table editor (
  id serial primary key,
  name varchar(64) not null,
  privs integer default 0,
  email varchar(64) default null,
  website varchar(255) default null,
  bio text default null,
  member_since timestamptz default now(),
  email_confirm_date timestamptz,
  last_login_date timestamptz default now(),
  last_updated timestamptz default now(),
  birth_date date,
  gender integer references gender,
  area integer references area,
  password varchar(128) not null,
  ha1 char(32) not null,
  deleted boolean not null default false
);
create table editor_language (
  editor integer not null references editor,
  language integer not null references language,
  fluency fluency not null,
  primary key (editor, language)
);
create table editor_subscribe_artist (
  id serial primary key,
  editor integer not null references editor,
  artist integer not null references artist,
  last_edit_sent integer not null
);
create table edit (
  id serial primary key,
  editor integer not null references editor,
  type smallint not null,
  status smallint not null,
  autoedit smallint not null default 0,
  open_time timestamptz default now(),
  close_time timestamptz,
  expire_time timestamptz not null,
  language integer references language,
  quality smallint not null default 1
);
create table edit_artist (
  edit integer not null references edit,
  artist integer not null references artist on delete cascade,
  status smallint not null,
  primary key (edit, artist)
);
create table edit_note (
  id serial primary key,
  editor integer not null references editor,
  edit integer not null references edit,
  text text not null,
  post_time timestamptz default now()
);
create table vote (
  id serial primary key,
  editor integer not null references editor,
  edit integer not null references edit,
  vote smallint not null,
  vote_time timestamptz default now(),
  superseded boolean not null default false
);
create table release_status (
  id serial primary key,
  name varchar(255) not null,
  parent integer references release_status,
  child_order integer not null default 0,
  description text,
  gid uuid not null
);
create table release_group (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  artist_credit integer not null references artist_credit,
  comment varchar(255) not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now()
);
create table release (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  artist_credit integer not null references artist_credit,
  release_group integer not null references release_group,
  status integer references release_status,
  language integer references language,
  barcode varchar(255),
  comment varchar(255) not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  quality smallint not null default -1,
  last_updated timestamptz default now()
);
create table medium (
  id serial primary key,
  release integer not null references release,
  position integer not null,
  name varchar not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  track_count integer not null default 0,
  gid uuid not null
);
create table recording (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  artist_credit integer not null references artist_credit,
  length integer check (length is null or length > 0),
  comment varchar(255) not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  video boolean not null default false
);
create table track (
  id serial primary key,
  gid uuid not null,
  recording integer not null references recording,
  medium integer not null references medium,
  position integer not null,
  number text not null,
  name varchar not null,
  artist_credit integer not null references artist_credit,
  length integer check (length is null or length > 0),
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now(),
  is_data_track boolean not null default false,
  unique (medium, position) deferrable initially immediate
);
create table place (
  id serial primary key,
  gid uuid not null,
  name varchar not null,
  address varchar not null default '',
  area integer references area,
  coordinates point,
  comment varchar(255) not null default '',
  edits_pending integer not null default 0 check (edits_pending >= 0),
  last_updated timestamptz default now()
);
create table isrc (
  id serial primary key,
  recording integer not null references recording,
  isrc char(12) not null check (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
  source smallint,
  edits_pending integer not null default 0 check (edits_pending >= 0),
  created timestamptz default now()
);

create unique index artist_type_idx_gid on artist_type (gid);
create unique index gender_idx_gid on gender (gid);
create unique index release_status_idx_gid on release_status (gid);
create unique index area_idx_gid on area (gid);
create index area_idx_name on area (name);
create index iso_3166_1_idx_area on iso_3166_1 (area);
create unique index language_idx_iso_code_3 on language (iso_code_3);
create unique index artist_idx_gid on artist (gid);
create index artist_idx_name on artist (name);
create index artist_idx_area on artist (area);
create index artist_idx_begin_area on artist (begin_area);
create index artist_idx_end_area on artist (end_area);
create unique index artist_idx_null_comment on artist (name) where comment is null;
create unique index artist_idx_uniq_name_comment on artist (name, comment) where comment is not null;
create index artist_alias_idx_artist on artist_alias (artist);
create unique index artist_alias_idx_primary on artist_alias (artist, locale) where primary_for_locale and locale is not null;
create unique index artist_credit_idx_gid on artist_credit (gid);
create index artist_credit_name_idx_artist on artist_credit_name (artist);
create unique index editor_idx_name on editor (lower(name));
create index editor_language_idx_language on editor_language (language);
create unique index editor_subscribe_artist_idx_uniq on editor_subscribe_artist (editor, artist);
create index editor_subscribe_artist_idx_artist on editor_subscribe_artist (artist);
create index edit_idx_editor_id_desc on edit (editor, id desc);
create index edit_idx_status_id on edit (status, id) where status <> 2;
create index edit_artist_idx on edit_artist (artist);
create index edit_note_idx_edit on edit_note (edit);
create index edit_note_idx_editor on edit_note (editor);
create index vote_idx_edit on vote (edit);
create index vote_idx_editor_vote_time on vote (editor, vote_time);
create unique index release_group_idx_gid on release_group (gid);
create index release_group_idx_artist_credit on release_group (artist_credit);
create unique index release_idx_gid on release (gid);
create index release_idx_release_group on release (release_group);
create index release_idx_artist_credit on release (artist_credit);
create unique index medium_idx_gid on medium (gid);
create unique index medium_idx_uniq on medium (release, position);
create unique index recording_idx_gid on recording (gid);
create index recording_idx_artist_credit on recording (artist_credit);
create unique index track_idx_gid on track (gid);
create index track_idx_recording on track (recording);
create index track_idx_artist_credit on track (artist_credit);
create unique index place_idx_gid on place (gid);
create index place_idx_area on place (area);
create index place_idx_geo on place using gist (coordinates) where coordinates is not null;
create index artist_gid_redirect_idx_new_id on artist_gid_redirect (new_id);
create index isrc_idx_isrc on isrc (isrc);
create unique index isrc_idx_isrc_recording on isrc (isrc, recording);
create trigger b_upd_artist before update on artist for each row execute function b_upd_last_updated_table();
create trigger b_upd_release before update on release for each row execute function b_upd_last_updated_table();

insert into artist_type (name, gid) values ('Person', gen_random_uuid()), ('Group', gen_random_uuid()), ('Other', gen_random_uuid());
insert into gender (name, gid) values ('Female', gen_random_uuid());
insert into area (gid, name) values (gen_random_uuid(), 'Iceland');
insert into iso_3166_1 values (1, 'IS');
insert into language (iso_code_3, name) values ('isl', 'Icelandic');
-- most begin with a year, some with a day
insert into artist (gid, name, sort_name, begin_date_year, begin_date_month, begin_date_day, type, area, comment)
select gen_random_uuid(), 'Artist ' || n, 'Artist ' || n, 1960 + n, case when n % 3 = 0 then 11 end, case when n % 3 = 0 then 21 end, 1, 1, ''
from generate_series(1, 30) as n;
insert into artist_credit (name, artist_count, gid) values ('Artist 1', 1, gen_random_uuid());
insert into artist_credit_name values (1, 0, 1, 'Artist 1');
insert into artist_meta values (1, 80, 2);
insert into editor (name, password, ha1) values ('ann', '{CLEARTEXT}x', repeat('0', 32));
insert into editor_language values (1, 1, 'native');
insert into edit (editor, type, status, expire_time) values (1, 1, 2, '2024-01-08 00:00+00'), (1, 3, 1, '2024-01-08 00:00+00');
insert into edit_artist values (1, 1, 2);
insert into vote (editor, edit, vote) values (1, 2, 1);
insert into release_status (name, gid) values ('Official', gen_random_uuid());
insert into release_group (gid, name, artist_credit) values (gen_random_uuid(), 'Debut', 1);
insert into release (gid, name, artist_credit, release_group, status, barcode)
values (gen_random_uuid(), 'Debut', 1, 1, 1, '042284261425'), (gen_random_uuid(), 'Debut', 1, 1, 1, '042284261425'), (gen_random_uuid(), 'Debut', 1, 1, 1, '');
insert into medium (release, position, gid) values (1, 1, gen_random_uuid());
insert into recording (gid, name, artist_credit, length) values (gen_random_uuid(), 'Human Behaviour', 1, 252000);
insert into track (gid, recording, medium, position, number, name, artist_credit) values (gen_random_uuid(), 1, 1, 1, 'A1', 'Human Behaviour', 1);
insert into isrc (recording, isrc) values (1, 'GBAAN9300001');
