"""Advanced examples: what a desktop expects, a kill in the middle of an import, a program to ship."""

from __future__ import annotations

import plistlib
import tempfile
import time
from pathlib import Path

from velvet.examples import example, main
from velvet_desktop import bundles, native
from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore, seed
from velvet_desktop.core.settings import SingleInstance
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.errors import ChildFailed
from velvet_desktop.windows import Window, virtual_display, why_not


@example("native_touches")
def native_touches() -> None:
    """Start a second time, describe a file type for three systems, show a notification or a banner."""
    with tempfile.TemporaryDirectory() as folder:
        told: list[list[str]] = []
        first = SingleInstance(Path(folder) / "instance.json", told.append)
        print(f"first start opens: {first.claim([])}")
        second = SingleInstance(Path(folder) / "instance.json", told.append)
        print(f"second start opens: {second.claim(['week.vboard'])}; the first was told {told}")
        first.close()
    files = native.associate("org.velvet.board", "Velvet board", "vboard", Path("/opt/board"))
    entry = native.read_desktop(files["org.velvet.board.desktop"])
    about = plistlib.loads(files["Info.plist"].encode())
    print(f"Linux:   Exec={entry['Exec']}, MimeType={entry['MimeType']}")
    print(f"macOS:   {about['CFBundleDocumentTypes'][0]['CFBundleTypeExtensions']}")
    print(f"Windows: {files['org.velvet.board.reg'].count('HKEY_CURRENT_USER')} keys")
    try:
        native.associate("org.velvet.board", "Velvet board", "../x", Path("/opt/board"))
    except ValueError as error:
        print(f"refused: {error}")
    print(f"notification by: {native.notify('Import', '5 rows came')}")


@example("crash_safe")
def crash_safe() -> None:
    """End a window with kill -9 in the middle of an import and of a sentence; lose neither."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        store = TaskStore(folder / "board.db")
        seed(store, 1_000)
        (folder / "rows.csv").write_text("title\n" + "row\n" * 200_000, encoding="utf-8")
        with Window("headless", folder) as window:
            window.wait_for("ready")
            window.ask("intent", name="type_draft", arguments=["half a sen"])
            window.ask("import", path=str(folder / "rows.csv"))
            while not (rows := window.state()["progress"]):
                pass
            window.kill()
        print(f"killed when at least {min(rows, 5_000):,} of 200,000 rows were in")
        store.close()
        board = Board(folder, inline=True)
        print(f"after the restart: {board.rows.count:,} rows, draft {board.draft.value!r}")
        whole = "unfinished import were removed" in board.status_line.value
        print(f"the half import is gone and the window says it: {whole}")
        board.close()
    print("why: rows carry the number of their import; only a finished one counts")


@example("four_windows")
def four_windows() -> None:
    """Start the board in each toolkit on a virtual screen and wait for its first painted frame."""
    if not any(not why_not(name) for name in FOUR):
        for name in FOUR:
            print(f"{name:10} {why_not(name)}")
        return
    with virtual_display() as screen, tempfile.TemporaryDirectory() as folder:
        for name in ("tk", "qt"):
            if reason := why_not(name):
                print(f"{name:10} {reason}")
                continue
            blank, begun = screen.pixel(8, 8), time.monotonic()
            try:
                with Window(name, Path(folder), screen.name) as window:
                    painted = screen.wait_for(8, 8, other_than=blank) - begun
                    window.wait_for("ready")
                    screen.focus()
                    screen.key("F6")
                    while window.state()["theme"] == "light":
                        pass
                    colours = len(screen.picture().getcolors(1 << 20))
                    print(f"{name:10} painted {painted:.2f} s, dark by a key: {colours > 20}")
            except ChildFailed as error:
                print(f"{name:10} {error}")
    print("next: velvet bench 21 --filter window (all six rows)")


@example("ship_it")
def ship_it() -> None:
    """Pack the board into one file, start what was packed, and say what a frozen one would need."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "board").mkdir()
        report, program = bundles.build("headless", "zipapp", folder)
        started = bundles.start_ms(report, program, folder / "board", "")
        print(
            f"zipapp: {report.files} file, {report.mb * 1e3:.0f} kB, first answer {started:.0f} ms"
        )
    for backend in ("pyinstaller", "nuitka"):
        print(
            f"{backend}: {bundles.why_not('tk', backend) or 'ready (tens of MB, no Python needed)'}"
        )
    print("next: velvet bench 21 --filter bundle (minutes)")


if __name__ == "__main__":
    main()
