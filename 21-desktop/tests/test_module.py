"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "hello_four": (r"^headless shows 16 of 1,000 rows:$", "^tk +", "^dearpygui +"),
        "timer_7guis": (
            r"^half way: \[#{10,}",
            r"^the slider moved: \[#{20}\] 100%$",
            "^set to what it was: 0 drawings$",
        ),
        "undo_everything": (
            r"^three letters are 1 step: draft!\?\.$",
            "^a macro of two is one more: 2 steps, clean: False$",
            r"^undo: replace all -> draft!\?\., clean: True$",
            "^undo: write .* -> draft$",
        ),
        "freeze_meter": (r"^loop  ui +\d+ ms  #+$", r"^sort  process +\d+ ms  #+$"),
        "million_rows": (r"^    1,000 .* 1,000 +8$", r"^1,000,000 .* 4,096 "),
        "theme_audit": (
            "^light .* violations 0$",
            "^high_contrast .* violations 0$",
            "^  pale: muted on surface is",
        ),
        "live_chart": (
            r"^stride .* lost$",
            r"^minmax .* kept$",
            r"^lttb .* kept$",
            "^the ring holds the newest 1,000 of 5,000 in order: True$",
        ),
        "native_touches": (
            r"^second start opens: False; the first was told \[\['week.vboard'\]\]$",
            r"^Linux:   Exec=\"/opt/board\" %f",
            "^refused: bad extension '../x'",
            "^notification by: (dbus|banner)$",
        ),
        "crash_safe": (
            "^after the restart: 1,000 rows, draft 'half a sen'$",
            "^the half import is gone and the window says it: True$",
        ),
        "four_windows": (r"^tk +(painted [\d.]+ s, dark by a key: True|.*missing|.*Linux|.*no )",),
        "ship_it": (r"^zipapp: 1 file, \d+ kB, first answer \d+ ms$", "^pyinstaller: "),
    }
