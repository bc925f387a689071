"""The workflow is valid, cannot hide a failure, and says nothing that a reader cannot run.

A workflow is code that runs only elsewhere. These tests find its typing errors here: the
schema, every program and file that a `run:` line names, and the choice of modules.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from velvet.catalog import everything

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
SCRIPT = ROOT / ".github" / "scripts" / "changed_modules.py"
TEXT = WORKFLOW.read_text(encoding="utf-8")
MODULES = sorted(path.parent.name for path in ROOT.glob("[0-9][0-9]-*/requirements.txt"))
SYSTEMS = ["ubuntu-latest", "windows-latest", "macos-latest"]
PYTHONS = ["3.10", "3.11", "3.12"]
MAX_CELLS = 256  # of one matrix, GitHub's own limit
# Come with every bash, on Windows with the one that Git brings.
BASH_TOOLS = {"grep"}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def load_workflow() -> dict[str, Any]:
    # YAML 1.2, as GitHub reads it: `on` is a word there, not a boolean.
    document: dict[str, Any] = YAML(typ="safe").load(TEXT)
    return document


CI = load_workflow()
JOBS: dict[str, dict[str, Any]] = CI["jobs"]


@dataclass(frozen=True)
class Command:
    """One program of one `run:` line, with the folder in which it starts."""

    job: str
    folder: str
    line: str

    @property
    def argv(self) -> list[str]:
        return shlex.split(self.line)


def commands() -> Iterator[Command]:
    for name, job in JOBS.items():
        inherited = job.get("defaults", {}).get("run", {}).get("working-directory", ".")
        for step in job["steps"]:
            folder = step.get("working-directory", inherited)
            for line in step.get("run", "").splitlines():
                yield from expanded(name, folder, line)


def expanded(job: str, folder: str, line: str) -> Iterator[Command]:
    """Put every existing module into the place of the matrix's expression."""
    for module in MODULES if "matrix.module" in folder + line else [""]:
        place = filled(folder, module)
        for part in filled(line, module).split(" | "):
            yield Command(job, place, part)


def filled(text: str, module: str) -> str:
    values = {
        "matrix.module": module,
        "matrix.folder": ".",
        "matrix.dependencies.resolution": "highest",
    }
    return EXPRESSION.sub(lambda match: values[match.group(1)], text)


COMMANDS = sorted(set(commands()), key=lambda command: (command.job, command.line, command.folder))


def ids(command: Command) -> str:
    return f"{command.job}: {command.line}"


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in JOBS.items():
        for step in job["steps"]:
            yield name, step


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


# --- the file itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_the_workflow_matches_the_schema(schema: str) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(WORKFLOW)]

    result = subprocess.run(
        argv, check=False, capture_output=True, text=True, encoding="utf-8", timeout=60
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_token_may_only_read_the_repository() -> None:
    assert CI["permissions"] == {"contents": "read"}
    assert not [name for name, job in JOBS.items() if "permissions" in job]
    assert "secrets." not in TEXT


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout")]

    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_newer_run_cancels_the_older_one() -> None:
    assert CI["concurrency"]["cancel-in-progress"] is True
    assert "github.ref" in CI["concurrency"]["group"]


def test_it_runs_for_pushes_pull_requests_and_every_week() -> None:
    assert set(CI["on"]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    (entry,) = CI["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", entry["cron"])


def test_no_failure_is_excused() -> None:
    assert "continue-on-error" not in set(keys(CI))
    for command in COMMANDS:
        assert "||" not in command.line, command
        assert "--exit-zero" not in command.line, command


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    uses = [line.strip() for line in TEXT.splitlines() if re.match(r"\s*-?\s*uses:", line)]

    assert uses
    for line in uses:
        assert re.fullmatch(r"-?\s*uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for _, step in steps():
        if "uses" in step:
            action, _, commit = step["uses"].partition("@")
            pins.setdefault(action, set()).add(commit)

    assert {action for action, commits in pins.items() if len(commits) > 1} == set()


# --- what the jobs cover --------------------------------------------------------------------


def test_the_promised_jobs_exist() -> None:
    promised = {"discover", "lint", "toolkit", "modules", "quickstart", "services"}

    assert promised | {"weekly"} <= set(JOBS)


@pytest.mark.parametrize("name", ["toolkit", "modules"])
def test_tests_run_on_three_systems_and_three_pythons(name: str) -> None:
    matrix = JOBS[name]["strategy"]["matrix"]

    assert matrix["os"] == SYSTEMS
    assert matrix["python"] == PYTHONS
    assert JOBS[name]["strategy"]["fail-fast"] is False
    assert JOBS[name]["runs-on"] == "${{ matrix.os }}"


def test_the_quick_start_runs_on_every_system() -> None:
    assert JOBS["quickstart"]["strategy"]["matrix"]["os"] == SYSTEMS


def test_each_cell_of_a_module_tests_it_and_measures_its_claims() -> None:
    lines = [step.get("run", "") for step in JOBS["modules"]["steps"]]

    assert "python -m pytest tests/ -v --cov=src --cov-branch --cov-report=xml" in lines
    assert "python benchmarks/measure.py --quick" in lines


def test_all_modules_that_are_planned_fit_into_one_matrix() -> None:
    cells = len(everything()) * len(SYSTEMS) * len(PYTHONS)

    assert len(everything()) >= 23
    assert cells <= MAX_CELLS


@pytest.mark.parametrize(
    ("name", "key", "output"),
    [
        ("modules", "module", "modules"),
        ("weekly", "module", "modules"),
        ("services", "folder", "services"),
    ],
)
def test_modules_come_from_the_catalogue(name: str, key: str, output: str) -> None:
    wanted = "${{ fromJSON(needs.discover.outputs." + output + ") }}"

    assert JOBS[name]["strategy"]["matrix"][key] == wanted
    assert "discover" in JOBS[name]["needs"]
    assert output in JOBS["discover"]["outputs"]


def test_no_module_is_listed_by_hand() -> None:
    assert re.findall(r"\b\d{2}-[a-z]+", TEXT) == []
    assert "velvet_" not in TEXT


def test_the_services_are_the_promised_ones() -> None:
    job = JOBS["services"]
    images = {service["image"] for service in job["services"].values()}

    assert job["strategy"]["matrix"]["postgres"] == ["15", "14"]
    assert images == {"postgres:${{ matrix.postgres }}", "redis:7", "rabbitmq:3", "mongo:6"}
    assert all("--health-cmd" in service["options"] for service in job["services"].values())
    assert set(job["env"]) == {
        f"VELVET_{name}_URL" for name in ("POSTGRES", "REDIS", "RABBITMQ", "MONGODB")
    }
    assert all("@127.0.0.1:" in url or "//127.0.0.1:" in url for url in job["env"].values())


@pytest.mark.parametrize("name", ["weekly", "weekly-toolkit"])
def test_every_week_the_newest_and_the_lowest_dependencies_are_tried(name: str) -> None:
    found = [entry["resolution"] for entry in JOBS[name]["strategy"]["matrix"]["dependencies"]]

    assert found == ["highest", "lowest-direct"]
    assert "schedule" in JOBS[name]["if"]


def test_coverage_and_results_are_kept() -> None:
    kept = {
        (name, step["with"]["path"])
        for name, step in steps()
        if step.get("uses", "").startswith("actions/upload-artifact")
    }

    assert kept == {
        ("toolkit", "coverage.xml"),
        ("modules", "${{ matrix.module }}/coverage.xml"),
        ("modules", "${{ matrix.module }}/benchmarks/results/local.json"),
    }


def test_no_two_cells_keep_their_results_under_one_name() -> None:
    for name, step in steps():
        if step.get("uses", "").startswith("actions/upload-artifact"):
            matrix = JOBS[name]["strategy"]["matrix"]
            assert all(f"matrix.{axis} " in step["with"]["name"] for axis in matrix)


def test_every_python_uses_the_pip_cache() -> None:
    setups = [step for _, step in steps() if step.get("uses", "").startswith("actions/setup-pyth")]

    assert len(setups) == len(JOBS)
    assert {step["with"]["cache"] for step in setups} == {"pip"}
    assert {step["with"]["cache-dependency-path"] for step in setups} == {"constraints.txt"}


# --- every command --------------------------------------------------------------------------


def test_only_the_matrix_reaches_a_command() -> None:
    for name, step in steps():
        for expression in EXPRESSION.findall(step.get("run", "")):
            assert expression.startswith("matrix."), f"{name}: {expression} can be set by others"


def test_commands_work_in_every_shell_unless_they_name_bash() -> None:
    for name, step in steps():
        if step.get("shell") == "bash":
            assert JOBS[name]["runs-on"] == "ubuntu-latest"
            continue
        run = EXPRESSION.sub("", step.get("run", ""))
        assert not re.search(r"[|&;<>$`*\\]|^\s*(export|set|source|cd) ", run), f"{name}: {run}"


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_the_program_of_each_command_exists(command: Command) -> None:
    program, *rest = command.argv

    if program == "python":
        assert python_target_exists(rest, ROOT / command.folder), command.line
    else:
        assert program in BASH_TOOLS or is_installed(program), f"{program}: no such program"


def python_target_exists(arguments: list[str], folder: Path) -> bool:
    if arguments[0] == "-m":
        return importlib.util.find_spec(arguments[1]) is not None
    return (folder / arguments[0]).is_file()


def is_installed(program: str) -> bool:
    scripts = {entry.name for entry in importlib.metadata.entry_points(group="console_scripts")}
    folder = sysconfig.get_path("scripts")
    return program in scripts or bool(shutil.which(program, path=folder) or shutil.which(program))


def velvet_arguments(command: Command) -> list[str] | None:
    argv = command.argv
    if argv[:3] == ["python", "-m", "velvet"]:
        return argv[3:]
    return argv[1:] if argv[0] == "velvet" else None


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if velvet_arguments(command)], ids=ids
)
def test_each_velvet_command_and_its_options_exist(command: Command) -> None:
    click = pytest.importorskip("click")
    from velvet.cli import main

    group, arguments = main, velvet_arguments(command) or []
    while isinstance(group, click.Group) and arguments:
        context = click.Context(group)
        assert arguments[0] in group.list_commands(context), arguments[0]
        group, arguments = group.get_command(context, arguments[0]), arguments[1:]
    known = {name for parameter in group.params for name in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_the_files_of_each_command_exist(command: Command) -> None:
    folder, argv = ROOT / command.folder, command.argv
    named = [after for before, after in pairwise(argv) if before in ("-r", "-c")]
    if argv[1:3] == ["-m", "pytest"]:
        named.append(argv[3])

    for name in named:
        assert (folder / name).exists(), f"{command.folder}/{name} is missing"


def test_the_constraints_are_made_by_the_documented_command() -> None:
    (line,) = [line.strip() for line in TEXT.splitlines() if "uv pip compile" in line]
    documented = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()

    assert line in documented


# --- the choice of modules ------------------------------------------------------------------


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("changed_modules", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KNOWN = {"01-alpha": False, "02-beta": True, "10-gamma": True}


def test_without_a_base_everything_is_selected(script: ModuleType) -> None:
    assert script.select(KNOWN, None) == {
        "modules": ["01-alpha", "02-beta", "10-gamma"],
        "services": [".", "02-beta", "10-gamma"],
    }


def test_a_change_in_one_module_selects_it_alone(script: ModuleType) -> None:
    changed = ["02-beta/src/velvet_beta/core.py", "02-beta/README.md"]

    assert script.select(KNOWN, changed) == {"modules": ["02-beta"], "services": ["02-beta"]}


def test_a_module_without_servers_is_not_sent_to_them(script: ModuleType) -> None:
    assert script.select(KNOWN, ["01-alpha/app.py"]) == {"modules": ["01-alpha"], "services": []}


@pytest.mark.parametrize(
    "path",
    [
        ".ci/steps.py",
        ".github/workflows/ci.yml",
        "compose.yaml",
        "constraints.txt",
        "pyproject.toml",
        "requirements-dev.txt",
        "velvet/bench/engine.py",
    ],
)
def test_a_shared_file_selects_everything(script: ModuleType, path: str) -> None:
    assert script.select(KNOWN, [path]) == script.select(KNOWN, None)


def test_the_toolkits_tests_meet_the_servers_when_they_change(script: ModuleType) -> None:
    assert script.select(KNOWN, ["tests/test_services.py"]) == {"modules": [], "services": ["."]}


@pytest.mark.parametrize(
    "changed",
    [
        [],
        ["README.md"],
        ["03-removed/app.py"],
        ["velvet.md"],
        ["docs/velvet/a.md"],
        ["01-alphabet/a.py"],
        ["sub/pyproject.toml"],
    ],
)
def test_nothing_is_selected_by_paths_of_no_module(script: ModuleType, changed: list[str]) -> None:
    assert script.select(KNOWN, changed) == {"modules": [], "services": []}


def test_planned_modules_are_left_out(script: ModuleType) -> None:
    catalogue = [
        {"slug": "01-alpha", "folder": None, "services": []},
        {"slug": "02-beta", "folder": "02-beta", "services": ["redis"]},
    ]

    assert script.folders(catalogue) == {"02-beta": True}


@pytest.mark.parametrize("name", ["24-x; rm -rf .", "24-$(id)", "../etc", "24-x\n", "x", "24-X"])
def test_a_folder_that_could_be_a_command_is_refused(script: ModuleType, name: str) -> None:
    with pytest.raises(ValueError, match="NN-topic"):
        script.folders([{"folder": name, "services": []}])


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=.none")
    subprocess.run(["git", *identity, *quiet, *arguments], cwd=folder, check=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository whose branch `work` moved a file between two modules, and `main` went on."""
    (tmp_path / "01-alpha").mkdir()
    (tmp_path / "01-alpha" / "café.py").write_text("x = 1\n" * 20, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=one")
    git(tmp_path, "switch", "--quiet", "--create", "work")
    (tmp_path / "02-beta").mkdir()
    git(tmp_path, "mv", "01-alpha/café.py", "02-beta/café.py")
    git(tmp_path, "commit", "--quiet", "--message=two")
    git(tmp_path, "switch", "--quiet", "main")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=three")
    git(tmp_path, "switch", "--quiet", "work")
    return tmp_path


def test_a_moved_file_counts_in_both_places_and_the_base_does_not(
    script: ModuleType, clone: Path
) -> None:
    assert sorted(script.changed_paths("main", clone)) == ["01-alpha/café.py", "02-beta/café.py"]


def test_an_unknown_base_is_an_error_and_not_an_empty_selection(
    script: ModuleType, clone: Path
) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        script.changed_paths("origin/nowhere", clone)


def test_the_selection_reaches_github(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("earlier=1\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    entries = [{"folder": "02-beta", "services": ["redis"]}]
    monkeypatch.setattr(script, "catalogue", lambda: entries)

    assert script.main([]) == 0

    expected = 'modules=["02-beta"]\nservices=[".", "02-beta"]\n'
    assert outputs.read_text(encoding="utf-8") == "earlier=1\n" + expected
    assert capsys.readouterr().out == expected
    for line in expected.splitlines():
        assert json.loads(line.partition("=")[2])


def test_a_pull_request_compares_with_its_base_branch(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    monkeypatch.setattr(script, "catalogue", list)
    monkeypatch.setattr(script, "changed_paths", lambda base: seen.append(base) or [])

    assert script.main([]) == 0
    assert seen == ["origin/main"]


def test_a_broken_catalogue_is_reported_without_a_traceback(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    monkeypatch.setattr(script, "catalogue", lambda: [{"folder": "Bad Name"}])

    assert script.main([]) == 1
    assert "Bad Name" in capsys.readouterr().err


def test_the_catalogue_is_the_one_that_velvet_prints(script: ModuleType) -> None:
    assert sorted(script.folders(script.catalogue())) == MODULES
