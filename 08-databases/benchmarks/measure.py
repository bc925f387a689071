"""What module 08 claims about databases, and how each sentence is measured.

Servers come from the toolkit: those that it starts itself run with fsync=off, which is said in the
title of every comparison that writes.
"""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_databases.comparisons import bulk, layers, migrations, nplusone, plans, pool, races

suite = Suite("08-databases", __file__)
for subject in (bulk, layers, migrations, nplusone, plans, pool, races):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
