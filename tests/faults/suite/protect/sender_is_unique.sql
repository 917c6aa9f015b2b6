-- title: A unique index rejects duplicate senders
-- protects: letters.no_duplicate_sender

-- unique index senders:
(btrim(name))
