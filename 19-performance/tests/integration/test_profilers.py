"""Every profiler for real: inside this process where it lives there, in a child as it is used."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_performance import contenders, profilers, programs, service, shootout, target
from velvet_performance.contenders import Watch, monitoring
from velvet_performance.errors import ProfilerOutputError, Unavailable
from velvet_performance.profilers import Profiler

ALL = profilers.profilers()
INSIDE = [name for name, one in ALL.items() if hasattr(one.contender, "record")]


def usable(name: str) -> Profiler:
    """Return a profiler, or skip with its own reason."""
    profiler = ALL[name]
    if reason := profiler.available():
        pytest.skip(f"{name}: {reason}")
    return profiler


@pytest.mark.parametrize("name", INSIDE)
def test_a_tool_inside_the_process_returns_the_result_and_a_profile(
    name: str, watch: Callable[..., Watch]
) -> None:
    profiler = usable(name)
    about = programs.get("calls_vs_loop")
    about_watch = watch("calls_vs_loop", profiler.variant)

    def profiled_region() -> Any:
        kept.append(bytearray(300_000))
        return about.run(3_000)

    kept: list[bytearray] = []
    traced = sys.gettrace()
    result = profiler.contender.record(profiled_region, about_watch)
    sys.settrace(traced)
    profile = profiler.contender.read(about_watch)

    assert result == about.run(3_000)
    assert profile.sum >= 0
    if profiler.kind in ("call-trace", "line-trace"):
        assert profile.rank_of("many_small", about.parts) in (1, 2)  # 0 were not seen


def test_a_profiler_in_a_child_finds_what_is_hot() -> None:
    outcome = usable("cprofile").run("nbody", 600, sections=True)

    assert outcome.profile is not None
    assert outcome.profile.rank_of("advance", programs.get("nbody").parts) == 1
    assert outcome.inflated["advance"] > 0.5
    assert outcome.digest == profilers.bare("nbody", 600).digest
    assert outcome.version == ".".join(map(str, sys.version_info[:3]))


def test_py_spy_sees_a_program_from_outside_and_names_its_samples() -> None:
    outcome = usable("py_spy").run("worker_thread", 700_000)

    assert outcome.profile is not None
    assert outcome.profile.samples >= 1
    assert outcome.profile.share_of("digest") > 0  # it runs in a second thread
    low, high = outcome.profile.interval(0.5)
    assert 0 < low < 0.5 < high < 1


@pytest.mark.slow
def test_scalene_is_read_by_stacks_or_by_functions() -> None:
    outcome = usable("scalene_cpu").run("nbody", 60_000)

    assert outcome.profile is not None
    assert outcome.profile.share_of("advance") > 0.5


def test_a_watch_of_calls_knows_own_time_total_time_and_recursion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ticks = iter((0, 10, 30, 60, 100))
    monkeypatch.setattr(monitoring.time, "thread_time_ns", lambda: next(ticks))
    outer, inner = usable.__code__, test_every_contender_says_what_it_is.__code__
    timer = monitoring.CallTimer()

    timer.entered(outer, 0)
    timer.entered(inner, 0)
    timer.left(inner, 0, None)  # 10 to 30
    timer.left(inner, 0, None)  # was entered before the tool was on
    timer.left(outer, 0, None)  # 0 to 100
    assert (timer.own[inner], timer.total[inner], timer.calls[inner]) == (20, 20, 1)
    assert (timer.own[outer], timer.total[outer]) == (80, 100)

    told = [["digest", 5e9, 7e9, 3, "a.py", 12]]
    (tmp_path / monitoring.FILE).write_text(json.dumps(told), encoding="utf-8")
    (row,) = monitoring.read(Watch((), tmp_path)).rows
    assert (row.function, row.own, row.total, row.calls, row.line) == ("digest", 5.0, 7.0, 3, 12)


def test_a_stage_of_the_service_is_profiled_like_a_program() -> None:
    outcome = usable("cprofile").run("service", 10, step=1)

    assert outcome.profile is not None
    assert outcome.profile.share_of("tax_rate") > 0
    assert outcome.digest == profilers.bare("service", 10).digest


def test_a_score_has_rank_overhead_and_both_kinds_of_distortion() -> None:
    found = shootout.score(usable("cprofile"), "worker_thread", rounds=1)

    assert found.problem == ""
    assert found.overhead > 0.3
    assert 0 < found.true < 1
    assert found.distortion == found.reported - found.true
    assert found.found == (found.rank == 1)


def test_a_profiler_that_cannot_run_has_its_reason_in_its_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = contenders.load("yappi")
    monkeypatch.setattr(module, "available", lambda: "yappi is not installed")

    found = shootout.score(ALL["yappi_cpu"], "nbody", truth={"advance": 1.0})
    assert found.problem == "yappi is not installed"
    assert (found.rank, found.true, found.bent, found.distortion, found.overhead) == (0,) * 5
    with pytest.raises(Unavailable, match="not installed"):
        ALL["yappi_cpu"].run("nbody")


def test_a_profiler_that_fails_has_its_error_in_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ProfilerOutputError("cProfile", "1", "garbage")

    monkeypatch.setattr(Profiler, "run", fails)
    found = shootout.score(ALL["cprofile"], "worker_thread", truth={"digest": 1.0})

    assert "cProfile 1 wrote something unexpected: garbage" in found.problem
    assert not found.found


def test_true_shares_are_the_median_of_children_or_of_what_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares = iter([0.5, 0.9, 0.8])

    def bare(*_: object, **__: object) -> profilers.Outcome:
        return profilers.Outcome(1, 1, "", dict.fromkeys(parts, next(shares)), None)

    monkeypatch.setattr(shootout, "bare", bare)
    parts = programs.get("nbody").parts
    assert shootout.true_shares("nbody") == dict.fromkeys(parts, 0.8)
    leaky = programs.get("leaky_cache")
    assert shootout.true_shares("leaky_cache", 50) == programs.truth(leaky, 50).sections


def test_the_child_does_what_its_job_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"program": "nbody", "step": 0, "size": 20, "sections": True, "tool": "", "variant": ""}
    path = tmp_path / "job.json"
    for tool in ("", "cprofile"):
        path.write_text(json.dumps({**job, "tool": tool}), encoding="utf-8")
        target.main(str(path))
        told = json.loads((tmp_path / "outcome.json").read_text(encoding="utf-8"))
        assert told["digest"] == target.digest(programs.get("nbody").run(21))
    path.write_text(json.dumps({**job, "program": "service", "step": 9}), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["target", str(path)])
    target.main()
    first = service.as_program(0)
    told = json.loads((tmp_path / "outcome.json").read_text(encoding="utf-8"))
    assert told["digest"] == target.digest(first.run(first.build(20)))


def test_every_contender_says_what_it_is() -> None:
    for profiler in ALL.values():
        assert profiler.kind in ("call-trace", "line-trace", "sampling", "memory")
        assert profiler.measures in ("cpu", "wall", "bytes")
        assert 0 < profiler.contender.SCALE <= 1
        assert profiler.version or contenders.missing(profiler.contender.PACKAGE)
        assert hasattr(profiler.contender, "record") != hasattr(profiler.contender, "command")
    with pytest.raises(ValueError, match="unknown profiler"):
        contenders.load("none")
    assert "not installed (pip install no-such" in contenders.missing("no-such-thing")


def test_an_unknown_major_version_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = contenders.load("cprofile")
    monkeypatch.setattr(module, "MAJORS", (99,))
    profilers._warn_once.cache_clear()

    with pytest.warns(UserWarning, match="newer than its adapter"):
        ALL["cprofile"]._know_version()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ALL["cprofile"]._know_version()
    profilers._warn_once.cache_clear()


def test_another_python_of_this_machine_is_measured_with_its_own_tools() -> None:
    outcome = profilers.under_python(sys.executable, ALL["cprofile"], "nbody", 100)

    assert outcome.profile is not None
    assert outcome.inflated["advance"] > 0.3


def test_an_answer_that_changes_under_a_profiler_is_no_score(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = profilers.bare("nbody", 50)
    changed = profilers.Outcome(1, 1, "other", {}, None)
    monkeypatch.setattr(shootout, "bare", lambda *_: real)
    monkeypatch.setattr(Profiler, "run", lambda *_, **__: changed)

    found = shootout.score(ALL["cprofile"], "nbody", truth={"advance": 1.0})
    assert "answers differently" in found.problem
