"""Children that misbehave, compilers that are missing, folders that cannot be written."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path

import psutil
import pytest

from velvet_performance import compiled, profilers
from velvet_performance.children import run_child
from velvet_performance.errors import ChildFailed, Unavailable
from velvet_performance.samples import julia_mypyc


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [
        ("import sys; sys.exit('it was too much')", "status 1: it was too much", 1),
        ("import os; os._exit(3)", "status 3", 3),
        ("raise LookupError('gone')", "LookupError: gone", 1),
    ],
)
def test_a_child_that_ends_badly_is_told_with_its_last_words(
    code: str, words: str, status: int, tmp_path: Path
) -> None:
    with pytest.raises(ChildFailed, match=words) as found:
        run_child([sys.executable, "-c", code], tmp_path)
    assert found.value.code == status


@pytest.mark.skipif(os.name != "posix", reason="signals end children on POSIX only")
def test_a_child_that_is_killed_is_told(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(ChildFailed, match="killed by signal 9"):
        run_child([sys.executable, "-c", code], tmp_path)


def test_a_child_past_its_limit_is_ended_with_what_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open('pid', 'w').write(str(p.pid)); time.sleep(60)"
    )
    with pytest.raises(ChildFailed, match="ran past its limit of 2 s"):
        run_child([sys.executable, "-c", code], tmp_path, limit_s=2)

    grandchild = int((tmp_path / "pid").read_text())
    _, alive = psutil.wait_procs(
        [psutil.Process(grandchild)] if psutil.pid_exists(grandchild) else [], timeout=10
    )
    assert not alive


def test_a_child_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    code = "import os\nwhile True: os.write(1, b'x' * 1_000_000)"
    with pytest.raises(ChildFailed, match="wrote more than 20,000,000 bytes"):
        run_child([sys.executable, "-c", code], tmp_path, limit_s=50)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="no-such-program cannot be started") as found:
        run_child(["no-such-program"], tmp_path)
    assert found.value.code is None
    with pytest.raises(ValueError, match="limit_s is 0"):
        run_child([sys.executable], tmp_path, limit_s=0)


def test_output_and_time_of_a_good_child(tmp_path: Path) -> None:
    done = run_child([sys.executable, "-c", "print('fine')"], tmp_path)

    assert done.output.strip() == "fine"
    assert 0 < done.wall_s < 60


def test_a_profiled_program_that_dies_is_told_with_its_reason(tmp_path: Path) -> None:
    job = {"program": "service", "step": 99, "size": 1, "sections": False}
    path = tmp_path / "job.json"
    path.write_text(json.dumps({**job, "tool": "", "variant": ""}), encoding="utf-8")

    with pytest.raises(ChildFailed, match="stage is 99"):
        run_child([sys.executable, "-m", "velvet_performance.target", str(path)], tmp_path)


def test_a_tool_that_is_too_slow_is_ended() -> None:
    with pytest.raises(ChildFailed, match="ran past its limit"):
        profilers.profilers()["cprofile"].run("wait_mix", 10_000, limit_s=1.0)


@pytest.mark.parametrize("kind", compiled.KINDS)
def test_every_way_of_compiling_counts_the_same(kind: str) -> None:
    try:
        built = compiled.build(kind)
    except Unavailable as missing:
        pytest.skip(str(missing))
    points = compiled.kernels.plane(15)

    assert built.julia(points, 60) == compiled.kernels.julia_pure(points, 60)
    assert all(type(count) is int for count in built.julia(points, 60))
    assert built.seconds >= 0


def test_what_is_compiled_counts_the_same_uncompiled() -> None:
    points = compiled.kernels.plane(15)
    counts = [0] * len(points)
    compiled.kernels.julia_array(points, 60, counts)

    assert counts == compiled.kernels.julia_pure(points, 60)
    assert julia_mypyc.julia(points, 60) == counts


def test_a_compiler_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if compiled.importlib.util.find_spec("mypyc") is None:
        pytest.skip("mypyc is not installed (pip install mypy)")
    monkeypatch.setattr(compiled, "cache_folder", lambda name: tmp_path)
    monkeypatch.setattr(compiled, "LIMIT_S", 0.5)
    endless = "import time; time.sleep(60) # {imports}{modules}"
    monkeypatch.setattr(compiled, "_SETUP", endless)

    with pytest.raises(Unavailable, match=r"mypyc was not compiled within 0\.5 s"):
        compiled.build("mypyc")


def test_a_missing_compiler_and_a_missing_tool_are_reasons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compiled, "cache_folder", lambda name: tmp_path)
    monkeypatch.setattr(
        compiled, "_SETUP", "import sys; sys.exit('unable to execute gcc') # {imports}{modules}"
    )
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda name: compiled.__spec__)
    with pytest.raises(Unavailable, match=r"C compiler there.*unable to execute gcc"):
        compiled.build("mypyc")
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="Cython is not installed"):
        compiled.build("cython")
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(Unavailable, match="numba cannot be imported"):
        compiled.build("numba")
    with pytest.raises(ValueError, match="unknown kind"):
        compiled.build("none")


def test_a_cache_that_cannot_be_written_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked, temporary = tmp_path / "file", tmp_path / "temporary"
    blocked.write_text("not a folder")
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(temporary))

    folder = compiled.cache_folder("x", blocked)
    assert folder.is_dir()
    assert temporary in folder.parents
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(blocked))
    with pytest.raises(Unavailable, match="cannot be written"):
        compiled.cache_folder("x", blocked)


def test_compiling_that_never_pays_back() -> None:
    assert compiled.break_even(5, 1, 0.5) == 10
    assert compiled.break_even(5, 1, 2) == math.inf
