-- title: row part
-- severity: warning
-- key: id
select q.id, q.val from part as q where q.val < 5
