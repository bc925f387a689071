"""The tasks write their lines whatever runs them; what must not run here runs in children."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet_queues import workloads
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Ledger


@pytest.mark.parametrize(
    ("task", "payload", "events"),
    [
        ("noop", None, ["started", "finished"]),
        ("sleep", 1, ["started", "finished"]),
        ("effect", 1, ["started", "effect", "finished"]),
    ],
)
def test_a_task_writes_what_it_does(
    task: str, payload: object, events: list[str], ledger: Ledger
) -> None:
    told = workloads.perform_text(encode(Envelope(task, payload, id="a")), ledger)

    assert told == {"id": "a"}
    assert [one.event for one in ledger.entries()] == events


def test_a_flaky_task_fails_so_many_times_wherever_it_runs(tmp_path: Path) -> None:
    task = Envelope("flaky", 2)
    for attempt in range(3):
        with Ledger(tmp_path) as ledger:
            if attempt < 2:
                with pytest.raises(workloads.Flaky, match=f"attempt {attempt + 1} fails"):
                    workloads.perform(task, ledger)
            else:
                workloads.perform(task, ledger)
            verdict = ledger.verdict()

    assert (verdict.failed, verdict.finished) == (2, 1)


def test_poison_that_raises_is_a_failure_and_an_unknown_task_is_no_start(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="poison: raise"):
        workloads.perform(Envelope("poison", "raise"), ledger)
    with pytest.raises(KeyError):
        workloads.perform(Envelope("no_such_task"), ledger)

    assert [one.event for one in ledger.entries()] == ["started", "failed"]
