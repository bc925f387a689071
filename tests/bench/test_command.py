"""The command of a measure file: exit codes, streams, files, and an end without leftovers."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from velvet import services
from velvet.bench import cli, machine
from velvet.bench.command import main
from velvet.bench.compare import print_comparison
from velvet.bench.results import local_file, reference_file, save
from velvet.bench.suite import Options, Suite

VALUES = """
    size = suite.comparison("size", unit="bytes", kind="value", title="list[int] [/] bytes")
    size.add("plain", lambda: lambda: 10)
    size.add("packed", lambda: lambda: Estimate(5, 4, 6, 30))
"""
CLAIMS = {
    "holds": 'suite.claim("it packs", ratio("size", "packed", "plain") <= 0.7)',
    "fails": 'suite.claim("it packs", ratio("size", "packed", "plain") <= 0.0001)',
    "open": 'suite.claim("it packs", ratio("size", "packed", "plain") <= 0.5)',
}


@pytest.fixture
def run(declared, capsys, monkeypatch):
    """Run a suite's command in this process: exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(suite, *argv):
        if isinstance(suite, str):
            suite = declared(suite)
        with pytest.raises(SystemExit) as info:
            main(suite, list(argv))
        said = capsys.readouterr()
        return info.value.code or 0, said.out, said.err

    return call


@pytest.mark.parametrize(
    ("claim", "options", "code"),
    [
        ("holds", (), 0),
        ("fails", (), 1),
        ("open", (), 0),
        ("open", ("--strict",), 1),
        ("holds", ("--strict",), 0),
    ],
)
def test_the_exit_code_is_that_of_the_claims(run, claim, options, code):
    found, _, _ = run(f"{VALUES}\n    {CLAIMS[claim]}", "--quick", *options)

    assert found == code


@pytest.fixture
def suite(declared):
    return declared(f"{VALUES}\n    {CLAIMS['holds']}")


class FakeEngine:
    """Tells a run that was measured beforehand, without starting anything."""

    document: dict
    options: Options
    also: tuple = ()

    def __init__(self, suite, options):
        type(self).options = options

    def events(self):
        yield {"event": "plan", "total": 1}
        yield {"event": "begin", "bench": "size", "size": "", "done": 0}
        yield from self.also
        yield {"event": "results", "results": self.document}


@pytest.fixture(autouse=True)
def publishable(monkeypatch):
    """A clean commit, and a lock of this test's own: port 0 is never taken."""
    state = {"commit": "c0ffee", "dirty": False}
    monkeypatch.setattr(machine, "git_state", lambda _folder: state)
    monkeypatch.setattr(cli, "PUBLISH_PORT", 0)
    return state


@pytest.fixture
def fake_engine(monkeypatch, document):
    class Engine(FakeEngine):
        pass

    Engine.document = document
    monkeypatch.setattr(cli, "Engine", Engine)
    return Engine


def test_results_are_kept_beside_the_measure_file(run, suite, fake_engine):
    code, _, _ = run(suite)

    assert code == 0
    assert json.loads(local_file(suite.file).read_text("utf-8")) == fake_engine.document


def test_published_results_become_the_reference(run, suite, fake_engine):
    run(suite, "--publish")

    assert reference_file(suite.file).is_file()
    assert not local_file(suite.file).exists()


@pytest.mark.parametrize(
    "option", [("--quick",), ("--filter", "size"), ("--contender", "plain"), ("--only-claims",)]
)
def test_a_part_is_never_published(run, suite, fake_engine, option):
    code, _, said = run(suite, "--publish", *option)

    assert (code, said.startswith("--publish measures everything")) == (2, True)


def test_a_busy_machine_publishes_nothing(run, suite, fake_engine):
    fake_engine.document["noise"]["index"] = 2.1

    code, out, said = run(suite, "--publish")

    assert (code, out) == (1, "")
    assert "nothing was published: the machine was busy, noise 2.1x is above 2x" in said
    assert not reference_file(suite.file).exists()
    assert local_file(suite.file).exists()


@pytest.mark.parametrize("state", [{"dirty": True}, {"commit": None, "dirty": None}])
def test_only_a_commit_is_published(run, suite, fake_engine, publishable, state):
    publishable.update(state)

    code, _, said = run(suite, "--publish")

    assert (code, "commit the changes first" in said) == (1, True)
    assert not hasattr(fake_engine, "options")


def test_one_run_of_the_machine_publishes_at_a_time(run, suite, fake_engine, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(cli, "PUBLISH_PORT", other.getsockname()[1])
        code, _, said = run(suite, "--publish")

    assert (code, "another run of this machine is publishing" in said) == (1, True)
    assert not hasattr(fake_engine, "options")


def test_the_lock_is_free_again_after_publishing(run, suite, fake_engine, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(cli, "PUBLISH_PORT", other.getsockname()[1])

    assert [run(suite, "--publish")[0] for _ in range(2)] == [0, 0]


def test_the_last_results_are_shown_whole_without_measuring(run, suite, fake_engine, document):
    skipped = {"bench": "lookup", "contender": "tree", "size": {}, "kind": "micro"}
    document["results"].append({**skipped, "metric": "time", "skipped": "no tree here"})
    document["comparisons"][0]["contenders"].append({"name": "tree", "note": ""})
    save(document, local_file(suite.file))
    save({**document, "created": "2025-12-31T00:00:00Z"}, reference_file(suite.file))

    code, out, _ = run(suite, "--show")

    assert code == 0
    assert "HOLDS speedup(hash over scan, lookup) = 16.0 [14.5, 17.5] >= 8" in out
    assert "tree: not measured: no tree here" in out
    assert not hasattr(fake_engine, "options")


def test_there_is_nothing_to_show_before_the_first_run(run, suite):
    code, _, said = run(suite, "--show")

    assert (code, said) == (1, "sample: nothing is measured yet; leave out --show\n")


def test_what_is_not_installed_takes_one_line(run, suite, fake_engine):
    base = {"bench": "lookup", "kind": "micro", "metric": "time", "skipped": "not installed"}
    rows = [{**base, "contender": name, "size": {"n": 10}} for name in ("tree", "trie")]
    fake_engine.document["results"] += rows
    fake_engine.document["comparisons"][0]["contenders"] += [
        {"name": name, "note": ""} for name in ("tree", "trie")
    ]

    _, out, _ = run(suite)

    assert "not measured here: tree, trie (--show says why)" in out
    assert out.count("tree") == 1


def test_a_failed_row_stays_in_the_short_form(run, suite, fake_engine):
    row = fake_engine.document["results"][0]
    del row["median"]
    row["error"] = "it hung"

    _, out, _ = run(suite)

    assert "hash: failed: it hung; a dict" in out


def test_a_wrong_declaration_is_told_before_anything_is_measured(run, fake_engine):
    body = f"{VALUES}\n    suite.claim('x', ratio('size', 'pakced', 'plain') <= 1)"

    code, _, said = run(body)

    assert code == 2
    assert "claim 'x': there is no contender 'pakced'" in said
    assert not hasattr(fake_engine, "options")


def test_results_go_where_they_are_wanted(run, suite, fake_engine, tmp_path):
    run(suite, "--json", str(tmp_path / "out.json"))

    assert (tmp_path / "out.json").is_file()
    assert not local_file(suite.file).exists()


def test_options_reach_the_run(run, suite, fake_engine):
    numbers = ("--processes", "4", "--seed", "8", "--hashseed", "3", "--affinity", "0")

    run(suite, "--full", "--only-claims", *numbers)

    assert fake_engine.options == Options(
        tier="full", processes=4, seed=8, hashseed=3, affinity=(0,), only_claims=True
    )


def test_tables_are_printed_with_their_claims_and_a_closing_line(run, suite, fake_engine):
    _, out, err = run(suite)

    assert "16.0x faster [14.5, 17.8]" in out
    assert "HOLDS hash wins\n" in out
    assert "speedup(" not in out
    assert "machine calm, 1.1x. Claims: 1 holds. 1.5 s." in out
    assert err == "measuring size\n"


def test_a_busy_machine_and_extrapolated_rows_are_named(run, suite, fake_engine):
    fake_engine.document["noise"]["index"] = 2.5
    fake_engine.document["results"][0].update(extrapolated=True, measured_n=10)
    fake_engine.document["claims"] = []

    _, out, _ = run(suite)

    assert "machine busy, 2.5x: absolute columns are soft, ratios stand. Claims: none." in out
    assert "† = extrapolated." in out
    assert "hash: † extrapolated from 10 measured; a dict" in out


def test_brackets_in_titles_and_names_are_shown_as_they_are(run, suite):
    code, out, _ = run(suite, "--quick")

    assert code == 0
    assert "list[int] [/] bytes" in out


def test_errors_are_told_as_they_come(run, suite, fake_engine):
    fault = {"bench": "size", "contender": "plain", "error": "out of [luck]"}
    fake_engine.also = ({"event": "error", **fault}, {"event": "second_look", "text": "it packs"})

    _, _, err = run(suite)

    assert "size: plain: out of [luck]" in err
    assert "second look, with 3x the samples: it packs" in err


def test_a_stream_is_one_json_event_a_line_and_nothing_else(run, suite, fake_engine, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(fake_engine.document), encoding="utf-8")

    code, out, _ = run(suite, "--json", "-", "--compare", str(other))

    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [event["event"] for event in events] == ["plan", "begin", "results"]


def test_a_list_measures_nothing(run, suite, fake_engine):
    code, out, _ = run(suite, "--list")

    assert code == 0
    assert out.splitlines() == [
        "size (value, 1 sizes): plain, packed",
        "claim: it packs: ratio(packed/plain, size) <= 0.7",
    ]
    assert not hasattr(fake_engine, "options")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--filter", "sise"), "Did you mean 'size'? Known are: size"),
        (("--contender", "plian"), "no contender is called 'plian'. Did you mean 'plain'?"),
        (("--affinity", "zero"), "--affinity takes core numbers such as 0,1, not 'zero'"),
        (("--affinity", "99999"), "there is no core 99999"),
        (("--processes", "0"), "0 is not in the range"),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_exit_code_2(run, suite, fake_engine, argv, said):
    code, out, err = run(suite, *argv)

    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_file_to_compare_with_is_read_before_anything_is_measured(run, suite, fake_engine):
    code, _, err = run(suite, "--compare", "none.json")

    assert (code, err) == (
        1,
        "none.json: no such results file; make it with `velvet bench`\n",
    )
    assert not hasattr(fake_engine, "options")


def test_a_comparison_is_printed_ratio_by_ratio(document, there):
    there["pairs"][0].update(ratio=0.9, lo=0.8, hi=1.0)
    there["pairs"].append({**there["pairs"][0], "a": "tree"})
    there["claims"][0]["verdict"] = "FAILS"
    there["noise"]["spin_ms"] = 4.0

    said = compared(document, there)

    assert "pure Python here: 2.00x faster compared with there" in said
    assert "1 of 2 ratios agree (50%): their intervals overlap" in said
    assert [word for word in said.split() if word == "differ"] == ["differ"]
    assert "1 more ratios: --all" in said
    assert "hash wins: HOLDS here, FAILS there" in said
    assert "1 ratios of the other file were not measured here" in said


def test_without_spins_a_comparison_tells_no_speed(document, there):
    there["noise"]["spin_ms"] = None

    assert "pure Python" not in compared(document, there)


@pytest.fixture
def there(document):
    return json.loads(json.dumps(document))


def compared(here, there):
    out = io.StringIO()
    print_comparison(here, there, Console(file=out, width=200))
    return out.getvalue()


def test_samples_can_be_written_for_pyperf(run, suite, fake_engine, tmp_path):
    pytest.importorskip("pyperf")

    code, _, _ = run(suite, "--pyperf", str(tmp_path / "pyperf.json"))

    assert code == 0
    assert json.loads((tmp_path / "pyperf.json").read_text("utf-8"))["benchmarks"]


class FakeServer:
    """A server with an address that is open or closed."""

    def __init__(self, log):
        self.url, self.log = "redis://127.0.0.1:1/0", log

    def __enter__(self):
        self.log.append("up")
        return self

    def __exit__(self, *_):
        self.log.append("down")


@pytest.fixture
def served():
    made = Suite("sample", __file__)
    made.comparison("lookup").add("remote", print, needs="redis")
    return made


@pytest.mark.parametrize("before", [None, "redis://elsewhere"])
def test_a_server_that_contenders_need_is_up_for_the_whole_run(served, monkeypatch, before):
    log = []
    monkeypatch.setattr(services, "redis", lambda: FakeServer(log), raising=False)
    monkeypatch.delenv("VELVET_REDIS_URL", raising=False)
    if before:
        monkeypatch.setenv("VELVET_REDIS_URL", before)

    with cli.servers_for(served, Options()):
        during = os.environ["VELVET_REDIS_URL"]

    assert (during, log) == ("redis://127.0.0.1:1/0", ["up", "down"])
    assert os.environ.get("VELVET_REDIS_URL") == before


def test_a_server_that_cannot_be_had_leaves_its_rows_to_say_so(served, monkeypatch):
    def none():
        raise services.ServiceUnavailable("redis", [("a wheel", "not installed")], "install it")

    monkeypatch.setattr(services, "redis", none, raising=False)
    monkeypatch.delenv("VELVET_REDIS_URL", raising=False)

    with cli.servers_for(served, Options()):
        assert "VELVET_REDIS_URL" not in os.environ


def test_a_server_of_a_comparison_that_does_not_run_stays_down(served, monkeypatch):
    monkeypatch.setattr(services, "redis", None, raising=False)
    monkeypatch.delenv("VELVET_REDIS_URL", raising=False)

    with cli.servers_for(served, Options(filter="other")):
        assert "VELVET_REDIS_URL" not in os.environ


def test_being_stopped_is_exit_code_130_and_writes_nothing(run, suite, fake_engine, monkeypatch):
    def stopped(self):
        signal.raise_signal(signal.SIGTERM)
        yield {"event": "never"}

    monkeypatch.setattr(fake_engine, "events", stopped)

    code, out, err = run(suite)

    assert (code, out, err) == (130, "", "stopped; nothing was written\n")
    assert not local_file(suite.file).exists()


WAITING = """
    import signal, socket, subprocess
    signal.signal(signal.SIGINT, signal.default_int_handler)
    work = suite.comparison("work", kind="{kind}")

    def wait():
        line = socket.create_connection(("127.0.0.1", {port}))
        line.set_inheritable(True)
        nap = "import time; time.sleep(600)"
        return lambda: subprocess.run([sys.executable, "-c", nap], close_fds=False) and line

    work.add("wait", wait)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are POSIX's")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("kind", ["micro", "run"])
def test_a_stopped_run_leaves_no_child_and_no_grandchild(measure_file, sent, kind):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        file = measure_file(WAITING.format(port=server.getsockname()[1], kind=kind))
        process = subprocess.Popen(
            [sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            line, _ = server.accept()
            process.send_signal(sent)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    with line:
        line.settimeout(60)
        end = last_word(line)

    assert (process.returncode, end) == (130, b"")
    assert err.endswith(b"stopped; nothing was written\n")
    assert not (Path(file).parent / "results").exists()


def last_word(line):
    """What whoever holds the line says before the last of them is gone."""
    try:
        return line.recv(1)
    except ConnectionResetError:
        return b""


def test_a_measure_file_runs_as_a_program(measure_file):
    file = measure_file(f"{VALUES}\n    {CLAIMS['fails']}")

    done = subprocess.run(
        [sys.executable, str(file), "--quick"], capture_output=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert b"FAILS it packs" in done.stdout
