"""Files in ten codecs, processes with an ASCII locale, and work in parallel processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from velvet_text import _child, deadline, logs
from velvet_text.decode import decode_bytes
from velvet_text.errors import PatternTimeout, TemplateError, WorkerFailed
from velvet_text.render import render_untrusted
from velvet_text.samples import texts
from velvet_text.samples.patterns import LABELLED
from velvet_text.stream import StreamDecoder

MODULE = Path(__file__).parents[2]
BOMB = "a" * 50 + "!"


@pytest.mark.parametrize(
    "codec",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "iso8859-15", "mac_roman", "cp850", "cp437", "cp1254"],
)  # fmt: skip
def test_a_file_in_each_codec_is_read_back(tmp_path: Path, codec: str) -> None:
    text = "Où étions-nous ?\nça va\n"
    path = tmp_path / "text"
    path.write_text(text, encoding=codec, newline="")

    assert decode_bytes(path.read_bytes(), declared=codec).text == text
    decoder = StreamDecoder(codec)
    lines = [line for byte in path.read_bytes() for line in decoder.feed(bytes([byte]))]
    assert lines + decoder.close() == text.splitlines()


def run(*argv: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, *argv], cwd=MODULE, env=env, capture_output=True, check=False, timeout=60
    )


def test_an_ascii_locale_changes_nothing() -> None:
    program = "from velvet_text.units import *; print(ascii(truncate('\\u65e5' * 3, 4, 'columns')))"

    done = run("-c", program, PYTHONUTF8="0", LC_ALL="C", PYTHONIOENCODING="ascii")

    assert done.stdout.strip() == rb"'\u65e5\u2026'"


def test_no_text_file_is_opened_with_the_encoding_of_the_system(tmp_path: Path) -> None:
    log = texts.write_log(tmp_path / "log", 10)
    program = (
        "import sys; from pathlib import Path; from velvet_text import logs, pitfalls, inspect_text\n"
        "print(len(list(logs.parse_file(Path(sys.argv[1]), logs.parser('split')))))"
    )

    done = run("-X", "warn_default_encoding", "-c", program, str(log))

    ours = [line for line in done.stderr.splitlines() if b"velvet_text" in line]
    assert (done.stdout.strip(), ours) == (b"10", [])  # what libraries do is not ours


def test_an_example_survives_a_closed_pipe() -> None:
    argv = [sys.executable, "examples/basic.py", "five_lengths"]
    with subprocess.Popen(
        argv, cwd=MODULE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()

    assert b"Traceback" not in said


def test_parallel_parsing_gives_the_same(tmp_path: Path) -> None:
    path = texts.write_log(tmp_path / "log", 500, bad=0.05)
    serial, total = logs._part(str(path), "negated", 0, path.stat().st_size)

    lines, stats = logs.parse_parallel(path, "negated", workers=2)

    assert (lines, stats) == (serial, total)
    with pytest.raises(ValueError, match="workers"):
        logs.parse_parallel(path, "negated", workers=0)


def dies() -> logs.LineParser:
    os._exit(3)


def test_a_worker_that_dies_names_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = texts.write_log(tmp_path / "log", 20)
    monkeypatch.setattr(logs, "_part", os._exit)  # a spawned worker imports it by name

    with pytest.raises((WorkerFailed, TypeError), match=r"bytes 0:\d+|_exit"):
        logs.parse_parallel(path, "negated", workers=1)


def test_a_bomb_ends_at_its_budget_and_leaves_no_child() -> None:
    with pytest.raises(PatternTimeout):
        deadline.search_in_child("^(a+)+$", BOMB, budget_s=0.2)

    found = deadline.search_in_child("(a+)(b)?", "xaa", budget_s=20)

    assert found is not None
    assert (found.start, found.end, found.groups) == (1, 3, ("aa", None))


def test_growth_is_measured_until_the_budget() -> None:
    sizes = deadline.sizes_for(exponential=True)

    growth = deadline.measure_growth(
        "re", "^(a+)+$", pump="a", suffix="!", sizes=sizes, budget_s=0.7
    )

    assert growth.stopped
    assert growth.fit == "exponential"
    assert 0.8 < growth.exponent < 1.2
    with pytest.raises(ValueError, match="does not support"):
        deadline.measure_growth("re2", r"(a)\1", pump="a", sizes=[1], budget_s=1)


@pytest.mark.slow
@pytest.mark.skipif(
    "VELVET_SLOW" not in os.environ, reason="takes a minute: set VELVET_SLOW=1 to run it"
)
@pytest.mark.parametrize(
    ("pattern", "label"), [p for p in LABELLED if p[1] in ("exponential", "polynomial")]
)
def test_every_verdict_is_confirmed_by_the_clock(pattern: str, label: str) -> None:
    growth = deadline.confirm(pattern, budget_s=3)

    assert (growth.fit == "exponential") == (label == "exponential"), growth
    assert growth.fit != "linear"


def test_a_template_without_end_is_ended_by_its_child() -> None:
    loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}" * 9

    with pytest.raises(TemplateError, match=r"within 0\.3 s"):
        render_untrusted(loops, {}, budget_s=0.3)
    with pytest.raises(TemplateError, match="SecurityError"):
        render_untrusted("{{ x.__class__.mro() }}", {"x": 1})
    assert render_untrusted("{{ x }}", {"x": "é<"}, budget_s=20) == "é&lt;"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep a limit of memory")
def test_a_template_that_eats_memory_is_refused() -> None:
    with pytest.raises(TemplateError, match="512 MB"):
        render_untrusted("{{ 'x' * 10**9 }}", {}, budget_s=20)


def test_the_child_is_a_plain_function_too(monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"call": "velvet_text.deadline:one_search", "options": {"pattern": "(", "text": ""}}

    (line,) = _child.lines_of(job)

    assert "re does not support" in line["refused"]
    monkeypatch.setattr(sys, "platform", "other")
    _child.limit_memory(1)
