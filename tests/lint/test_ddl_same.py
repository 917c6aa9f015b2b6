"""The DDL of tables: run in an empty database, it makes the same, whatever they have and however they are named."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.reports.document import DdlLine
from tests.lint.ddl import hostile, prepare, run, tables, written
from tests.lint.test_samples import FOLDER
from tests.support import servers

pytestmark = pytest.mark.both_versions

SAMPLES: Final = sorted(path.stem for path in FOLDER.glob("*.sql"))

#: The structure of tables, from other catalog queries than the lines.
_FACTS: Final = {
    "columns": """
        select c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
          a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text,
          row_number() over (partition by c.oid order by a.attnum), col_description(c.oid, a.attnum), a.attislocal
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p') and c.oid = any(%s)""",
    "constraints": """
        select c.oid::regclass::text, k.conname, k.contype, pg_get_constraintdef(k.oid), k.convalidated, k.conislocal,
          obj_description(k.oid, 'pg_constraint')
        from pg_constraint as k join pg_class as c on c.oid = k.conrelid
        where k.contype in ('p', 'u', 'x', 'c', 'f', 'n') and c.oid = any(%s)""",
    "indexes": """
        select pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisunique, obj_description(i.indexrelid, 'pg_class')
        from pg_index as i where i.indrelid = any(%s)""",
    "triggers": """
        select pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')
        from pg_trigger as t where not t.tgisinternal and t.tgrelid = any(%s)""",
    "tables": """
        select c.oid::regclass::text, c.relkind, c.relpersistence, pg_get_partkeydef(c.oid),
          pg_get_expr(c.relpartbound, c.oid), c.reloptions::text, obj_description(c.oid, 'pg_class'),
          array(select i.inhparent::regclass::text from pg_inherits as i where i.inhrelid = c.oid order by i.inhseqno)
        from pg_class as c where c.oid = any(%s)""",
    "sequences": """
        select s.seqrelid::regclass::text, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
          s.seqcache, s.seqcycle, d.refobjid::regclass::text, d.refobjsubid > 0, d.deptype
        from pg_sequence as s
        join pg_depend as d on d.objid = s.seqrelid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        where d.refobjid = any(%s)""",
    "types": """
        select t.oid::regtype::text, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
          array(select e.enumlabel::text from pg_enum as e where e.enumtypid = t.oid order by e.enumsortorder),
          array(select pg_get_constraintdef(k.oid) from pg_constraint as k
            where k.contypid = t.oid and k.contype = 'c' order by k.conname)
        from pg_type as t where t.typtype in ('d', 'e') and t.oid in (
          select a.atttypid from pg_attribute as a where a.attrelid = any(%s) and a.attnum > 0)""",
    "policies": """
        select p.polrelid::regclass::text, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), c.relrowsecurity,
          c.relforcerowsecurity, obj_description(p.oid, 'pg_policy')
        from pg_policy as p join pg_class as c on c.oid = p.polrelid where c.oid = any(%s)""",
    "rights": """
        select c.oid::regclass::text, e.grantee::regrole::text, e.privilege_type, e.is_grantable, null::text
        from pg_class as c cross join lateral aclexplode(c.relacl) as e
        where e.grantee <> c.relowner and c.oid = any(%s)
        """,
    "rights to columns": """
        select c.oid::regclass::text, e.grantee::regrole::text, e.privilege_type, e.is_grantable, a.attname
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) as e
        where c.oid = any(%s)""",
}


def facts(dsn: str) -> dict[str, list[str]]:
    """Everything about the tables that the lines are to bring."""
    with psycopg.connect(dsn) as connection:
        oids = tables(connection)
        connection.execute("set search_path = ''")
        return {
            name: sorted(map(repr, connection.execute(query.encode(), [oids]).fetchall()))
            for name, query in _FACTS.items()
        }


def same_again(server: Server, source: str) -> dict[str, list[DdlLine]]:
    """Hold what the lines make against what they were read from."""
    lines = written(source)
    target = servers.new_database(server)
    try:
        prepare(source, target)
        run(target, (line for table in lines.values() for line in table))
        expected, got = facts(source), facts(target)
        for name in expected:
            assert got[name] == expected[name], name
    finally:
        servers.drop_database(server, target)
    return lines


def test_the_scenario(server: Server, sample: str) -> None:
    """As its author wrote it: serial is serial, and the table that others refer to comes first."""
    lines = same_again(server, sample)
    assert list(lines) == ["customers", "orders"]
    shown = {line.about: line.sql for line in lines["orders"] if line.about}
    assert shown["orders"] == "CREATE TABLE orders ("
    assert shown["orders.order_id"] == "  order_id serial NOT NULL,"
    assert shown["orders.order_schedule"].startswith("  order_schedule bit(336) DEFAULT repeat('0'::text, 336)")
    assert shown["orders.orders_customer_id_fkey"].startswith(
        "  CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer"
    )
    assert lines["orders"][-1].sql.startswith("COMMENT ON COLUMN orders.order_ref IS 'Reference to the parent order")


@pytest.mark.parametrize("name", SAMPLES)
def test_schemas_of_others(server: Server, dsn: str, name: str) -> None:
    """Schemas of other projects."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((FOLDER / f"{name}.sql").read_bytes())
    same_again(server, dsn)


def test_all_there_is_under_hard_names(server: Server, dsn: str) -> None:
    """Every clause comes again, and each line is about the thing that findings name so."""
    hostile(dsn)
    lines = same_again(server, dsn)
    about = {line.about: line.sql for table in lines.values() for line in table if line.about}
    assert about['a"b<script>.select'] == '  "select" bigserial NOT NULL,'
    assert about['Other "sch ema.child.widened'].startswith("  widened bigint DEFAULT nextval(")
    assert about['Other "sch ema.child.late'].endswith("CHECK (one > 0) NOT VALID;")
    assert about["itself_a"].startswith("CREATE UNIQUE INDEX itself_a")
    assert about["one.both_ways"].startswith("ALTER TABLE one ADD CONSTRAINT both_ways")
    assert about['a"b<script>.t"1'] == 'ALTER TABLE "a""b<script>" DISABLE TRIGGER "t""1";'
