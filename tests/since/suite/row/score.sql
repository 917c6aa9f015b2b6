-- title: row score
-- severity: warning
-- key: id
select p.id, p.score from person as p where p.score < 0 or p.score is null
