-- title: Duplicate sender
-- severity: warning
-- key: sender_id
select s.sender_id, s.name, s.first_id
from (
  select sender_id, name, min(sender_id) over (partition by btrim(name)) as first_id
  from senders
) as s
where s.sender_id <> s.first_id
