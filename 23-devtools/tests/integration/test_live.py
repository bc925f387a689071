"""Real debuggers, crashed children, runners, and the command: each as a user starts it."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet_devtools import process
from velvet_devtools.debug import dap, postmortem
from velvet_devtools.debug.dap import Breakpoint, DapSession, source_line
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


def test_a_target_waits_for_its_client_unless_it_is_told_not_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(process, "start", lambda argv, *_, **__: started.append(argv))
    monkeypatch.setattr(process, "end", lambda _: None)

    with dap.target(["a.py"]), dap.target(["a.py"], wait=False):
        assert ["--wait-for-client" in argv for argv in started] == [True, False]


def test_attach_to_a_running_program_stop_look_step_and_leave(tmp_path: Path) -> None:
    script = tmp_path / "lo op.py"
    script.write_text(LOOP, encoding="utf-8")
    line = source_line(script, "return double")
    assert line == 5

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
            session.set_breakpoints(script, [Breakpoint(line)])
            session.go_on()
            assert session.wait_stopped() == "breakpoint"
            assert int(session.variables()["n"]) == int(seen["n"]) + 1
            session.set_breakpoints(script, [])
            session.go_on()
        assert target.child.poll() is None
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        DapSession(silent.getsockname()[1], wait_s=0.1) as session,
        pytest.raises(DapError, match=r"no answer within 0\.1 s"),
    ):
        session.request("initialize")
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


def test_every_generated_launch_entry_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each plugin is read under a tracer
    (tmp_path / "tests").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "main.py").write_text("value = 41\nvalue += 1\nprint(value)\n", encoding="utf-8")
    (tmp_path / "tests" / "test_a.py").write_text("def test_a():\n    assert 1\n", encoding="utf-8")
    vscode.write(tmp_path, vscode.generate(vscode.look_at(tmp_path)))

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


def _framed(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def test_a_client_that_is_turned_away_comes_back_and_forgets_the_first_farewell() -> None:
    asked: list[str] = []

    def adapter(listener: socket.socket) -> None:
        first, _ = listener.accept()
        with first:
            first.recv(4096)
            first.sendall(_framed({"type": "event", "event": "terminated"}))
        second, _ = listener.accept()
        with second, second.makefile("rb") as requests:
            while "configurationDone" not in asked:
                length = int(requests.readline().split()[1])
                requests.readline()
                one = json.loads(requests.read(length))
                asked.append(one["command"])
                answer = {"type": "response", "request_seq": one["seq"], "success": True}
                second.sendall(_framed(answer))
                if asked[-1] == "attach":
                    second.sendall(_framed({"type": "event", "event": "initialized"}))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=adapter, args=(listener,))
        thread.start()
        session = DapSession(listener.getsockname()[1])
        session.attach({})
        session._socket.close()
        thread.join()

    assert asked == ["initialize", "attach", "setExceptionBreakpoints", "configurationDone"]


def test_a_breakpoint_needs_one_line_of_its_text() -> None:
    with pytest.raises(ValueError, match="0 lines"):
        source_line(Path(__file__), "no such " + "line here")


def test_silence_is_an_error_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        session = DapSession(listener.getsockname()[1], wait_s=0.1)
        with pytest.raises(DapError, match=r"no answer within 0\.1 s"):
            session.request("initialize")
        session._socket.close()


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
    assert "Client(token=<hidden>, name='ada')" in explorer.do("a")
    assert explorer.do("p url") == "'https://<hidden>@localhost'"
    assert "> " in explorer.do("l").replace(">", "> ")
    assert "no 'x'" in explorer.do("p x")
    assert explorer.do("up").startswith("0: dumped")
    assert explorer.do("down").startswith("1: crash")
    assert explorer.do("w") == explorer.do("d")
    assert explorer.do("jump").startswith("commands:")


def test_a_secret_is_hidden_however_deep_it_lies(tmp_path: Path) -> None:
    try:
        users = [{"name": "ada", "password": "".join(("hunt", "er33"))}, Client()]
        api_key = "".join(("by", "tes9")).encode()
        raise ValueError("x" * 495 + api_key.decode())
    except ValueError as error:
        dump = postmortem.capture(error)
    dump.save(tmp_path / "crash.json")
    text = (tmp_path / "crash.json").read_text(encoding="utf-8")

    assert users
    assert "'name': 'ada', 'password': <hidden>" in dump.frames[0].variables["users"]
    assert [one for one in ("hunter33", "s3cr3t", "xby") if one in text] == []


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
def test_a_thread_and_a_program_write_dumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crash.json"
    for hooks in (sys, threading):
        monkeypatch.setattr(hooks, "excepthook", hooks.excepthook)  # put back afterwards
    postmortem.install(file)

    thread = threading.Thread(target=crash, args=("hunter22",))
    thread.start()
    thread.join()
    assert postmortem.Dump.load(file).thread != "MainThread"

    try:
        crash("hunter22")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert postmortem.Dump.load(file).thread == "MainThread"
    assert "ValueError" in capsys.readouterr().err


def test_a_segmentation_fault_leaves_the_stack() -> None:
    code = "import faulthandler\ndef deep():\n    faulthandler._sigsegv()\nfaulthandler.enable()\ndeep()"

    done = process.run([sys.executable, "-c", code], timeout_s=30)

    assert done.exit_code != 0
    assert "in deep" in done.stderr
