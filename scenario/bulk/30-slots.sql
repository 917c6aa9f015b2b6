-- Slots: which order was placed when. Ids are handed out in that order, so that the orders of a lineage lie far apart.
-- Defects of single orders are spread evenly over all that may have one, and their kinds follow each other in rounds.

create temp table slot on commit drop as
with room as (
    select
        f.free,
        least(s.order_hits, f.free) as hits
    from setting as s
    cross join (
        select coalesce(sum(greatest(l.free_last - l.free_first + 1, 0)), 0)::bigint as free
        from lineage as l
    ) as f
),
numbered as (
    select
        row_number() over in_time as order_id,
        d.lineage,
        d.step,
        case when d.is_free then count(*) filter (where d.is_free) over in_time end as place
    from (
        select
            l.lineage,
            n.step,
            l.start_day + n.step as day,
            n.step between l.free_first and l.free_last is true as is_free
        from lineage as l
        cross join lateral generate_series(0, l.length - 1) as n (step)
    ) as d
    window in_time as (order by d.day, d.lineage rows unbounded preceding)
)
select
    n.order_id::int as order_id,
    n.lineage,
    n.step,
    (h.hit % s.order_kinds)::int as hit_kind,
    (h.hit / s.order_kinds)::int as hit_round
from numbered as n
cross join room as r
cross join setting as s
cross join lateral (
    select case
        when n.place * r.hits / r.free > (n.place - 1) * r.hits / r.free then (n.place - 1) * r.hits / r.free
    end as hit
) as h;

analyze slot;

create temp table ends on commit drop as
select lineage, min(order_id) as root_id, max(order_id) as last_id
from slot
group by lineage;

analyze ends;

-- Parents are only asked for where a defect lies in naming them.
create temp table parent on commit drop as
select s.order_id, lag(s.order_id) over (partition by s.lineage order by s.order_id) as parent_id
from lineage as l
join slot as s on s.lineage = l.lineage
where case l.kind
    -- defects: has_parents
    else false
end;

analyze parent;
