"""Tables outside of PostgreSQL: their export, and rules on them."""
