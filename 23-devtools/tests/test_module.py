"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "log_or_print": (r"^disabled lazy +\d", r"costs [1-9]\d* times its lazy form"),
        "editor_in_one_command": ("^0 problems$", "files flip at every save", "removed; now"),
        "commit_to_changelog": (r"^30 commits, 1\.4\.2 -> 2\.0\.0$", r"\*\*Breaking:\*\* \*\*api"),
        "defect_hunt": (r"^ruff:pyflakes +\d", r"best pair: \S+ with \S+ finds [3-6]\d of 72"),
        "post_mortem": ("ended with 1: OSError: refused", "password = <hidden>", "the file: False"),
        "attach_live": ("^stopped: breakpoint$", "twice n: True", "the program runs: True"),
        "codemod_three_ways": (r"^regex +(\d+) of +\1 ", r"^libcst +(\d+) of +\1 +0 wrong"),
        "time_travel": (r"item = Item\(number=7313, price=nan\)", "two accounts part at step"),
        "profile_regression": (r"advanced\.py:total .*certain", r"counts \d+,\d+ calls"),
        "repo_health": (r"a bad repository: [0-3]?\d of 100", r"-10 secrets: .*x7Kq\.\.\.$"),
        "release_dry_run": (r"0\.4\.0 -> 0\.5\.0", "tree as before: True; tags: \\[\\]", "v0.5.0"),
    }  # fmt: skip
