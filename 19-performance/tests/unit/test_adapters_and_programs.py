"""Adapters against stored outputs, so that parsing is tested where a tool cannot run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_performance import programs
from velvet_performance.contenders import Watch, cprofile, perf, py_spy, scalene, viztracer
from velvet_performance.errors import ProfilerOutputError, tidy
from velvet_performance.profiles import Profile, Row, from_lines, from_stacks, lines_of
from velvet_performance.stacks import Stacks

# py-spy 0.4.3, raw format.
PY_SPY = """\
<module> (t.py:9);main (target.py:5);profiled_region (target.py:3);one_loop (p.py:9) 30
<module> (t.py:9);main (target.py:5);profiled_region (target.py:3);many_small (p.py:5);tiny (p.py:2) 10
<module> (t.py:9);main (target.py:4);build (p.py:1) 60
"""
# perf 6.1 script -F ip,sym with Python 3.12 -X perf.
PERF = """\
\t    7f1c tiny+0x1 (inlined)
\t    7f1d py::tiny:/t/p.py
\t    7f1e py::many_small:/t/p.py
\t    7f1f py::profiled_region:/t/target.py

\t    7f2d py::one_loop:/t/p.py
\t    7f2f py::profiled_region:/t/target.py

\t    7f3d _PyEval_EvalFrameDefault
"""


def frame(name: str, kind: str = "py") -> dict[str, Any]:
    return {"display_name": name, "filename_or_module": "p.py", "kind": kind, "line": 1}


# Scalene 2.4.0, shortened: stacks end in native frames.
SCALENE = {
    "combined_stacks": [
        [[frame("main"), frame("profiled_region"), frame("one_loop"), frame("x", "native")], 30],
        [[frame("main"), frame("profiled_region"), frame("many_small")], 10],
    ],
    "files": {
        "p.py": {
            "functions": [
                {
                    "line": "digest",
                    "lineno": 3,
                    "n_cpu_percent_python": 60.0,
                    "n_cpu_percent_c": 10.0,
                    "n_sys_percent": 5.0,
                }
            ]
        }
    },
}


def event(name: str, ts: float, dur: float) -> dict[str, Any]:
    return {"ph": "X", "tid": 1, "name": f"{name} (p.py:1)", "ts": ts, "dur": dur}


# VizTracer 1.1: complete events, children before parents.
VIZTRACER = {
    "traceEvents": [
        {"ph": "M", "tid": 1, "name": "process_name"},
        event("tiny", 12, 3),
        event("many_small", 10, 10),
        event("one_loop", 20, 30),
        event("profiled_region", 5, 50),
    ]
}


def test_py_spy_is_cut_to_the_program_and_knows_its_samples(watch: Callable[..., Watch]) -> None:
    here = watch()
    (here.folder / py_spy.FILE).write_text(PY_SPY, encoding="utf-8")
    found = py_spy.read(here)

    assert found.samples == 40
    assert found.share_of("one_loop") == 0.75
    assert found.share_of("many_small") == 0.25
    assert found.rank_of("one_loop", ("one_loop", "many_small")) == 1


def test_perf_keeps_python_frames_only() -> None:
    found = perf.parse_script(PERF)

    assert found.samples == 2
    assert found.share_of("many_small") == found.share_of("one_loop") == 0.5
    assert found.rank_of("one_loop", ("one_loop", "many_small")) == 2  # a tie is no find
    with pytest.raises(ProfilerOutputError, match="frame pointers"):
        perf.parse_script("")


def test_scalene_answers_by_stacks_and_with_few_of_them_by_functions(
    watch: Callable[..., Watch],
) -> None:
    here = watch()
    path = here.folder / scalene.FILE
    path.write_text(json.dumps(SCALENE), encoding="utf-8")
    assert scalene.read(here).share_of("one_loop") == 0.75

    path.write_text(json.dumps({**SCALENE, "combined_stacks": []}), encoding="utf-8")
    assert scalene.read(here).rows == (Row("digest", 75.0, 75.0, 0, "p.py", 3),)

    for broken in ("{}", "[]", "{", '{"files": {}}'):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(ProfilerOutputError):
            scalene.read(here)


def test_viztracer_nests_by_time(watch: Callable[..., Watch]) -> None:
    here = watch()
    (here.folder / viztracer.FILE).write_text(json.dumps(VIZTRACER), encoding="utf-8")
    found = viztracer.read(here)

    assert found.sum == 50
    assert found.share_of("one_loop") == 0.6
    assert found.share_of("many_small") == 0.2
    (here.folder / viztracer.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ProfilerOutputError):
        viztracer.read(here)


def test_a_pstats_file_that_is_cut_or_of_another_kind_is_named(tmp_path: Path) -> None:
    import cProfile

    path = tmp_path / "run.pstats"
    profiler = cProfile.Profile()
    profiler.runcall(sorted, [3, 1])
    profiler.dump_stats(path)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"hello", b"i\x01\x00\x00\x00"):
        path.write_bytes(broken)
        with pytest.raises(ProfilerOutputError, match=r"run\.pstats"):
            cprofile.read_pstats(path, "cProfile")


def test_output_that_is_missing_is_named(watch: Callable[..., Watch]) -> None:
    with pytest.raises(ProfilerOutputError, match="no output file"):
        py_spy.read(watch())
    here = watch()
    (here.folder / py_spy.FILE).write_text("<module>;build 3\n", encoding="utf-8")
    with pytest.raises(ProfilerOutputError, match="no sample of the program in 1 stacks"):
        py_spy.read(here)


@pytest.mark.parametrize(
    ("patches", "words"),
    [
        ({"program": lambda: ""}, "not on the path|not installed"),
        ({"sys.platform": "darwin"}, "needs root on macOS"),
    ],
)
def test_py_spy_says_why_not(
    patches: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(py_spy, "program", patches.get("program", lambda: "py-spy"))
    if "sys.platform" in patches:
        monkeypatch.setattr(sys, "platform", patches["sys.platform"])

    import re

    assert re.search(words, py_spy.available())


def test_perf_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "on Linux" in perf.available()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "version_info", (3, 12))
    monkeypatch.setattr(perf.shutil, "which", lambda _: None)
    assert "apt install" in perf.available()
    monkeypatch.setattr(perf.shutil, "which", lambda _: "/usr/bin/perf")
    assert perf.available().startswith(("this Python was built", "perf is not allowed")) or (
        perf.available() == ""
    )
    assert perf.command(["python", "-m", "x"], Watch((), Path("/t")))[-4:-2] == ["-X", "perf"]


def test_lines_are_summed_by_function() -> None:
    about = programs.get("calls_vs_loop")
    place = lines_of(about.module.many_small)
    found = from_lines(
        {(place.file, place.last): 3.0, (place.file, place.first): 1.0, ("other.py", 1): 9.0},
        [lines_of(part) for part in about.functions()],
    )

    assert found.share_of("many_small") == 1.0
    assert found.hottest(1)[0].function == "many_small"


def test_shares_ranks_and_intervals() -> None:
    found = Profile((Row("m.A.f", 1, 3), Row("g", 1, 1), Row("f", 2, 2)), samples=4)

    assert (found.sum, found.share_of("f")) == (4, 0.75)
    assert [row.function for row in found.hottest()] == ["f", "m.A.f", "g"]
    assert len(Profile(found.rows * 2).hottest()) == 5
    assert found.share_of("absent") == 0.0
    assert found.rank_of("absent", ("f", "absent")) == 0
    assert found.rank_of("g", ("f", "g")) == 2
    assert found.interval(0.75) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert Profile((), samples=10).interval(0.5) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert Profile((), samples=1).interval(0.0)[0] == 0.0
    assert Profile((), samples=1).interval(1.0)[1] == 1.0
    assert Profile(()).interval(0.3) == (0.3, 0.3)
    assert from_stacks(Stacks({("f",): 3.0})).interval(0.3) == (0.3, 0.3)
    assert Profile(()).share_of("f") == 0.0


@pytest.mark.parametrize("name", programs.NAMES)
def test_a_program_is_the_same_every_time_and_its_parts_can_be_taken_out(
    name: str, small: Callable[[str], Any]
) -> None:
    about = programs.get(name)
    assert about.run(small(name)) == about.run(small(name))
    assert about.hot in about.parts

    own = about.functions()
    with about.replaced(about.module.STUBS):
        about.run(small(name))
        assert about.functions() != own
    assert about.functions() == own

    with programs.Sections(about).installed() as sections:
        about.run(small(name))
    assert sum(sections.shares().values()) == pytest.approx(1) or not any(sections.ns.values())


@pytest.mark.parametrize("name", ["access_log", "alloc_churn", "leaky_cache", "nbody"])
def test_timers_and_ablation_agree_about_the_hot_part(name: str) -> None:
    about = programs.get(name)
    found = programs.truth(about, max(2, about.size // 8), rounds=3)

    assert found.hottest() == about.hot
    assert max(found.ablation, key=found.ablation.__getitem__) == about.hot
    assert sum(found.sections.values()) == pytest.approx(1, abs=0.1)
    assert max(found.ablation.values()) <= 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: programs.get("none"), "unknown program"),
        (lambda: programs.get("nbody").build(0), "size is 0"),
        (lambda: programs.truth(programs.get("nbody"), rounds=0), "rounds is 0"),
    ],
)
def test_bad_requests_are_named(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_a_home_folder_is_left_out_of_errors() -> None:
    error = ProfilerOutputError("t", "1", f"{Path.home()}/x")

    assert str(Path.home()) not in str(error)
    assert tidy("plain") == "plain"
