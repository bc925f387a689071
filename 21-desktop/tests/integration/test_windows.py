"""Real windows on a screen of our own: one contract for every toolkit, pictures as evidence."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_desktop import bundles
from velvet_desktop.comparisons.outside import tab_order
from velvet_desktop.contenders import FOUR, load, missing
from velvet_desktop.core.theme import THEMES, rgb
from velvet_desktop.core.viewmodel import ACTIONS
from velvet_desktop.dashboard import shots
from velvet_desktop.display import SIZE, Screen, virtual_display
from velvet_desktop.errors import ChildFailed, NoDisplay
from velvet_desktop.windows import Window, why_not

Maker = Callable[..., Window]
MARK = (8, 8)
FIELDS = ("filter", "draft")
CONTROLS = (*FIELDS, *(action.label for action in ACTIONS), "table")
REACHED = {"qt": CONTROLS, "tk": CONTROLS, "kivy": FIELDS, "dearpygui": FIELDS}  # by Tab


def colour(screen: Screen) -> tuple[int, ...]:
    return tuple(reversed(screen.pixel(*MARK)))


def pressed(screen: Screen, window: Window, key: str, name: str, value: Any) -> dict[str, Any]:
    """Press a key and ask until the board has taken it."""
    screen.key(key)
    while (state := window.state())[name] != value:
        pass  # each answer is a turn of the window's loop; the test's limit ends it
    return state


@pytest.mark.timeout(240)
@pytest.mark.parametrize("toolkit", FOUR)
def test_a_view_keeps_the_contract(
    toolkit: str, window: Maker, screen: Screen, folder: Path
) -> None:
    child = window(toolkit, screen)
    light, dark = THEMES["light"], THEMES["dark"]
    screen.wait_for(*MARK, other_than=b"\0\0\0")
    state = child.state()
    while "…" in state["page"]:
        state = child.state()
    assert state["shown"][: len(state["page"])] == state["page"]
    first = screen.picture()

    screen.focus()
    order = tab_order(child, screen)
    assert sorted(order) == sorted(REACHED[toolkit])
    for name in order[1 : order.index("table") + 1] if "table" in order else ():
        pressed(screen, child, "Tab", "focus", name)
    child.ask("intent", name="select", arguments=[14])
    for row in (15, 16):  # one further than the page reaches
        state = pressed(screen, child, "Down", "selected", row)
    while not any(title.endswith(" 16") for title in state["shown"]):
        state = child.state()
    pressed(screen, child, "F9", "count", 299)
    pressed(screen, child, "F3", "count", 300)
    child.ask("intent", name="type_draft", arguments=["שלום 10,000 " + "x" * 9_000])
    pressed(screen, child, "F2", "count", 301)
    pressed(screen, child, "F3", "count", 300)
    before = screen.pixel(*MARK)
    pressed(screen, child, "F8", "mark", True)
    screen.wait_for(*MARK, other_than=before)
    assert colour(screen) == rgb(light.danger)
    before = screen.pixel(*MARK)
    pressed(screen, child, "F6", "theme", "dark")
    screen.wait_for(*MARK, other_than=before)
    assert colour(screen) == rgb(dark.danger)
    second = screen.picture()

    (folder / "rows.csv").write_text("title\n" + "row\n" * 30_000, encoding="utf-8")
    child.ask("intent", name="import_csv", arguments=[str(folder / "rows.csv")])
    while (state := child.state())["busy"]:
        pass
    assert state["count"] == 30_300
    assert child.close() == 0
    for picture, theme in ((first, light), (second, dark)):
        histogram = picture.convert("L").histogram()
        bright = sum(shade * count for shade, count in enumerate(histogram)) / sum(histogram) / 255
        assert (bright > 0.65) if theme is light else (bright < 0.35)
        assert len(picture.getcolors(1 << 20)) > 20
        assert picture.size == SIZE


@pytest.mark.timeout(60)
@pytest.mark.parametrize("toolkit", FOUR)
def test_a_draft_that_is_set_reaches_the_field_that_has_the_keyboard(
    toolkit: str, window: Maker, screen: Screen
) -> None:
    child = window(toolkit, screen)
    screen.focus()
    while [child.state()["focus"] for _ in range(20)][-1] != "draft":
        screen.key("Tab")

    child.ask("intent", name="type_draft", arguments=["kept"])

    assert [child.state()["draft"] for _ in range(20)] == ["kept"] * 20
    pressed(screen, child, "F2", "count", 301)


def test_qt_names_every_control_for_a_screen_reader(window: Maker, screen: Screen) -> None:
    child = window("qt", screen)
    controls = child.ask("accessible", "accessible")["controls"]

    assert sorted(name for _, name in controls) == sorted(CONTROLS)
    assert "accessibility" in load("qt").CAPABILITIES & load("pyqt6").CAPABILITIES
    assert "accessibility" not in load("tk").CAPABILITIES


@pytest.mark.timeout(180)
def test_the_clipboard_crosses_processes_and_toolkits(window: Maker, screen: Screen) -> None:
    giver, taker = window("tk", screen), window("qt", screen)
    giver.ask("clipboard", "clipboard", text="héllo 😀")

    assert taker.ask("clipboard", "clipboard")["text"] == "héllo 😀"


def refusal(toolkit: str, folder: Path) -> str:
    """Return why a toolkit shows no window without a screen; empty when it does all the same."""
    if reason := why_not(toolkit):
        return reason
    try:
        with Window(toolkit, folder) as window:
            window.wait_for("ready")
    except ChildFailed as error:
        return str(error)
    return ""


@pytest.mark.timeout(240)
def test_without_a_screen_every_toolkit_is_a_reason(folder: Path) -> None:
    for toolkit in FOUR:
        assert refusal(toolkit, folder) or toolkit == "kivy"  # SDL may draw off the screen


def test_a_window_that_nothing_draws_answers_like_the_others(window: Maker, folder: Path) -> None:
    child = window("headless")
    assert child.state()["count"] == 300
    with pytest.raises(ChildFailed, match="choose one of loop"):
        child.ask("work", "work", kind="dig", mode="ui", size=1)
    work = child.ask("work", "work", kind="loop", mode="process", size=10_000)
    assert work["s"] > 0

    assert child.close() == 0
    for _ in range(2):
        with pytest.raises(ChildFailed, match="ended with 0 before state") as ended:
            child.wait_for("state")
        assert ended.value.code == 0
    assert refusal("headless", folder) == ""


def test_a_window_that_is_silent_is_ended_with_its_last_words(folder: Path) -> None:
    argv = [sys.executable, "-c", "import sys, time; sys.stderr.write('busy'); time.sleep(600)"]
    with (
        Window("headless", folder, argv=argv, patience_s=1.0) as child,
        pytest.raises(ChildFailed, match="silent for 1 s, waited for ready"),
    ):
        child.wait_for("ready")


def test_greetings_on_standard_output_are_no_answers(folder: Path) -> None:
    code = "print('hello'); print('[1]'); print('{\"event\": \"ready\"}')"
    with Window("headless", folder, argv=[sys.executable, "-c", code]) as child:
        assert child.wait_for("ready") == {"event": "ready"}


def test_a_screen_that_cannot_be_had_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_desktop.display.problem", lambda: "Xvfb is missing")

    with pytest.raises(NoDisplay, match="Xvfb is missing"), virtual_display():
        pass


DAEMON = """
import json, sys
from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

with open_dbus_connection(bus="SESSION") as bus:
    bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.Notifications"))
    import subprocess
    sender = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
    while True:
        call = bus.receive(timeout=60)
        if call.header.fields.get(HeaderFields.member) == "Notify":
            bus.send(new_method_return(call, "u", (1,)))
            break
    print(json.dumps([call.body[3], call.body[4], sender.communicate()[0].decode().strip()]))
"""
SENDER = "from velvet_desktop.native import notify; print(notify('Import', '5 <b>rows</b>'))"


def test_a_notification_arrives_over_the_bus_as_text() -> None:
    if shutil.which("dbus-run-session") is None:
        pytest.skip("dbus-run-session is missing (apt install dbus)")
    if importlib.util.find_spec("jeepney") is None:
        pytest.skip("jeepney is missing (pip install jeepney)")
    argv = ["dbus-run-session", "--", sys.executable, "-c", DAEMON, SENDER]
    done = subprocess.run(argv, capture_output=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.decode().splitlines()[-1])
    assert told == ["Import", "5 &lt;b&gt;rows&lt;/b&gt;", "dbus"]


def test_a_bus_without_a_daemon_shows_nothing_and_says_banner() -> None:
    if shutil.which("dbus-run-session") is None:
        pytest.skip("dbus-run-session is missing (apt install dbus)")
    argv = ["dbus-run-session", "--", sys.executable, "-c", SENDER]
    done = subprocess.run(argv, capture_output=True, timeout=120, check=True)

    assert done.stdout.split() == [b"banner"]


def test_qt_orders_right_to_left_text() -> None:
    if reason := missing("qt"):
        pytest.skip(reason)
    code = (
        "from PySide6 import QtGui\napp = QtGui.QGuiApplication([])\n"
        "laid = QtGui.QTextLayout('\u05d0\u05d1'), QtGui.QTextLayout('ab')\nfor text in laid:\n"
        "    text.beginLayout()\n    line = text.createLine()\n    text.endLayout()\n"
        "    print(line.cursorToX(0)[0] > line.cursorToX(2)[0])"
    )
    argv = [sys.executable, "-c", code]
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(argv, capture_output=True, env=env, timeout=120, check=False)
    if b"ImportError" in done.stderr:
        pytest.skip(
            f"Qt lacks a library: {done.stderr.decode()[-200:]} (scripts/install-display.sh)"
        )

    assert "rtl" in load("qt").CAPABILITIES
    assert done.stdout.split() == [b"True", b"False"]


@pytest.mark.timeout(240)
def test_a_zipapp_is_built_weighed_and_started(tmp_path: Path, folder: Path) -> None:
    report, program = bundles.build("headless", "zipapp", tmp_path)
    started = bundles.start_ms(report, program, folder, os.environ.get("DISPLAY", ""))

    assert report.files == 1
    assert report.largest[0][0] == "board.pyz"
    assert 0.01 < report.mb < 1
    assert started > 0
    with pytest.raises(bundles.BundleError, match="does not start"):
        bundles.start_ms(report, [sys.executable, "-c", ""], folder, "")


PACKAGER = """
import pathlib, sys
place = pathlib.Path(sys.argv[1])
place.mkdir()
(place / "board").write_text("program")
(place / "library.so").write_bytes(bytes(1_000_000))
"""


@pytest.mark.parametrize(
    ("backend", "inside"), [("pyinstaller", "board"), ("nuitka", "start.dist")]
)
def test_what_a_packager_leaves_is_weighed_and_what_it_does_not_leave_is_an_error(
    backend: str, inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "why_not", lambda *_: "")
    monkeypatch.setattr("sys.platform", "linux")
    argv = [sys.executable, "-c", PACKAGER, str(tmp_path / inside)]
    monkeypatch.setattr(bundles, "command", lambda *_: argv)

    report, program = bundles.build("headless", backend, tmp_path)

    assert program == [str(tmp_path / inside / "board")]
    assert (report.files, report.largest[0]) == (2, ("library.so", 1.0))
    assert "headless" in (tmp_path / "start.py").read_text(encoding="utf-8")
    with pytest.raises(bundles.BundleError, match=f"{backend} ended with 1"):
        bundles.build("headless", backend, tmp_path)


def test_the_sheet_of_pictures_needs_a_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("velvet_desktop.display.problem", lambda: "Xvfb is missing (apt)")

    assert shots.main([str(tmp_path / "sheet.png")]) == 3
    assert "Xvfb is missing" in capsys.readouterr().err
