"""The shop's data are the same everywhere, and what a store cannot hold is found in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases.domain import DDL, DROP, TABLES, Dataset, OrderLine, generate, rows


def test_the_same_arguments_make_the_same_shop() -> None:
    assert generate(50, seed=3) == generate(50, seed=3)
    assert generate(50, seed=3) != generate(50, seed=4)


@given(st.integers(0, 40), st.integers(0, 5))
def test_every_key_that_is_referred_to_exists_and_none_repeats(orders: int, lines: int) -> None:
    data = generate(orders, lines)

    found = list(data.lines)
    assert {order.customer_id for order in data.orders} <= {one.id for one in data.customers}
    assert {line.product_id for line in found} <= {one.id for one in data.products}
    assert [line.id for line in found] == list(range(1, orders * lines + 1))
    assert data.order_rows == orders * (1 + lines)


@pytest.mark.parametrize("name", ["n_orders", "lines_per_order", "n_accounts"])
def test_a_negative_count_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be 0 or more, not -1"):
        generate(**{"n_orders": 1, name: -1})


def test_the_schema_is_made_and_removed_whole() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in DDL["sqlite"]:
            connection.execute(statement)
        made = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for statement in DROP:
            connection.execute(statement)
        left = connection.execute("SELECT name FROM sqlite_master").fetchall()

    assert {name for (name,) in made} == set(TABLES)
    assert left == []


def test_both_dialects_make_the_same_tables_in_the_same_order() -> None:
    names = [[statement.split()[2] for statement in DDL[dialect]] for dialect in DDL]

    assert names[0] == names[1]


def test_values_become_rows_in_the_order_of_the_columns() -> None:
    assert rows([OrderLine(1, 2, 3, 4, 5)]) == [(1, 2, 3, 4, 5)]
    assert Dataset().order_rows == 0
