"""From outcomes to the document: results.json, context of examples, overlap between rules.

Imported by run; imports scans for what became of the rules.
"""
