"""Themes, charts, settings, desktop files, command line: the parts around the board."""

from __future__ import annotations

import json
import plistlib
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from velvet_desktop import __main__ as program
from velvet_desktop import bundles, contenders, display, native
from velvet_desktop.contenders import headless
from velvet_desktop.core import chart, theme, work
from velvet_desktop.core.settings import Draft, Settings, replace_file
from velvet_desktop.dashboard import tasks
from velvet_desktop.errors import BundleError, DesktopError, UnknownToolkit
from velvet_desktop.qtmodel import binding

_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


def read_desktop(text: str) -> dict[str, str]:
    """Read a desktop entry strictly; values without their escapes.

    Raises:
        ValueError: a line, an escape or a field code that the specification does not allow.
    """
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    if not lines or lines[0] != "[Desktop Entry]":
        raise ValueError("a desktop entry begins with [Desktop Entry]")
    found: dict[str, str] = {}
    for line in lines[1:]:
        key, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9-]+", key) or key in found:
            raise ValueError(f"not a key with a value, or twice: {line!r}")
        if bad := re.search(r"\\([^sntr\\]|\Z)", value.replace(r"\\", "")):
            raise ValueError(f"unknown escape {bad.group()!r} in {key}")
        found[key] = re.sub(r"\\(.)", lambda it: _ESCAPES[it.group(1)], value)
    codes = re.findall(r"%(.)", found.get("Exec", "").replace("%%", ""))
    if len(codes) > 1 or set(codes) - set("fFuU"):
        raise ValueError(f"Exec has the field codes {codes}: at most one of f, F, u, U")
    return found


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.478), ("#123456", "#123456", 1.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert theme.contrast(one, other) == theme.contrast(other, one) == ratio


def test_every_theme_passes_its_audit_and_a_pale_one_does_not() -> None:
    assert [theme.audit(one) for one in theme.THEMES.values()] == [[], [], []]
    pale = theme.Theme("pale", *["#ffffff"] * 2, *["#cccccc"] * 2, *["#eeeeee"] * 4)

    assert "pale: text on surface is 1.61:1, needs 4.5:1" in theme.audit(pale)
    assert theme.THEMES["dark"].accent in theme.to_qss(theme.THEMES["dark"])
    assert theme.rgba("#ff0000") == (1.0, 0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="#rrggbb"):
        theme.rgb("red")


def test_a_ring_keeps_the_newest_in_order() -> None:
    ring = chart.RingBuffer(3)
    assert ring.values().tolist() == []
    for number in range(5):
        ring.append(number)

    assert (ring.values().tolist(), len(ring)) == ([2.0, 3.0, 4.0], 3)
    with pytest.raises(ValueError, match="at least 1"):
        chart.RingBuffer(0)


@pytest.mark.parametrize("name", sorted(chart.METHODS))
def test_a_spike_survives_all_but_stride(name: str) -> None:
    x, y, place = chart.spiky(20_000)
    kept = chart.METHODS[name](x, y, 500)

    assert bool(6.0 in kept[1]) is (name != "stride")
    assert (kept[0][0], kept[0][-1]) == (0, 19_999)
    assert len(kept[0]) <= 502
    assert 0 <= chart.error(x, y, kept) < 0.2
    assert y[place] == 6.0
    assert chart.METHODS[name](x[:10], y[:10], 20)[0].tolist() == x[:10].tolist()


def test_a_gap_stays_a_gap_and_a_flat_line_has_no_error() -> None:
    x, y, _ = chart.spiky(3_000)
    y[1_000:1_400] = np.nan

    for method in (chart.lttb, chart.minmax):
        assert np.isnan(method(x, y, 30)[1]).any()
    y[1_000:1_400], y[77] = 0.0, np.nan
    assert np.isnan(chart.lttb(x, y, 30)[1]).any()
    assert np.isnan(chart.minmax(x, y, 30)[1]).any()
    assert chart.error(x, np.ones(3_000), (x, np.ones(3_000))) == 0


@pytest.mark.parametrize(
    ("x", "y", "n", "why"),
    [
        ([1.0, 2.0], [1.0, 2.0], 2, "n is 2"),
        ([2.0, 1.0, 3.0], [1.0, 2.0, 3.0], 3, "not sorted"),
        ([1.0, float("nan"), 3.0], [1.0, 2.0, 3.0], 3, "not sorted"),
        ([1.0, 2.0, 3.0], [1.0], 3, "belong together"),
    ],
)
def test_a_line_that_cannot_be_thinned_is_refused(x: Any, y: Any, n: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        chart.lttb(np.array(x), np.array(y), n)


def test_settings_come_back_and_the_recent_files_are_few(tmp_path: Path) -> None:
    settings = Settings("dark")
    for number in range(10):
        settings.opened(f"{number}.csv")
    settings.opened("5.csv")
    settings.save(tmp_path / "settings.json")

    again = Settings.load(tmp_path / "settings.json")
    assert again == settings == Settings("dark", settings.recent, "a warning is no setting")
    assert (again.recent[0], len(again.recent)) == ("5.csv", 8)


def test_settings_of_an_older_version_are_migrated(tmp_path: Path) -> None:
    old = {"schema": 1, "dark": True}
    (tmp_path / "s.json").write_text(json.dumps(old), encoding="utf-8")

    assert Settings.load(tmp_path / "s.json").theme == "dark"


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"schema": 99}', '{"schema": 2}', "\x00"),
        "[" * 100_000,
        '{"schema": 2, "theme": "pink"}',
        '{"schema": 2, "theme": []}',
        '{"schema": 2, "theme": "dark", "recent": 5}',
    ],
    ids=range(11),
)
def test_settings_that_cannot_be_read_are_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")

    settings = Settings.load(path)

    assert settings == Settings()
    assert "kept as settings.json.bad" in settings.warning
    assert (path.with_name("settings.json.bad").read_text("utf-8"), path.exists()) == (text, False)


def test_a_draft_is_recovered_until_it_is_stored(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "draft.json")
    draft.keep("half a sen")
    assert Draft(tmp_path / "draft.json").recovered() == "half a sen"
    draft.keep("")
    assert draft.recovered() == ""
    (tmp_path / "draft.json").write_text('["half"]', encoding="utf-8")
    assert draft.recovered() == ""


def test_a_file_that_cannot_be_replaced_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="folder"):
        replace_file(tmp_path / "folder", "text")

    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_file_type_is_described_for_three_systems() -> None:
    files = native.associate(
        "org.velvet.board", "Velvet\nboard", "vboard", Path('/opt/my "apps"/100% $HOME')
    )
    entry = read_desktop(files["org.velvet.board.desktop"])

    assert entry["Name"] == "Velvet\nboard"
    assert entry["Exec"] == r'"/opt/my \"apps\"/100%% \$HOME" %f'
    assert entry["MimeType"] == "application/x-vboard;"
    about = plistlib.loads(files["Info.plist"].encode())
    assert about["CFBundleDocumentTypes"][0]["CFBundleTypeExtensions"] == ["vboard"]
    assert 'glob pattern="*.vboard"' in files["org.velvet.board.xml"]
    assert files["org.velvet.board.reg"].count("HKEY_CURRENT_USER") == 2


@pytest.mark.parametrize(
    ("identity", "extension", "why"),
    [
        ("org.velvet.board", "../x", "bad extension"),
        ("org.velvet.board", "a b", "bad extension"),
        ("org.velvet.board", "txt\n", "bad extension"),
        ("board", "txt", "bad identity"),
        ("org..x", "txt", "bad identity"),
    ],
)
def test_a_part_that_is_not_plain_is_refused(identity: str, extension: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        native.associate(identity, "Board", extension, Path("/opt/board"))
    with pytest.raises(ValueError, match="bad program"):
        native.associate("org.velvet.board", "Board", "txt", Path("/opt/board\r\n[HKEY_X]"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "begins with"),
        ("[Desktop Entry]\nName", "not a key"),
        ("[Desktop Entry]\nName=a\nName=b", "twice"),
        ("[Desktop Entry]\nName=a\\q", "unknown escape"),
        ("[Desktop Entry]\nExec=x %f %u", "at most one"),
    ],
)
def test_a_wrong_desktop_entry_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_desktop(text)


def test_without_a_bus_a_notification_is_a_banner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert native.notify("done", "all") == "banner"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    assert native.notify("done", "all", platform="linux") == "banner"


@pytest.mark.parametrize("kind", sorted(work.KINDS))
def test_work_of_a_kind_has_a_size_for_a_time(kind: str) -> None:
    size = work.sized(kind, 0.01, start=200)

    assert size > 0
    assert isinstance(work.KINDS[kind](work.Silent(), min(size, 20_000)), int)


def test_a_text_of_one_letter_does_not_match() -> None:
    assert work.regex(work.Silent(), 9) == 0


def test_unknown_names_list_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one of loop, sort"):
        work.sized("dig", 1)
    with pytest.raises(UnknownToolkit, match="dearpygui, headless, kivy"):
        contenders.load("gtk")
    with pytest.raises(ValueError, match="choose one of pyinstaller"):
        bundles.why_not("tk", "cxfreeze")


def test_a_missing_toolkit_is_a_reason_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert contenders.missing("headless") == ""
    assert tasks.version("headless") == ""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert contenders.missing("kivy") == "kivy is not installed (pip install kivy)"
    assert "python3-tk" in contenders.missing("tk")
    assert bundles.why_not("kivy", "zipapp").startswith("kivy is not installed")
    monkeypatch.setattr(contenders.load("kivy"), "PACKAGE", "no-such-distribution")
    assert tasks.version("kivy") == ""


@pytest.mark.parametrize(("wanted", "there"), [("PySide6", "PyQt6"), ("PyQt6", "PySide6")])
def test_the_bindings_of_qt_never_meet_in_one_process(
    wanted: str, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, there, ModuleType(there))

    with pytest.raises(
        DesktopError, match=f"^{there} is in this process: start {wanted} in one of"
    ):
        binding(wanted)


@pytest.mark.parametrize("backend", ["pyinstaller", "nuitka"])
def test_a_packager_that_is_missing_is_named(
    backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name != "time" else 1)
    with pytest.raises(BundleError, match=f"pip install {backend}"):
        bundles.build("headless", backend, tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: 1)
    monkeypatch.setattr("shutil.which", lambda name, path: None)
    assert ("patchelf" in bundles.why_not("headless", backend)) is (backend == "nuitka")
    argv = bundles.command("qt", backend, tmp_path / "start.py", tmp_path)
    assert argv[-1] == str(tmp_path / "start.py")
    plugins = [
        view
        for view in ("qt", "tk")
        if "tk-inter" in str(bundles.command(view, backend, tmp_path, tmp_path))
    ]
    assert plugins == (["tk"] if backend == "nuitka" else [])
    if backend == "pyinstaller":
        source = Path(argv[argv.index("--paths") + 1])
        assert (source / "velvet_desktop" / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("platform", "program", "package", "why"),
    [
        ("win32", "x", 1, "Linux only"),
        ("linux", None, 1, "apt install xvfb"),
        ("linux", "x", None, "pip install python-xlib"),
        ("linux", "x", 1, ""),
    ],
)
def test_a_screen_that_cannot_be_had_says_why(
    platform: str, program: Any, package: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: program)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: package)

    problem = display.problem(platform)

    assert (why in problem) if why else problem == ""


def test_a_library_that_qt_would_abort_without_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "QT_LIBRARIES", ("libno-such.so.0",))
    assert "misses libno-such.so.0 (sh scripts" in display.qt_problem()

    monkeypatch.setattr(display, "QT_LIBRARIES", ())
    assert display.qt_problem() == ""


def test_a_screen_that_does_not_answer_is_no_display_and_no_abort(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":7177")
    asked = ["--toolkit", "tk", "--folder", str(tmp_path / "board")]
    monkeypatch.setattr(contenders.load("tk"), "MODULE", "time")  # there, also where Tk is not

    monkeypatch.setattr(contenders.load("tk"), "open_view", lambda board: 1 // 0)
    assert program.main(asked) == program.EXIT_NO_DISPLAY
    said = capsys.readouterr().err
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert program.main(asked) == program.EXIT_NO_DISPLAY

    assert said.startswith(("no screen answers at DISPLAY=:7177", "tk shows no window here"))
    assert capsys.readouterr().err.startswith("tk shows no window here: integer division")


@pytest.mark.parametrize(("opened", "why"), [(1, ""), (None, "no screen answers at DISPLAY=:1")])
def test_x11_is_asked_whether_a_screen_answers(
    opened: int | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Any] = []
    x11 = SimpleNamespace(XOpenDisplay=lambda name: opened, XCloseDisplay=closed.append)
    monkeypatch.setattr(display.ctypes, "CDLL", lambda name: x11)

    assert display.unreachable(":1").startswith(why)
    assert len(closed) == (opened is not None)
    monkeypatch.setattr(display, "ctypes", SimpleNamespace(CDLL=missing_library))
    assert display.unreachable(":1") == ""


def missing_library(name: str) -> None:
    raise OSError(name)


def test_the_command_lists_refuses_and_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = {0, program.EXIT_FAILED, program.EXIT_WRONG_USE, program.EXIT_NO_DISPLAY}
    assert len(codes) == 4
    assert program.main(["--list"]) == 0
    assert "headless        installed" in capsys.readouterr().out

    def closed_at_once(board: Any) -> Any:
        view = headless.HeadlessView(board)
        view.after(1, view.close)
        return view

    monkeypatch.setattr(contenders.load("headless"), "open_view", closed_at_once)
    here = ["--toolkit", "headless", "--folder", str(tmp_path / "new")]
    assert program.main([*here, "--theme", "dark"]) == 0
    assert Settings.load(tmp_path / "new" / "settings.json").theme == "dark"
    assert program.main([*here, "--theme", "pink"]) == program.EXIT_WRONG_USE
    assert program.main(["--toolkit", "gtk"]) == program.EXIT_WRONG_USE
    assert "choose one of" in capsys.readouterr().err
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "board.db").write_text("no database " * 100, encoding="utf-8")
    for place, why in (("bad", "is not a board"), ("bad/board.db", "exists")):
        asked = ["--toolkit", "headless", "--folder", str(tmp_path / place)]
        assert program.main(asked) == program.EXIT_FAILED
        assert why in capsys.readouterr().err
    assert not (tmp_path / "bad" / "instance.json").exists()
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert program.main(["--folder", str(tmp_path)]) == program.EXIT_NO_DISPLAY
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert program.main(["--toolkit", "kivy"]) == program.EXIT_NO_DISPLAY
    assert "pip install kivy" in capsys.readouterr().err
