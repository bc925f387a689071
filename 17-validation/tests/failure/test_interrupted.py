"""What stops half-way: a full disk, an interrupt, a pattern that never ends."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from velvet_validation.contender import Compiled
from velvet_validation.contenders import contender
from velvet_validation.samples.cases import FAULTS, valid
from velvet_validation.streaming import Row, iter_ndjson, quarantine, resume_offset

BAD = next(fault for fault in FAULTS if fault.id == "below minimum")


@pytest.fixture(scope="module")
def model() -> Compiled:
    return contender("msgspec").build("signup", "strict")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    records = [valid("signup", seed=seed) for seed in range(20)]
    records = [BAD.apply(one) if i % 7 == 3 else one for i, one in enumerate(records)]
    path = tmp_path / "feed.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def stopping(rows: Iterator[Row], after: int, error: BaseException) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number == after:
            raise error
        yield row


def outputs(feed: Path, model: Compiled, name: str) -> tuple[Path, Path]:
    good, bad = feed.with_name(f"{name}.good"), feed.with_name(f"{name}.bad")
    rows = iter_ndjson(feed, model, start=resume_offset(good))
    quarantine(rows, good, bad, every=3)
    return good, bad


@pytest.mark.parametrize("after", range(20))
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_an_interrupted_run_continues_and_ends_with_the_same_files(
    feed: Path, model: Compiled, after: int, error: BaseException
) -> None:
    whole = outputs(feed, model, "whole")
    good, bad = feed.with_name("cut.good"), feed.with_name("cut.bad")
    rows = iter_ndjson(feed, model)

    with pytest.raises(type(error)):
        quarantine(stopping(rows, after, error), good, bad, every=3)
    assert not good.exists()
    resumed = outputs(feed, model, "cut")

    assert resumed[0].read_bytes() == whole[0].read_bytes()
    assert resumed[1].read_bytes() == whole[1].read_bytes()
    assert not list(feed.parent.glob("*.part"))


REDOS = """
import sys, time
from velvet_validation.comparisons.redos import check
begun = time.perf_counter()
check(sys.argv[1])("a" * int(sys.argv[2]) + "!")
print(time.perf_counter() - begun)
"""


def test_a_bomb_is_harmless_to_an_engine_that_does_not_backtrack() -> None:
    """In a child with a time limit, because a backtracking engine would not come back."""
    run = subprocess.run(
        [sys.executable, "-c", REDOS, "pydantic", "40"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr


def test_the_same_bomb_outlives_the_limit_of_a_backtracking_engine() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", REDOS, "jsonschema", "40"],
            capture_output=True,
            timeout=4,
            check=False,
        )
