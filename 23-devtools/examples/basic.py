"""Basic examples: what a log line costs, an editor set up and checked, commits to a changelog."""

from __future__ import annotations

import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_devtools import bump, commits
from velvet_devtools.ide import jsonc, pycharm, vscode
from velvet_devtools.samples.log_styles import STYLES, nanoseconds


@example("log_or_print")
def log_or_print() -> None:
    """Time six ways to write a line that is mostly not wanted, in nanoseconds a call.

    The level is WARNING, so four of the six write nothing. What they cost all the same is the
    text: an f-string is made before the logger is asked.
    """
    print(f"{'style':18} {'ns a call':>9}")
    costs = {name: nanoseconds(style) for name, style in STYLES.items()}
    for name, cost in costs.items():
        print(f"{name:18} {cost:9,.0f}")
    costlier = costs["disabled f-string"] / costs["disabled lazy"]
    handled = costs["enabled lazy"] / costs["disabled lazy"]
    print(f"a line that is written costs {handled:.0f} times one that is only asked for")
    print(f"an f-string that is never read costs {costlier:.0f} times its lazy form")


@example("editor_in_one_command")
def editor_in_one_command() -> None:
    """Generate the settings of VS Code and PyCharm, check them, and plant two mistakes.

    A key that an editor no longer knows is ignored without a word, so the check is a program.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "tests").mkdir()
        (root / ".venv").mkdir()
        (root / "main.py").write_text("print(42)\n", encoding="utf-8")
        (root / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n", encoding="utf-8")
        project = vscode.look_at(root)
        vscode.write(root, vscode.generate(project) | pycharm.generate(project))
        files = sorted(
            one.relative_to(root).as_posix() for one in root.rglob("*.*") if one.is_file()
        )
        print("\n".join(name for name in files if name[0] == "."))
        print(f"{len(vscode.validate(root) + pycharm.validate(root))} problems")
        settings = root / ".vscode" / "settings.json"
        text = settings.read_text(encoding="utf-8")
        text = jsonc.edit(text, ["[python]", "editor.defaultFormatter"], "charliermarsh.ruff")
        text = jsonc.edit(text, ["python.linting.pylintEnabled"], True)
        settings.write_text(text, encoding="utf-8")
        for one in vscode.validate(root):
            print(f"{one.key}:\n    {one.why}")


@example("commit_to_changelog")
def commit_to_changelog() -> None:
    """Read thirty commits of a temporary repository, and say the next version and its changelog."""
    kinds = ("feat(cart)", "fix(api)", "docs", "fix", "chore", "refactor")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bump.git(root, "init", "--quiet")
        for number in range(29):
            head = f"{kinds[number % 6]}: change number {number}"
            bump.git(root, "commit", "--quiet", "--allow-empty", "-m", head)
        last = "feat(api)!: totals are decimals\n\nBREAKING CHANGE: floats are refused"
        bump.git(root, "commit", "--quiet", "--allow-empty", "-m", last)
        log = bump.git(root, "log", "--format=%B%x00", "--reverse")
    found = [commits.parse(text.strip("\n")) for text in log.split("\0") if text.strip()]
    version = commits.next_version("1.4.2", found)
    print(f"{len(found)} commits, 1.4.2 -> {version}")
    lines = commits.section(version, "2026-01-31", found).splitlines()
    print("\n".join(lines[:7]))
    print(f"... {len(lines) - 7} more lines")


if __name__ == "__main__":
    main()
