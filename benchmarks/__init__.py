"""What an audit costs, next to hand-written SQL and to other tools."""
