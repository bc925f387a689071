"""Five styles of one suite, five database fixtures, the real engines."""

from __future__ import annotations

import re
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock, create_autospec

import pytest

from velvet_testing import fragility
from velvet_testing.contracts import GatewayContract, RepositoryContract
from velvet_testing.corpus import CorpusError, Edit
from velvet_testing.dbfixtures import (
    CreatePerTest,
    PostgresTemplate,
    RollbackPerTest,
    TemplateBytes,
    TemplateCopy,
    TruncateAll,
    truncate,
)
from velvet_testing.doubles import FakeGateway
from velvet_testing.samples.styles.peer import Peer, served

MOCKS_AND_FAKES = ("strict_mock", "autospec", "fake", "fake_with_contract")
SCHEMA = ["CREATE TABLE a (n INTEGER)", "CREATE TABLE b (n INTEGER)"]


def test_fakes_with_a_contract_break_on_nothing_and_miss_nothing() -> None:
    rows = {row.style: row for row in fragility.run(MOCKS_AND_FAKES)}

    assert len(fragility.refactorings()) == 16
    assert len(fragility.breakages()) == 14
    contract = rows["fake_with_contract"]
    assert (contract.false_reds, contract.missed) == ({}, [])
    assert rows["fake"].false_reds == {}
    assert len(rows["fake"].missed) >= 3
    assert len(rows["strict_mock"].false_reds) >= 0.4 * 16
    assert len(rows["autospec"].missed) >= 4
    assert all(0 < row.seconds < 600 and row.lines > 20 for row in rows.values())
    assert contract.lines > rows["fake"].lines  # the suite with the fakes is a part of it


@pytest.mark.parametrize("make", [CreatePerTest, TemplateCopy])
def test_the_database_of_a_test_is_closed_behind_it(make: Any) -> None:
    fixture = make(SCHEMA)
    db = fixture.open()
    fixture.done()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("SELECT 1")
    fixture.close()


@pytest.mark.parametrize("name", fragility.refactorings())
def test_a_refactoring_changes_nothing_that_the_real_parts_show(name: str) -> None:
    module = fragility.shop(fragility.refactorings()[name])

    tests = fragility.tests_of("integration").values()
    ran = [test(module) for test in tests if "silent" not in test.__name__]  # that one is slow

    assert len(ran) == len(tests) - 1


def test_the_integration_suite_sees_what_breaks() -> None:
    assert fragility.red("integration", fragility.shop()) == {}
    broken = fragility.shop(fragility.breakages()["duplicates overwrite"])
    assert list(fragility.red("integration", broken)) == ["test_place_and_owe"]


def test_unknown_styles_and_edits_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="choose one of strict_mock"):
        fragility.tests_of("hope")
    with pytest.raises(CorpusError):
        fragility.shop([Edit("not there", "")])


@pytest.mark.parametrize("style", [*MOCKS_AND_FAKES, "integration"])
def test_a_style_is_an_ordinary_suite_of_pytest(style: str, run_pytest: Any) -> None:
    conftest = (
        "import pytest\nfrom velvet_testing import fragility\n"
        "@pytest.fixture\ndef shop(): return fragility.shop()\n"
    )
    source = f"from velvet_testing.samples.styles.{style} import *\n"

    done = run_pytest({"conftest.py": conftest, "test_style.py": source})

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_an_autospec_refuses_what_a_mock_accepts() -> None:
    plain, strict = Mock(), create_autospec(FakeGateway, instance=True)

    plain.charge("k")  # an argument too few
    plain.charg("k", 1)  # and a name that nothing has

    with pytest.raises(TypeError, match="missing a required argument: 'cents'"):
        strict.charge("k")
    with pytest.raises(AttributeError, match="charg"):
        strict.charg("k", 1)
    strict.charge.return_value = 7  # of a wrong type: what comes back is not looked at
    assert strict.charge("k", 1) == 7


def test_two_processes_of_xdist_end_with_the_same_outcomes(run_pytest: Any) -> None:
    source = "import pytest\n@pytest.mark.parametrize('i', range(9))\ndef test(i): assert i % 4\n"

    alone = run_pytest({"test_many.py": source}, "-rA")
    spread = run_pytest({"test_many.py": source}, "-rA", "-p", "xdist", "-n", "2")

    outcomes = [
        sorted(re.findall(r"^(?:PASSED|FAILED) \S+", one.stdout, re.M)) for one in (alone, spread)
    ]
    assert outcomes[0] == outcomes[1]
    assert [word.split()[0] for word in outcomes[0]].count("FAILED") == 3


class TestSqlite(RepositoryContract):
    @pytest.fixture
    def make(self) -> Iterator[Any]:
        with closing(sqlite3.connect(":memory:")) as db:
            yield lambda: fragility.shop().SqliteRepository(db)


class TestHttp(GatewayContract):
    @pytest.fixture
    def make(self) -> Any:
        return lambda *script: fragility.shop().HttpGateway(Peer(*script).client())


def test_a_real_socket_answers_like_the_transport() -> None:
    with served(Peer("error")) as client:
        gateway = fragility.shop().HttpGateway(client)
        with pytest.raises(Exception, match="500"):
            gateway.charge("k", 1)
        assert gateway.charge("k", 1) == gateway.charge("k", 1)


def fixtures(tmp_path: Path) -> dict[str, Any]:
    made: dict[str, Any] = {
        "create": CreatePerTest(SCHEMA),
        "file": CreatePerTest(SCHEMA, tmp_path),
        "copy": TemplateCopy(SCHEMA),
        "rollback": RollbackPerTest(SCHEMA),
        "truncate": TruncateAll(SCHEMA, tables=["a", "b"]),
    }
    if sys.version_info >= (3, 11):
        made["bytes"] = TemplateBytes(SCHEMA)
    return made


def counted(db: Any) -> int:
    return int(db.execute("SELECT count(*) FROM a").fetchone()[0])


@pytest.mark.parametrize("name", ["create", "file", "copy", "rollback", "truncate", "bytes"])
def test_each_test_finds_an_empty_database_whatever_was_committed(
    name: str, tmp_path: Path
) -> None:
    made = fixtures(tmp_path)
    if name not in made:
        pytest.skip("Connection.deserialize came with Python 3.11")
    try:
        for _ in range(3):
            db = made[name].open()
            assert counted(db) == 0
            db.execute("INSERT INTO a VALUES (1)")
            db.commit()
            assert counted(db) == 1
            made[name].done()
    finally:
        for one in made.values():
            one.close()
    assert list(tmp_path.iterdir()) == []


def test_code_under_test_may_commit_and_roll_back_inside_the_outer_transaction() -> None:
    fixture = RollbackPerTest(SCHEMA)
    db = fixture.open()
    db.execute("INSERT INTO a VALUES (1)")
    db.commit()
    db.execute("INSERT INTO a VALUES (2)")
    db.rollback()
    assert counted(db) == 1
    fixture.done()
    assert counted(fixture.open()) == 0
    fixture.close()


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="deserialize is here")
def test_bytes_need_a_newer_python() -> None:
    with pytest.raises(NotImplementedError, match=r"3\.11"):
        TemplateBytes(SCHEMA)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["rollback", "truncate", "template"])
def test_the_same_on_a_real_postgres(name: str, postgres_server: Any) -> None:
    import psycopg

    unique = f"t{uuid.uuid4().hex[:12]}"
    tables = [f"{unique}_a", f"{unique}_b"]
    schema = [f"CREATE TABLE {table} (n INTEGER)" for table in tables]

    def connect(database: str = "") -> Any:
        more = {"dbname": database} if database else {}
        return psycopg.connect(postgres_server.url, autocommit=True, **more)

    with connect() as plain:
        admin = plain.info.dbname
    makers: dict[str, Any] = {
        "rollback": lambda: RollbackPerTest(schema, connect()),
        "truncate": lambda: TruncateAll(schema, connect(), tables=tables, statement=truncate),
        "template": lambda: PostgresTemplate(schema, connect, name=unique, admin=admin),
    }
    fixture = makers[name]()
    try:
        for _ in range(2):
            db = fixture.open()
            assert db.execute(f"SELECT count(*) FROM {tables[0]}").fetchone()[0] == 0
            db.execute(f"INSERT INTO {tables[0]} VALUES (1)")
            db.commit()
            assert db.execute(f"SELECT count(*) FROM {tables[0]}").fetchone()[0] == 1
            fixture.done()
    finally:
        fixture.close()
        with connect() as db:
            db.execute(f"DROP TABLE IF EXISTS {', '.join(tables)}")
