"""Static analysis of a rule's SQL: relations, column lineage, predicates. Needs no database.

The only package that imports sqlglot. Imported by all other packages of audit; imports only expectations.
"""
