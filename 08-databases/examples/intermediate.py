"""Intermediate examples: bulk loading, plans and pools.

Every example is one function to be read from top to bottom; run one of them with
`python examples/intermediate.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import sqlite3

import psycopg

from velvet import services
from velvet.examples import example, main


@example("read_a_plan")
def read_a_plan() -> None:
    """One query, four indexes: the plan gets shorter and the pages it touches fall a hundredfold."""
    from contextlib import closing

    from velvet_databases import plan_stage
    from velvet_databases.explain import explain
    from velvet_databases.plan_advice import advise

    with closing(sqlite3.connect(":memory:")) as connection:
        plan_stage.fill_sqlite(connection, 20_000)
        print("SQLite says which index it takes, and when it must sort")
        for index in plan_stage.INDEXES:
            plan_stage.use_index(connection, index)
            plan = explain(connection, plan_stage.QUERY.format(mark="?"), (42,))
            steps = [node.line for node in plan.nodes() if node.kind != "QUERY PLAN"]
            print(f"  {index}: " + "\n    then ".join(steps))

    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server, psycopg.connect(server.url) as connection:  # never committed: nothing stays
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("CREATE SCHEMA plans; SET search_path = plans")
        plan_stage.fill_postgres(connection, 50_000)
        print("\nPostgreSQL also counts: pages of 8 kB that the query touched")
        for index in plan_stage.INDEXES:
            plan_stage.use_index(connection, index)
            plan = explain(connection, plan_stage.QUERY.format(mark="%s"), (42,))
            print(f"  {index:10} {plan.buffers:>5} pages")
            for step in plan.render().replace("::text", "").splitlines():
                print(f"    {step if len(step) < 75 else step[:72] + '...'}")
            for one in advise(plan):
                print(f"    {one.rule}: {one.evidence.split(';')[0]}")
        connection.rollback()


if __name__ == "__main__":
    main()
