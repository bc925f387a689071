"""Basic examples: one view model in every toolkit, a timer of two properties, undo for everything."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from velvet.examples import example, main
from velvet_desktop.contenders import FOUR, load
from velvet_desktop.core.model import TaskStore, seed
from velvet_desktop.core.observable import Computed, Property
from velvet_desktop.core.undo import Command, UndoStack
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.windows import why_not


@example("hello_four")
def hello_four() -> None:
    """Show one board in the view that needs no screen, and which of the four could show it here."""
    with tempfile.TemporaryDirectory() as folder:
        store = TaskStore(Path(folder) / "board.db")
        seed(store, 1_000)
        store.close()
        board = Board(Path(folder), inline=True)
        view = load("headless").open_view(board)
        view.after(50, view.close)
        view.run()
        print(f"headless shows {len(view.shown())} of {board.rows.count:,} rows:")
        for title in view.shown()[:3]:
            print(f"  {title}")
        board.close()
    for name in FOUR:
        print(f"{name:10} {why_not(name) or 'can be driven here on a screen of its own'}")
    print("why: a view binds properties to widgets and keys to intents, and holds no logic")
    print("next: python -m velvet_desktop --toolkit tk (on a desktop)")


@example("timer_7guis")
def timer_7guis() -> None:
    """Run the timer of 7GUIs: two properties, one that follows both, and a bar that draws it."""
    elapsed = Property(0.0, name="elapsed")
    duration = Property(0.2, name="duration")
    share = Computed(lambda: min(1.0, elapsed.value / duration.value), elapsed, duration)
    drawn: list[str] = []

    def draw(value: float) -> None:
        drawn.append("#" * int(value * 20))

    share.changed.connect(draw)
    begun = time.perf_counter()
    while share.value < 0.5:
        elapsed.value = time.perf_counter() - begun
        time.sleep(0.005)
    print(f"half way: [{drawn[-1]:20}]")
    duration.value = elapsed.value  # the slider is moved to the left
    print(f"the slider moved: [{drawn[-1]:20}] {share.value:.0%}")
    before = len(drawn)
    duration.value = elapsed.value
    print(f"set to what it was: {len(drawn) - before} drawings")
    print("why: a property speaks only when its value is another one")


@example("undo_everything")
def undo_everything() -> None:
    """Type, edit in bulk, take back, do again: what is one step, and when a document is clean."""
    now = [0.0]
    text, stack = ["draft"], UndoStack(clock=lambda: now[0])

    def edit(new: str, key: str = "") -> Command:
        old = text[0]
        return Command(
            f"write {new!r}",
            lambda: text.__setitem__(0, new),
            lambda: text.__setitem__(0, old),
            key,
        )

    for letter in "!?.":
        now[0] += 0.1
        stack.push(edit(text[0] + letter, key="typing"))
    print(f"three letters are {len(stack)} step: {text[0]}")
    stack.mark_clean()
    with stack.macro("replace all"):
        for word in ("first", "second"):
            stack.push(edit(word))
    print(f"a macro of two is one more: {len(stack)} steps, clean: {stack.is_clean}")
    print(f"undo: {stack.undo()} -> {text[0]}, clean: {stack.is_clean}")
    print(f"undo: {stack.undo()} -> {text[0]}")
    print(f"redo: {stack.redo()} -> {text[0]}")
    print("why: a command keeps what it changed, not a copy of the document")


if __name__ == "__main__":
    main()
