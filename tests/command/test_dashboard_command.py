"""`velvet dashboard`: a free port, a server that answers, and nothing left when it ends."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from velvet import catalog
from velvet.commands import dashboard
from velvet.errors import UsageError, VelvetError
from velvet.services.ladder import free_port, listening

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWERS = (
    "import socket, sys, threading\n"
    "door = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "threading.Event().wait()\n"
)
SILENT = "import threading; threading.Event().wait()"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which a server listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


@pytest.fixture
def in_place_of_streamlit(monkeypatch):
    """Start a few lines of Python in place of Streamlit; returns the processes."""
    begun: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def use(code: str) -> list[subprocess.Popen[bytes]]:
        def start(argv: list[str], **options: Any) -> subprocess.Popen[bytes]:
            port = argv[argv.index("--server.port") + 1]
            begun.append(real([sys.executable, "-c", code, port], **options))
            return begun[-1]

        monkeypatch.setattr(subprocess, "Popen", start)
        return begun

    yield use
    for process in begun:
        process.kill()
        process.wait()


def test_a_port_in_use_is_refused_with_the_way_out(velvet, taken):
    result = velvet("dashboard", "--port", str(taken))

    assert result.exit_code == 2
    assert f"port {taken} is in use; choose another with --port" in result.output


def test_a_port_that_does_not_exist_is_refused(velvet):
    result = velvet("dashboard", "--port", "70000")

    assert result.exit_code == 2
    assert "70000" in result.output


def test_a_free_port_of_ones_own_is_taken():
    port = free_port()

    assert dashboard.choose_port(port) == port


def test_the_first_free_port_of_the_usual_range_is_taken(monkeypatch):
    monkeypatch.setattr(dashboard, "listening", lambda host, port, timeout: port != 8503)

    assert dashboard.choose_port(None) == 8503


def test_any_free_port_is_taken_when_the_usual_range_is_full(monkeypatch):
    monkeypatch.setattr(dashboard, "listening", lambda host, port, timeout: True)

    monkeypatch.setattr(dashboard, "free_port", lambda: 54321)

    assert dashboard.choose_port(None) == 54321


def test_without_a_module_the_page_is_the_hub():
    assert dashboard.page(None).name == "hub.py"


def test_a_modules_page_is_its_app(paper):
    folder = paper.module()

    assert dashboard.page(catalog.find("30")) == folder / "app.py"


def test_a_module_without_a_page_is_named(velvet, paper):
    paper.module(whole=False)

    result = velvet("dashboard", "30")

    assert result.exit_code == 2
    assert "30-tiny has no app.py" in result.output


def test_without_streamlit_the_command_that_installs_it_is_named(velvet, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    result = velvet("dashboard")

    assert result.exit_code == 1
    assert 'pip install "streamlit>=1.55" plotly' in result.output


def test_a_server_that_answers_is_handed_over(tmp_path, in_place_of_streamlit):
    in_place_of_streamlit(ANSWERS)
    port = free_port()

    process = dashboard.serve(tmp_path / "app.py", port, headless=True)

    assert process.poll() is None
    assert listening("127.0.0.1", port)


def test_a_server_that_ends_at_once_is_reported_with_its_exit_code(tmp_path, in_place_of_streamlit):
    in_place_of_streamlit("raise SystemExit(3)")

    with pytest.raises(VelvetError, match="ended at once with exit code 3"):
        dashboard.serve(tmp_path / "app.py", free_port(), headless=True)


def test_a_server_that_never_answers_is_given_up_and_ended(
    tmp_path, monkeypatch, in_place_of_streamlit
):
    begun = in_place_of_streamlit(SILENT)
    monkeypatch.setattr(dashboard, "START_SECONDS", 0.2)

    with pytest.raises(VelvetError, match=r"did not answer within 0\.2 s"):
        dashboard.serve(tmp_path / "app.py", free_port(), headless=True)

    assert begun[0].returncode is not None


def test_ctrl_c_while_the_server_starts_ends_it(tmp_path, monkeypatch, in_place_of_streamlit):
    begun = in_place_of_streamlit(SILENT)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dashboard.time, "sleep", interrupted)

    with pytest.raises(KeyboardInterrupt):
        dashboard.serve(tmp_path / "app.py", free_port(), headless=True)

    assert begun[0].returncode is not None


class Served:
    """A dashboard that is interrupted, or ends by itself."""

    def __init__(self, *, interrupted: bool) -> None:
        self.interrupted = interrupted
        self.running = True
        self.terminated = False

    def wait(self) -> int:
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        self.running = False
        return 0

    def poll(self) -> int | None:
        return None if self.running else 0

    def terminate(self) -> None:
        self.terminated = True


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_dashboard_shows_its_address_and_is_ended_when_interrupted(
    velvet, monkeypatch, interrupted
):
    served = Served(interrupted=interrupted)
    asked: list[tuple[str, bool]] = []

    def serve(script: Path, port: int, *, headless: bool) -> Served:
        asked.append((script.name, headless))
        return served

    monkeypatch.setattr(dashboard, "serve", serve)
    port = free_port()

    result = velvet("dashboard", "--headless", "--port", str(port))

    assert result.exit_code == 0
    assert f"dashboard: http://127.0.0.1:{port}" in result.output
    assert asked == [("hub.py", True)]
    assert served.terminated is interrupted
    assert ("dashboard ended" in result.output) is interrupted


def test_a_modules_own_page_is_served(velvet, paper, monkeypatch):
    folder = paper.module()
    asked: list[Path] = []

    def serve(script: Path, port: int, *, headless: bool) -> Served:
        asked.append(script)
        return Served(interrupted=False)

    monkeypatch.setattr(dashboard, "serve", serve)

    velvet("dashboard", "tiny")

    assert asked == [folder / "app.py"]


@pytest.mark.parametrize(
    ("platform", "variables", "headless"),
    [
        ("linux", {}, True),
        ("linux", {"DISPLAY": ":0"}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, False),
        ("linux", {"DISPLAY": ":0", "CI": "true"}, True),
        ("win32", {}, False),
        ("darwin", {}, False),
    ],
)
def test_no_browser_is_opened_where_none_could_be_seen(monkeypatch, platform, variables, headless):
    for name in ("CI", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)

    assert dashboard.headless_here() is headless


@pytest.mark.slow
def test_the_hub_really_answers_on_a_free_port_and_is_ended():
    port = free_port()  # 8501 and the next are free for a neighbour, too
    process = dashboard.serve(dashboard.page(None), port, headless=True)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            page = answer.read().decode()
    finally:
        process.terminate()
        process.wait()

    assert "<title>Streamlit</title>" in page
    assert not listening("127.0.0.1", port)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to be caught")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "sigint"])
def test_a_signal_to_the_command_ends_its_server_too(number):
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"this test run ignores {number.name}, and so would its children")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "velvet", "dashboard", "--headless", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline()
    servers = psutil.Process(process.pid).children()

    process.send_signal(number)
    process.wait(timeout=60)
    process.stdout.close()

    gone, alive = psutil.wait_procs(servers, timeout=5)
    for server in alive:
        server.kill()
    assert f"http://127.0.0.1:{port}" in address
    assert len(gone) == 1
    assert alive == []


def test_the_port_of_a_refused_dashboard_is_left_to_its_owner(taken):
    with pytest.raises(UsageError):
        dashboard.choose_port(taken)

    assert listening("127.0.0.1", taken)


def test_recording_and_pictures_need_a_module(velvet):
    result = velvet("dashboard", "--record")

    assert result.exit_code == 2
    assert "need a module" in result.output


def test_a_page_that_is_not_built_on_the_kit_cannot_be_recorded(velvet, paper):
    paper.module()

    result = velvet("dashboard", "30", "--record")

    assert result.exit_code == 2
    assert "30-tiny has no page of the kit" in result.output


def test_recorded_runs_are_written_with_the_controls_defaults(velvet, paper, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "ui" / "demo"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "ui" / "demo"))
    import demo_tasks

    from velvet.ui import kit, runs

    folder = paper.module()
    path = folder / "recorded" / "count.jsonl"
    path.parent.mkdir()
    monkeypatch.setattr(kit.Job, "recorded_path", path)
    job = kit.Job(demo_tasks.count, recorded="count.jsonl")
    tab = kit.Tab("Count", question="?", draw=lambda seen: None, job=job)
    page = kit.Page("30-tiny", tabs=(tab,))
    monkeypatch.setitem(sys.modules, "velvet_tiny.dashboard", SimpleNamespace(PAGE=page))

    result = velvet("dashboard", "30", "--record")

    run = runs.read(path)
    assert result.exit_code == 0, result.output
    assert "wrote 30-tiny/recorded/count.jsonl" in result.output
    assert len(run.events) == 6
    assert run.whose.startswith("reference machine: ")


def test_pictures_are_taken_from_the_served_page(velvet, paper, monkeypatch):
    from velvet.ui import pictures

    folder = paper.module()
    served = Served(interrupted=False)
    monkeypatch.setattr(dashboard, "serve", lambda script, port, headless: served)
    monkeypatch.setattr(pictures, "take", lambda module, url: iter([folder / "pictures" / "a.png"]))

    result = velvet("dashboard", "30", "--pictures")

    assert result.exit_code == 0
    assert "wrote 30-tiny/pictures/a.png" in result.output
    assert served.terminated
