"""Pictures of every view that starts here, light and dark, on one sheet: what the README shows.

`python -m velvet_desktop.dashboard.shots SHEET.png` needs the virtual screen of `display`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from velvet_desktop.contenders import FOUR
from velvet_desktop.core.model import TaskStore, seed
from velvet_desktop.display import SIZE, Screen, virtual_display
from velvet_desktop.errors import NoDisplay
from velvet_desktop.windows import Window, why_not

THEMES = ("light", "dark")
TASKS = 1_000_000
SCALE = 0.6


def photograph(screen: Screen, folder: Path, path: Path) -> list[str]:
    """Write the sheet; returns the toolkits that are on it."""
    from PIL import Image

    names = [name for name in FOUR if not why_not(name)]
    width, height = (round(part * SCALE) for part in SIZE)
    sheet = Image.new("RGB", (width * len(THEMES), height * len(names)), "white")
    for row, name in enumerate(names):
        with Window(name, folder, screen.name) as window:
            window.wait_for("ready")
            window.ask("work", "work", kind="sort", mode="thread", size=300_000)
            for column, theme in enumerate(THEMES):
                before = screen.pixel(8, 8)
                window.ask("intent", name="set_theme", arguments=[theme])
                if column:
                    screen.wait_for(8, 8, other_than=before)
                window.ask("work", "work", kind="sleep", mode="thread", size=1_500)
                picture = screen.picture().resize((width, height), Image.Resampling.LANCZOS)
                sheet.paste(picture, (column * width, row * height))
    sheet.quantize(128).save(path, optimize=True)
    return names


def main(argv: list[str]) -> int:
    """Run as a program."""
    try:
        with virtual_display() as screen, tempfile.TemporaryDirectory() as folder:
            store = TaskStore(Path(folder) / "board.db")
            seed(store, TASKS)
            store.close()
            names = photograph(screen, Path(folder), Path(argv[0]))
    except NoDisplay as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 3
    print(f"{argv[0]}: {', '.join(names)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
