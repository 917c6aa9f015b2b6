"""What `init` proposes on several columns together, and on values that are nearly others."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.init.misspelled import misspelled
from order_audit.audit.init.propose import propose
from tests.support import servers

#: Routes with flights, of which one is of a pair that is no route although each of its columns is in one.
TABLES = """
create table route (carrier text, origin text, seats int, primary key (carrier, origin));
insert into route select 'C' || g % 6, 'O' || g % 5, g from generate_series(0, 29) as g where g <> 29;
create table flight (
  id int primary key, carrier text, origin text, state text, shop_zip text, shop_city text, port_code text, port text,
  phone text, mark text
);
insert into flight
select g, 'C' || g % 29 % 6, 'O' || g % 29 % 5,
  case g when 1 then 'Actve' when 2 then 'closed' else (array['Active', 'Closed'])[1 + g % 2] end,
  (10000 + g % 40)::text, 'City ' || g % 40, 'P' || g % 30, 'Port ' || g % 30, (5550000 + g)::text, 'm' || g
from generate_series(1, 3000) as g;
update flight set carrier = 'C5', origin = 'O4' where id = 3000;
create table seat (carrier text, origin text, mark text, primary key (carrier, origin));
insert into seat select carrier, origin, 'm' from route;
"""


@pytest.mark.both_versions
def test_references_by_two_columns_spellings_and_dependencies(servers_by_major: dict[int, Server], major: int) -> None:
    with servers.database(servers_by_major[major]) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES.encode())
        with Snapshot(dsn) as snapshot:
            files = {file.id: file for file in propose(snapshot.connection).files}
    found = files["flight.carrier_origin_is_in_route"]
    assert "; broken: 1. A run fails" in found.text
    assert "(carrier, origin) identifies each of the 29 rows of route" in found.text
    assert "where r.carrier = t.carrier and r.origin = t.origin" in " ".join(found.query.split())
    # of two tables with one key, neither is known to be the parent
    assert not {id for id in files if id.startswith(("route.carrier", "seat.carrier"))}
    known = files["flight.state_is_known"]
    assert "t.state not in ('Active', 'Closed')" in known.query
    assert "-- tolerate" not in known.text
    assert "; broken: 2. A run fails" in known.text
    assert "-- * taken for a wrong spelling: 'Actve' of 'Active'\n" in known.text
    assert "-- * taken for a wrong spelling: 'closed' of 'Closed'\n" in known.text
    # two may share a phone; a header says why a mark is taken for unique, and from how many values
    assert "flight.phone_is_unique" not in files
    assert "The values are codes: two rows" in files["flight.mark_is_unique"].text
    assert "from 40 different values: none breaks it." in files["flight.shop_zip_has_one_shop_city"].text
    assert {"flight.shop_zip_has_one_shop_city", "flight.port_code_has_one_port"} <= {*files}


def test_a_spelling_is_rare_and_like_one_frequent_value() -> None:
    often = {"Active": 5_000, "Closed": 4_000, "Inactive": 1_000, "A1": 500, "ok": 400}
    wrong = {"Actve": 2, "Cloesd": 1, "closed": 1, " Closed": 1, "Aktive": 1, "OK": 1}
    others = {"Actives X": 1, "A2": 1, "Clo": 1, "kO": 1}
    assert misspelled(often | wrong | others) == {
        "Actve": "Active", "Cloesd": "Closed", "closed": "Closed", " Closed": "Closed", "Aktive": "Active", "OK": "ok",
    }  # fmt: skip
    assert misspelled(often | {"Actve": 30}) == {"Actve": "Active"}
    # more frequent ones may be meant
    assert misspelled(often | {"Actve": 120}) == {}
    assert misspelled(often | {"Inactve": 60}) == {}
    assert misspelled(often | {"Actve": 80, "Cloesd": 80}) == {}
