"""VS Code's four files, generated from a project, and then checked as if they came from outside.

Settings rot silently: an editor ignores a key that it no longer knows. `validate` compares every
key with a dated list of what the tools document, every path with the disk, every task with what can
be run, and the formatter with pyproject.toml. `run_launch` starts an entry under debugpy, because
an entry that was never started is a guess.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from velvet_devtools import process
from velvet_devtools.debug import dap
from velvet_devtools.errors import DevtoolsError, JsoncError
from velvet_devtools.ide import jsonc

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMATTERS = {"ruff": "charliermarsh.ruff", "black": "ms-python.black-formatter"}
KNOWN = Path(__file__).parents[1] / "samples" / "editor_settings.json"


class Problem(NamedTuple):
    """Something in a file of settings that will not do what it says."""

    file: str
    key: str
    why: str


class Project(NamedTuple):
    """What of a project the settings depend on: its formatter, its tests, what can be started."""

    formatter: str
    line_length: int
    tests: str
    scripts: tuple[str, ...]


@lru_cache(maxsize=1)
def known() -> Mapping[str, Any]:
    """Return the dated list of documented keys."""
    found: Mapping[str, Any] = json.loads(KNOWN.read_text(encoding="utf-8"))
    return found


def look_at(root: Path) -> Project:
    """Read what settings need; DevtoolsError where pyproject.toml cannot be read."""
    file = root / "pyproject.toml"
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        tools = tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DevtoolsError(f"pyproject.toml cannot be read: {error}") from None
    formatter = "black" if "black" in tools else "ruff"
    length = tools.get(formatter, {}).get("line-length", 88)
    tests = next((name for name in ("tests", "test") if (root / name).is_dir()), "")
    main_ = ("main.py", "app.py", "cli.py", "manage.py")
    return Project(formatter, length, tests, tuple(n for n in main_ if (root / n).is_file()))


def generate(project: Project) -> dict[str, str]:
    """Return file name -> text, relative to the project: settings, launch entries, tasks, more."""
    formatter = FORMATTERS[project.formatter]
    settings: dict[str, Any] = {
        "python.defaultInterpreterPath": "${workspaceFolder}/.venv",
        "python.testing.pytestEnabled": bool(project.tests),
        "python.testing.pytestArgs": [project.tests] if project.tests else [],
        "editor.rulers": [project.line_length],
        "files.exclude": {"**/__pycache__": True, "**/.pytest_cache": True},
        "[python]": {
            "editor.defaultFormatter": formatter,
            "editor.formatOnSave": True,
            "editor.codeActionsOnSave": {"source.organizeImports": "explicit"},
        },
    }
    common = {"type": "debugpy", "console": "internalConsole", "justMyCode": True}
    entries: list[dict[str, Any]] = [
        {"name": f"Run {name}", "request": "launch", "program": f"${{workspaceFolder}}/{name}"}
        for name in project.scripts
    ]
    if project.tests:
        words = [project.tests, "-x", "-q"]
        entries.append({"name": "Tests", "request": "launch", "module": "pytest", "args": words})
    entries = [one | common for one in entries]
    connect = {"host": "127.0.0.1", "port": 5678}
    entries.append({"name": "Attach", "type": "debugpy", "request": "attach", "connect": connect})
    shape = ["black", "."] if project.formatter == "black" else ["ruff", "format", "."]
    tasks = [
        {"label": " ".join(words), "type": "process", "command": words[0], "args": words[1:]}
        for words in (["ruff", "check", "."], shape)
    ]
    wanted = ["ms-python.python", "ms-python.debugpy", "charliermarsh.ruff"]
    files: dict[str, Any] = {
        "settings.json": settings,
        "launch.json": {"version": "0.2.0", "configurations": entries},
        "tasks.json": {"version": "2.0.0", "tasks": tasks},
        "extensions.json": {"recommendations": sorted({*wanted, formatter})},
    }
    return {f".vscode/{name}": json.dumps(text, indent=4) + "\n" for name, text in files.items()}


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write generated files; one of VS Code that is there keeps its comments and other keys."""
    for name, text in files.items():
        place, merged = root / name, text
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix == ".json" and place.is_file():
            merged = place.read_text(encoding="utf-8")
            for key, value in json.loads(text).items():
                merged = jsonc.edit(merged, [key], value)
        place.write_text(merged, encoding="utf-8", newline="\n")


def validate(root: Path) -> list[Problem]:
    """Return what is wrong in a project's `.vscode`, empty when nothing is."""
    found: list[Problem] = []
    read: dict[str, Any] = {}
    for file in sorted((root / ".vscode").glob("*.json")):
        try:
            read[file.name] = dict(jsonc.loads(file.read_text(encoding="utf-8")))
        except (JsoncError, TypeError, ValueError) as error:
            found.append(Problem(file.name, "", f"no object of settings: {error}"))
    found += _settings(root, read.get("settings.json", {}))
    for entry in read.get("launch.json", {}).get("configurations", []):
        found += _launch(root, entry)
    for task in read.get("tasks.json", {}).get("tasks", []):
        command = str(task.get("command", ""))
        if process.find(command) is None:
            found.append(Problem("tasks.json", command, "no such command can be run here"))
    return found


def _settings(root: Path, settings: Mapping[str, Any], scope: str = "") -> Iterator[Problem]:
    for key, value in settings.items():
        where = f"{scope}{key}"
        if key.startswith("[") and isinstance(value, dict):
            yield from _settings(root, value, f"{key}.")
        elif key in known()["removed"]:
            yield Problem("settings.json", where, f"removed; now {known()['removed'][key]}")
        elif key not in known()["settings"]:
            yield Problem("settings.json", where, f"not documented as of {known()['as_of']}")
        elif key in ("python.defaultInterpreterPath", "python.envFile"):
            yield from _path(root, "settings.json", where, str(value))
    python = settings.get("[python]", {})
    chosen = python.get("editor.defaultFormatter") or settings.get("editor.defaultFormatter")
    if scope or not chosen:
        return
    wanted = FORMATTERS[look_at(root).formatter]
    if chosen != wanted:
        why = f"pyproject.toml names {wanted}: files flip at every save"
        yield Problem("settings.json", "editor.defaultFormatter", why)
    fixes = "source.fixAll.ruff" in python.get("editor.codeActionsOnSave", {})
    if fixes and chosen == FORMATTERS["black"] and settings.get("ruff.lint.select"):
        why = "ruff and black both write on save"
        yield Problem("settings.json", "editor.codeActionsOnSave", why)


def _launch(root: Path, entry: Mapping[str, Any]) -> Iterator[Problem]:
    name, request = str(entry.get("name", "")), entry.get("request")
    allowed = known()["launch"]
    if request not in ("launch", "attach"):
        yield Problem("launch.json", name, f"request is launch or attach, not {request!r}")
        return
    if entry.get("type") != "debugpy":
        yield Problem("launch.json", name, f"type {entry.get('type')!r} is not debugpy")
    for key in entry:
        if key not in (*allowed[request], *allowed["always"]):
            yield Problem("launch.json", f"{name}: {key}", f"no attribute of {request}")
    for key in ("program", "cwd", "envFile"):
        if key in entry:
            yield from _path(root, "launch.json", f"{name}: {key}", str(entry[key]))
    if request == "launch" and not {"program", "module"} & set(entry):
        yield Problem("launch.json", name, "it names neither a program nor a module")


def _path(root: Path, file: str, key: str, value: str) -> Iterator[Problem]:
    if not Path(_filled(root, value)).exists():
        yield Problem(file, key, f"{value} is not there")


def _filled(root: Path, text: str) -> str:
    return text.replace("${workspaceFolder}", str(root))


@contextmanager
def run_launch(root: Path, name: str) -> Iterator[tuple[dap.Target, dap.DapSession]]:
    """Start a launch entry as the editor would; ValueError when there is none of that name."""
    content = jsonc.loads((root / ".vscode" / "launch.json").read_text(encoding="utf-8"))
    entries = {one["name"]: one for one in content["configurations"] if one["request"] == "launch"}
    if name not in entries:
        raise ValueError(f"there is no launch entry {name!r}; there are {', '.join(entries)}")
    entry = entries[name]
    words = ["-m", entry["module"]] if "module" in entry else [_filled(root, entry["program"])]
    words += [_filled(root, str(word)) for word in entry.get("args", [])]
    with dap.target(words, cwd=root) as target, dap.DapSession(target.port) as session:
        yield target, session
