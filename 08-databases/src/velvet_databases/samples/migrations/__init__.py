"""The same five changes of one table, as Alembic and as Django keep them.

A table of stocked items is made, gets a note, an index that is built beside running writers, a
column under a better name, and a rule. The trees are real: `migrate.alembic_tree` runs the one, and
Django's own `migrate` the other, up and down.
"""
