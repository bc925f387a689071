"""One query under each index on a PostgreSQL, and two ways of turning pages: the child's part."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from velvet_databases import plan_stage
from velvet_databases.explain import explain
from velvet_databases.explorer.telling import Budget, Tell, postgres, steps
from velvet_databases.plan_advice import advise

CUSTOMER = 42


def plans(tell: Tell, budget: Budget, *, rows: int) -> None:
    """Tell the plan of each index, and of a page by offset and by key."""
    import psycopg

    deep = max(1, rows - 1_000)
    pages = {"offset": plan_stage.OFFSET_PAGE, "keyset": plan_stage.KEYSET_PAGE}
    with postgres(tell, budget) as url, psycopg.connect(url, autocommit=True) as connection:
        # Parallel workers would make the count of pages depend on when each of them started.
        connection.execute("SET max_parallel_workers_per_gather = 0")
        next_one = steps(tell, 1 + len(plan_stage.INDEXES) + len(pages))
        next_one(f"{rows:,} rows")
        plan_stage.fill_postgres(connection, rows)
        for index in plan_stage.INDEXES:
            next_one(index)
            if budget.over():
                return
            plan_stage.use_index(connection, index)
            query = plan_stage.QUERY.format(mark="%s")
            told = {"index": index, "rows": rows, "made_by": plan_stage.INDEXES[index]}
            _tell(tell, explain(connection, query, (CUSTOMER,)), told)
        plan_stage.use_index(connection, "none")
        for name, text in pages.items():
            next_one(name)
            if budget.over():
                return
            plan = explain(connection, text.format(mark="%s"), (deep,))
            _tell(tell, plan, {"page": name, "depth": deep, "rows": rows})


def _tell(tell: Tell, plan: Any, told: dict[str, Any]) -> None:
    advice = [{"rule": one.rule, "evidence": one.evidence} for one in advise(plan)]
    tell(
        {
            "type": "plan",
            **told,
            "dialect": plan.dialect,
            "root": asdict(plan.root),
            "buffers": plan.buffers,
            "advice": advice,
        }
    )
