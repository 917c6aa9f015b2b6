"""What a rule's SQL tells by itself: relations, columns and their lineage, predicates. Needs no database.

The only package that imports sqlglot. Imported by every other package of audit; imports expectations alone.
"""
