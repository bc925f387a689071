"""Real debuggers, crashed children, runners, and the command: each as a user starts it."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from velvet_devtools import __main__ as command
from velvet_devtools import process, profiling, sessions
from velvet_devtools.debug import dap, postmortem
from velvet_devtools.debug.dap import Breakpoint, DapSession
from velvet_devtools.debug.hooks import CHOICES, breakpoints, logpoints, source_line
from velvet_devtools.errors import DapError, DevtoolsError
from velvet_devtools.ide import vscode

LOOP = """\
import time

def step(n):
    double = n * 2
    return double

n = 0
while n < 100000:
    n += 1
    step(n)
    time.sleep(0.002)
"""


def test_attach_to_a_running_program_stop_look_step_and_leave(tmp_path: Path) -> None:
    script = tmp_path / "lo op.py"
    script.write_text(LOOP, encoding="utf-8")
    line = source_line(script, "return double")

    with dap.target([str(script)], wait=False) as target:
        with DapSession(target.port) as session:
            session.attach({script: [Breakpoint(line, condition="n % 5 == 0")]})
            assert session.wait_stopped() == "breakpoint"
            seen = session.variables()
            assert int(seen["double"]) == 2 * int(seen["n"])
            assert session.evaluate("n % 5") == "0"
            assert session.stack()[0]["name"] == "step"
            with pytest.raises(DapError, match=r"refused|NameError"):
                session.request("evaluate", {"expression": "n", "frameId": 10**6})
            assert session.step() == "step"
            assert session.set_breakpoints(script, []) == []
            session.go_on()
        assert target.child.poll() is None
    with pytest.raises(DapError, match="nothing answers"):
        DapSession(dap.free_port(), wait_s=0.2)


def test_an_exception_stops_and_a_dying_target_is_an_error(tmp_path: Path) -> None:
    script = tmp_path / "loop.py"
    code = "def share(n):\n    return 1 // (7 - n)\n\nfor n in range(9):\n    share(n)\n"
    script.write_text(code, encoding="utf-8")

    with dap.target([str(script)]) as target, DapSession(target.port) as session:
        session.attach({}, exceptions=["uncaught"])
        assert session.wait_stopped() == "exception"
        assert session.variables()["n"] == "7"
        target.child.kill()
        with pytest.raises(DapError):
            session.wait_for("stopped")


def test_a_logpoint_writes_and_does_not_stop(tmp_path: Path) -> None:
    script = tmp_path / "loop.py"
    script.write_text(LOOP.replace("100000", "3"), encoding="utf-8")
    line = source_line(script, "return double")

    with dap.target([str(script)]) as target, DapSession(target.port) as session:
        session.attach({script: [Breakpoint(line, log="n is {n}")]})
        told = ""
        while "n is" not in told:  # the adapter tells of itself first
            told = session.wait_for("output")["output"]
        assert told == "n is 1\n"


def test_every_generated_launch_entry_starts(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "main.py").write_text("value = 41\nvalue += 1\nprint(value)\n", encoding="utf-8")
    (tmp_path / "tests" / "test_a.py").write_text("def test_a():\n    assert 1\n", encoding="utf-8")
    vscode.write(tmp_path / ".vscode", vscode.generate(vscode.look_at(tmp_path)))

    with vscode.run_launch(tmp_path, "Run main.py") as (_, session):
        session.attach({tmp_path / "main.py": [Breakpoint(3)]})
        session.wait_stopped()
        assert session.variables()["value"] == "42"
    with vscode.run_launch(tmp_path, "Tests") as (_, session):
        session.attach({tmp_path / "tests" / "test_a.py": [Breakpoint(2)]})
        assert session.wait_stopped() == "breakpoint"
        assert session.stack()[0]["name"] == "test_a"
    with (
        pytest.raises(ValueError, match="there are Run main"),
        vscode.run_launch(tmp_path, "Attach"),
    ):
        pass


@pytest.fixture
def speaks(request: pytest.FixtureRequest) -> Iterator[int]:
    """Listen, send what the test asks for to whoever connects, and close."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(request.param)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("speaks", "words"),
    [
        (b"HTTP/1.1 400 Bad\r\n\r\n", "without Content-Length"),
        (b"Content-Length: -5\r\n\r\n", "without Content-Length"),
        (b"Content-Length: 52428800\r\n\r\n{", "52,428,800 bytes"),
        (b"Content-Length: 5\r\n\r\nhello", "no DAP message"), (b"Content-Length: 2\r\n\r\n{}", "no DAP message"),
        (b"Content-Length: 16\r\n\r\n" + b'{"type":"event"}', "no DAP message"),
        (b"x" * 5000, "without an end"), (b"Content-Length: 99\r\n\r\n{", "closed the connection"),
    ],
    indirect=["speaks"],
    ids=list("abcdefgh"),
)  # fmt: skip
def test_a_broken_adapter_is_one_error(speaks: int, words: str) -> None:
    session = DapSession(speaks)

    with pytest.raises(DapError, match=words):
        session.request("initialize")
    with pytest.raises(DapError):
        session.request("threads")
    session.__exit__()


def test_only_this_machine_and_only_known_steps() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        DapSession(1, host="example.org")
    with pytest.raises(ValueError, match="next, stepIn or stepOut"):
        DapSession.step(object(), "back")  # type: ignore[arg-type]


def test_silence_is_an_error_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        session = DapSession(listener.getsockname()[1], wait_s=0.1)
        with pytest.raises(DapError, match=r"no answer within 0\.1 s"):
            session.request("initialize")
        session.close()


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Client:
    def __init__(self) -> None:
        self.token = "s3cr3t-token-value"
        self.name = "ada"


def crash(password: str, depth: int = 0) -> None:
    client = Client()
    url = f"https://{password}@localhost"
    if depth:
        crash(password, depth - 1)
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError(f"cannot log in with {password} at {url}") from error
    print(client)


def dumped(**options: Any) -> postmortem.Dump:
    try:
        crash("hunter22", **options)
    except ValueError as error:
        return postmortem.capture(error)
    raise AssertionError


def test_a_dump_tells_all_but_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "crash.json"
    dumped().save(file)
    text = file.read_text(encoding="utf-8")

    assert "hunter22" not in text
    assert "s3cr3t" not in text
    dump = postmortem.Dump.load(file)
    explorer = postmortem.Explorer(dump)
    assert dump.causes == ("KeyError: 'key'",)
    assert explorer.do("p password") == postmortem.HIDDEN
    assert "Client(token='<hidden>', name='ada')" in explorer.do("a")
    assert explorer.do("p url") == "'https://<hidden>@localhost'"
    assert "> " in explorer.do("l").replace(">", "> ")
    assert "no 'x'" in explorer.do("p x")
    assert explorer.do("up").startswith("0: dumped")
    assert explorer.do("down").startswith("1: crash")
    assert explorer.do("w") == explorer.do("d")
    assert explorer.do("jump").startswith("commands:")


def test_a_deep_recursion_keeps_both_ends() -> None:
    assert len(dumped(depth=200).frames) == postmortem.MAX_FRAMES


def test_an_exception_without_a_text_is_dumped() -> None:
    with pytest.raises(Broken) as caught:
        raise Broken

    assert postmortem.capture(caught.value).message == "<its text cannot be made>"


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"version": 9}', '{"version": 1, "frames": [{}]}', "[" * 99999]
)
def test_what_is_no_dump_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(DevtoolsError, match=r"dump|version"):
        postmortem.Dump.load(file)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_a_program_and_a_loop_write_dumps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = (tmp_path / f"{n}.json" for n in "123")
    with postmortem.installed(one):
        thread = threading.Thread(target=crash, args=("hunter22",))
        thread.start()
        thread.join()
    with postmortem.installed(two):
        try:
            crash("hunter22")
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(postmortem.loop_handler(three))
        loop.call_exception_handler({"message": "x", "exception": ValueError("lost")})
        loop.call_exception_handler({"message": "no exception"})

    asyncio.run(main())

    assert postmortem.Dump.load(one).thread != "MainThread"
    assert postmortem.Dump.load(two).error == "ValueError"
    assert postmortem.Dump.load(three).message == "lost"
    assert "ValueError" in capsys.readouterr().err


def test_a_watchdog_writes_the_stacks_and_the_program_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "stacks.txt"
    with postmortem.watchdog(0.05, file):
        until = time.monotonic() + 20
        while not file.stat().st_size and time.monotonic() < until:
            sum(range(1000))

    assert "test_a_watchdog" in file.read_text(encoding="utf-8")
    assert faulthandler.is_enabled()
    with pytest.raises(ValueError, match="positive"), postmortem.watchdog(0, file):
        pass


def test_a_hanging_process_is_read_from_outside() -> None:
    if process.find("py-spy") is None:
        pytest.skip("py-spy is optional: pip install py-spy")
    child = subprocess.Popen([sys.executable, "-c", "def hang():\n while 1: pass\nhang()"])
    try:
        until = time.monotonic() + 20
        shown = ""
        while "hang" not in shown and time.monotonic() < until:
            try:
                shown = postmortem.hang_report(child.pid)
            except DevtoolsError as error:
                if "ermission" in str(error) or "root" in str(error):
                    pytest.skip(f"py-spy may not look here: {error}; run the tests as root")
    finally:
        child.kill()
        child.wait()
    assert "hang" in shown
    with pytest.raises(DevtoolsError, match="py-spy"):
        postmortem.hang_report(child.pid)


def test_a_segmentation_fault_leaves_the_stack() -> None:
    code = "import faulthandler\ndef deep():\n    faulthandler._sigsegv()\nfaulthandler.enable()\ndeep()"

    done = process.run([sys.executable, "-c", code], timeout_s=30)

    assert done.exit_code != 0
    assert "in deep" in done.stderr


def slow(n: int) -> int:
    until = time.perf_counter() + n / 1000
    total = 0
    while time.perf_counter() < until:
        total += sum(range(50))
    return total


@pytest.mark.parametrize("name", ["cprofile", "sampler", "pyinstrument"])
def test_a_profiler_sees_the_function_that_takes_the_time(name: str) -> None:
    before, after = (
        [profiling.run(name, lambda ms=ms: slow(ms)) for _ in "ab"] for ms in (30, 240)
    )

    place = next(key for key in after[0].own if key.endswith(":slow"))
    assert place in dict(after[0].top(3))
    found = {one.function: one for one in profiling.compare(before, after)}
    assert found[place].after > found[place].before
    shape = json.loads(after[0].to_speedscope())
    (profile,) = shape["profiles"]
    assert len(profile["samples"]) == len(profile["weights"])
    assert (name == "cprofile") == (not profile["samples"])
    assert all(
        place < len(shape["shared"]["frames"]) for one in profile["samples"] for place in one
    )


def test_tracemalloc_names_the_line_and_one_run_has_no_range() -> None:
    profile = profiling.run("tracemalloc", lambda: [bytes(1000) for _ in range(100)])

    assert profile.unit == "bytes"
    assert profile.top(1)[0][1] > 90_000
    with pytest.raises(ValueError, match="at least two runs"):
        profiling.compare([profile], [profile])
    assert "sampler" in profiling.profilers()


@pytest.mark.parametrize("runner", sessions.FILES)
def test_a_runner_starts_the_check_and_reports_its_failure(runner: str, tmp_path: Path) -> None:
    if runner != "script" and process.find(runner) is None:
        pytest.skip(f"{runner} is optional: pip install -r requirements-peers.txt")
    marker = tmp_path / "ran"
    script = tmp_path / "check.py"
    script.write_text(f"import sys; open(r'{marker}', 'w'); sys.exit(len(sys.argv) - 1)", "utf-8")
    python = sys.executable

    assert sessions.start(runner, tmp_path, [python, str(script)]) > 0
    assert marker.exists()
    with pytest.raises(RuntimeError, match="ended with"):
        sessions.start(runner, tmp_path, [python, str(script), "x"])


def test_an_unknown_runner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="runners are script, nox"):
        sessions.prepare("make", tmp_path, ["x"])


def test_breakpoint_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setenv("PYTHONBREAKPOINT", "pdb.set_trace")
    with breakpoints("off"):
        breakpoint()
    with logpoints("n is {n}; {gone}", lines.append):
        n = 3
        breakpoint()
    assert n == 3
    assert "KeyError" in lines[0]
    with pytest.raises(ValueError, match="off, pdb, debugpy"), breakpoints("x"):
        pass
    assert set(CHOICES) == {"off", "pdb", "debugpy"}
    with pytest.raises(ValueError, match="0 lines"):
        source_line(Path(__file__), "no such " + "line here")


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (["health", "{root}", "--least", "101"], 1, "of 100"), (["health", "{root}"], 0, "FAIL"),
        (["lint", "ruff", "{root}"], 0, ""), (["lint", "ruff", "{bad}"], 1, "syntax"),
        (["ide", "{root}", "--write"], 1, "defaultInterpreterPath"), (["docs", "{root}"], 0, ""),
        (["mod", "defaults", "{code}", "--check"], 1, ": 1"), (["mod", "rename:f:g", "{code}"], 0, ": 1"),
        (["mod", "defaults", "{bad}"], 1, "line 1"), (["nav", "__version__", "{root}"], 0, "variable"),
        (["nav", "nothing", "{root}"], 1, ""), (["audit", "{req}", "{root}"], 2, "not audited"),
        (["trace", "{crash}", "--dump", "{dump}"], 1, "ZeroDivisionError"), (["trace", "{code}"], 0, ""),
    ],
)  # fmt: skip
def test_the_command(
    words: list[str], code: int, output: str, repository: Path, tmp_path: Path
) -> None:
    places = {"root": repository, "dump": tmp_path / "dump.json"}
    for name, text in (
        ("bad", "def (:\n"), ("code", "def f(a=[]):\n    return a\n"), ("crash", "1 / 0\n"), ("req", "a\n"),
    ):  # fmt: skip
        places[name] = tmp_path / f"{name}.py"
        places[name].write_text(text, encoding="utf-8")

    done = CliRunner().invoke(command.app, [word.format(**places) for word in words])

    assert (done.exit_code, output in done.output) == (code, True), done.output
    if places["dump"].exists():
        walked = CliRunner().invoke(command.app, ["postmortem", str(places["dump"])], input="up\n")
        assert walked.output.count("crash.py:1") == 1


def test_a_mistake_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["velvet-dev", "mod", "magic"])

    with pytest.raises(SystemExit) as caught:
        command.main()

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("codemods are utcnow")
    assert psutil.Process().children() == []
