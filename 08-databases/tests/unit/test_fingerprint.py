"""The shape of a statement, by example."""

from __future__ import annotations

import time

import pytest

from velvet_databases.fingerprint import fingerprint

SHAPES = {
    "": "",
    "select 1": "SELECT ?",
    "SELECT * FROM orders WHERE id = 42;": "SELECT * FROM orders WHERE id = ?",
    "select * from orders where id in (1, 2, 3)": "SELECT * FROM orders WHERE id IN (?)",
    "select * from t where (a, b) in ((1, 'x'), (2, 'y'))": (
        "SELECT * FROM t WHERE (a, b) IN ((?, ?))"
    ),
    "insert into t (a, b) values (1, 'x'), (2, NULL), (3, TRUE)": (
        "INSERT INTO t(a, b) VALUES (?, ?)"
    ),
    "insert into t values (1, now()), (2, now()) returning id": (
        "INSERT INTO t VALUES (?, now()) RETURNING id"
    ),
    "insert into t values (1, DEFAULT), (2, 3)": "INSERT INTO t VALUES (?, DEFAULT), (?, ?)",
    "select a from t where b = ? and c = ?2": "SELECT a FROM t WHERE b = ? AND c = ?",
    "select a from t where b = :name and c = :1": "SELECT a FROM t WHERE b = ? AND c = ?",
    "select a from t where b = %s and c = %(name)s": "SELECT a FROM t WHERE b = ? AND c = ?",
    "select a from t where b = $1::int and c = ANY(ARRAY[1,2])": (
        "SELECT a FROM t WHERE b = ?::int AND c = ANY (ARRAY [?])"
    ),
    "select 'it''s', E'it\\'s', $tag$it's$tag$, x'ff'": "SELECT ?, ?, ?, ?",
    "select 1.5, .5, 1e-9, 0xFF, 1_000": "SELECT ?, ?, ?, ?, ?",
    "select -5, a-5, a - -5, (-x)": "SELECT ?, a - ?, a - ?, (- x)",
    "select a -- the id is 7\nfrom t /* not /* nested */ 7 */": "SELECT a FROM t",
    "/*+ IndexScan(t  t_a) */ select a from t": "/*+ IndexScan(t t_a) */ SELECT a FROM t",
    'select "Order"."Id", `key` from "Order"': 'SELECT "Order"."Id", `key` FROM "Order"',
    "select a from t where b is null and c is not null and d = null": (
        "SELECT a FROM t WHERE b IS NULL AND c IS NOT NULL AND d = ?"
    ),
    "SELECT  COUNT( * )\n FROM\tT1": "SELECT count(*) FROM t1",
    "select a[1:2], b->>'k' from t": "SELECT a[? : ?], b ->> ? FROM t",
    "savepoint sa_savepoint_1": "SAVEPOINT ?",
    'RELEASE SAVEPOINT "s140_x2"': "RELEASE SAVEPOINT ?",
    "release s1": "RELEASE ?",
    "rollback to a": "ROLLBACK TO ?",
    "ROLLBACK WORK TO SAVEPOINT a; select release, savepoint from t": (
        "ROLLBACK work TO SAVEPOINT ?; SELECT RELEASE, SAVEPOINT FROM t"
    ),
    "select 'a'\n'b', E'\\''\n -- more\n 'c', 'd' 'e'": "SELECT ?, ?, ? ?",
    "select a, b from t group by 1, 2 order by 2 desc, 1 limit 3": (
        "SELECT a, b FROM t GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT ?"
    ),
    "select a, (select b from u order by 1 limit 1) from t order by a + 1, -1, 1 + a": (
        "SELECT a, (SELECT b FROM u ORDER BY 1 LIMIT ?) FROM t ORDER BY a + ?, ?, ? + a"
    ),
    "select sum(a) over (partition by b order by 1), f(x, 1) from t order by f(1, 2)": (
        "SELECT sum(a) OVER (PARTITION BY b ORDER BY ?), f(x, ?) FROM t ORDER BY f(?, ?)"
    ),
    "select * from (values (1, 0), (2, 1)) as p (a, b)": "SELECT * FROM (VALUES (?, ?)) AS p(a, b)",
    "select 'never closed": "SELECT ?",
    "select a from t limit 10 offset 20": "SELECT a FROM t LIMIT ? OFFSET ?",
    "create table t (a int not null default 0, b varchar(20))": (
        "CREATE TABLE t(a int NOT NULL DEFAULT ?, b varchar(?))"
    ),
}


@pytest.mark.parametrize(("sql", "shape"), SHAPES.items())
def test_a_statement_has_this_shape(sql: str, shape: str) -> None:
    assert fingerprint(sql) == shape


@pytest.mark.parametrize("shape", SHAPES.values())
def test_a_shape_is_its_own_shape(shape: str) -> None:
    assert fingerprint(shape) == shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t", "select a, b from t"),
        ("select a from t where b is null", "select a from t where b = null"),
        ("select a from t where b in (1)", "select a from t where b = (1)"),
        ("select 1 + 1", "select 1 - 1"),
        ("update t set a = 1", "update t set b = 1"),
        ('select "A" from t', 'select "a" from t'),
        ("select a, b from t order by 1", "select a, b from t order by 2"),
        ("select a, b from t group by 1", "select a, b from t group by 2"),
    ],
)
def test_different_statements_keep_different_shapes(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_the_cost_grows_with_the_length_and_not_with_its_square() -> None:
    def spent(rows: int) -> float:
        texts = [
            "insert into t values " + ", ".join(["(1, 'x', null)"] * rows),
            "select '" + "''" * rows,
            "select " + "(" * rows,
            "select " + "(" * rows + "1" + ")" * rows,
            "select a in " + "(b in " * rows + "(1)" + ")" * rows,
            "select " + "'a'\n" * rows,
        ]
        began = time.thread_time()
        for text in texts:
            fingerprint(text)
        return time.thread_time() - began

    small = min(spent(500) for _ in range(2))
    large = min(spent(4_000) for _ in range(2))

    assert large < 8 * small * 3  # eight times the text; its square would be 64 times the work
