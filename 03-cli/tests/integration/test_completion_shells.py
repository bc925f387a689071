"""Tab in real shells on a real terminal: what is inserted, and what the program then receives.

The program of these tests prints its arguments, so that a candidate is only right when the shell
itself reads it back as the value that was meant.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from velvet_cli.completion.script import script
from velvet_cli.store import TaskStore

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals: run on Linux or macOS", allow_module_level=True)
pexpect = pytest.importorskip("pexpect", reason="terminals are driven by: pip install pexpect")

PATIENCE_S = 20
WIDE = (24, 400)
# Each would do harm, or break the line, if a shell expanded or split it.
TAGS = (
    *("home:garden", "two words", "it's", "wow!", "$(touch pwned)", 'say "hi"', "über"),
    *("y\\y", "foo=", "baz:"),
)
COMPLETED = [
    ("tasks li", "<list>"),
    ("tasks --color=al", "<--color=always>"),
    ("tasks list --format=nd", "<list><--format=ndjson>"),
    ("tasks list --format nd", "<list><--format><ndjson>"),
    ("tasks list --tag home:", "<list><--tag><home:garden>"),
    ("tasks list --tag=home:", "<list><--tag=home:garden>"),
    ("tasks list --tag two", "<list><--tag><two words>"),
    ("tasks list --tag 'two", "<list><--tag><two words>"),
    ("tasks list --tag it", "<list><--tag><it's>"),
    ("tasks list --tag wo", "<list><--tag><wow!>"),
    ("tasks list --tag '$(", "<list><--tag><$(touch pwned)>"),
    ("tasks list --tag say", '<list><--tag><say "hi">'),
    ("tasks list --tag üb", "<list><--tag><über>"),
    ("tasks list --tag y", "<list><--tag><y\\y>"),
    # No space follows what may go on.
    ("tasks list --tag fo\tx", "<list><--tag><foo=x>"),
    ("tasks list --tag ba\tx", "<list><--tag><baz:x>"),
    ("tasks -q --store tasks.jsonl done 1", "<-q><--store><tasks.jsonl><done><1>"),
    ("tasks import mine.ts", "<import><mine.tsv>"),
]
BASH_TOO = [
    ('tasks list --tag "wo', "<list><--tag><wow!>"),
    ("tasks list --tag \\$", "<list><--tag><$(touch pwned)>"),
    ('tasks list --tag="two', "<list><--tag=two words>"),
    ('tasks add -t "home":', "<add><-t><home:garden>"),
    ('tasks list --format "js"', "<list><--format><json>"),
    ('tasks "li"s', "<list>"),
    ("tasks list --tag='ho'm", "<list><--tag=home:garden>"),
    ("tasks config get --", "<config><get><--help>"),
]
_PROGRAM = """\
#!/bin/sh
if [ "$1" = --complete ]; then
    echo asked >> "{folder}/asked"
    exec "{python}" -m velvet_cli argparse "$@"
fi
printf '\\nARGS'
for word; do printf '<%s>' "$word"; done
printf 'END\\n'
"""
_START = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; source {script}; PS1='NO''W> '",
    ),
    "zsh": (
        ["-f", "-i"],
        "unsetopt prompt_sp; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; "
        "source {script}; PS1='NO''W> '",
    ),
    "fish": (["--no-config", "-i"], "source {script}; function fish_prompt; echo -n NO'W> '; end"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shells")
    tasks = TaskStore(made / "tasks.jsonl")
    tasks.add("one", tags=TAGS)
    (made / "mine.tsv").touch()
    program = made / "tasks"
    program.write_text(_PROGRAM.format(folder=made, python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    for shell in _START:
        (made / f"{shell}.script").write_text(script(shell), encoding="utf-8")
    return made


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TASKS_", "XDG_", "COV_"))}
    return {
        **kept,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "TERM": "xterm",
        "PS1": "FIRST> ",
        "LC_ALL": "C.UTF-8",
        "HISTFILE": os.devnull,
    }


@pytest.fixture
def shell(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[str, object]]:
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here: install {name} to run this")
    argv, setup = _START[name]
    child = pexpect.spawn(
        name,
        argv,
        env=_environment(folder),
        cwd=str(folder),
        encoding="utf-8",
        dimensions=WIDE,
        timeout=PATIENCE_S,
    )
    child.delaybeforesend = None
    try:
        # In two pieces there, so that the echo of this line is not taken for the prompt.
        child.sendline(setup.format(script=folder / f"{name}.script"))
        child.expect("NOW> ")
        yield name, child
    finally:
        child.close(force=True)


def _completed(child: object, line: str) -> str:
    assert isinstance(child, pexpect.spawn)
    # Shells read one key after the other, so the end of the line waits until Tab is done.
    child.send(line if "\t" in line else f"{line}\t")
    child.send("\n")
    child.expect(r"ARGS(.*?)END")
    return str(child.match.group(1))


@pytest.mark.parametrize("shell", _START, indirect=True)
def test_a_real_shell_inserts_what_the_program_then_receives(
    shell: tuple[str, object], folder: Path
) -> None:
    name, child = shell
    cases = COMPLETED + (BASH_TOO if name == "bash" else [])

    received = [_completed(child, line) for line, _ in cases]

    assert received == [expected for _, expected in cases]
    assert not (folder / "pwned").exists()


_EACH = """\
set -u
source ./bash.script
while IFS= read -r line; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
    _tasks
    printf '%s\\n' "$line" "${COMPREPLY[@]}" @
done
"""
CANDIDATES = {
    "tasks ": "add list done rm export import stats work config completion",
    "tasks l": "list",
    "tasks co": "config completion",
    "tasks config ": "show get set path",
    "tasks config s": "show set",
    "tasks --col": "--color",
    "tasks -v --verb": "--verbose",
    "tasks --color ": "auto always never",
    "tasks --color=a": "auto always",
    "tasks --nothing=a": "",
    "tasks list --format ": "table json ndjson csv tsv",
    "tasks list -f nd": "ndjson",
    "tasks list --format=": "table json ndjson csv tsv",
    "tasks -qv list --ord": "--order",
    "tasks list --format json --o": "--order",
    "tasks list --tag h": "home:garden",
    "tasks list extra ": "",
    "tasks list --limit ": "",
    "tasks list --status d": "done",
    "tasks add -p ": "1 2 3 4 5",
    "tasks add --priority=": "1 2 3 4 5",
    "tasks -qv --store=x done ": "",
    "tasks --store none done ": "",
    "tasks done ": "1",
    "tasks rm 1 ": "1",
    "tasks rm -- ": "1",
    "tasks rm -- -": "",
    "tasks config get l": "limit",
    "tasks import mi": "mine.tsv",
    "tasks completion ": "bash zsh fish powershell",
    "tasks nonsense ": "",
    "tasks list - ": "",
    "tasks work 1 --cr": "--crash",
    'tasks list --tag "say': 'say \\"hi\\""',
}


def _bash(folder: Path, lines: list[str]) -> str:
    done = subprocess.run(
        ["bash", "--norc", "-c", _EACH],
        input="".join(f"{line}\n" for line in lines).encode(),
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        check=True,
        timeout=60,
    )
    # `compopt` is for real completions only.
    assert not re.search(b"syntax error|unbound variable", done.stderr), done.stderr
    return done.stdout.decode()


def test_what_may_stand_at_the_cursor(folder: Path) -> None:
    printed = _bash(folder, list(CANDIDATES))

    found = {}
    for block in printed.split("@\n"):
        line, _, told = block.partition("\n")
        found[line] = told.split()
    assert {line: found[line] for line in CANDIDATES} == {
        line: told.split() for line, told in CANDIDATES.items()
    }


def test_the_static_script_starts_the_program_for_values_only_and_once_in_two_seconds(
    folder: Path,
) -> None:
    asked = folder / "asked"
    asked.unlink(missing_ok=True)

    _bash(folder, ["tasks ", "tasks list --format ", "tasks --co", "tasks import m"])
    assert not asked.exists()

    _bash(folder, ["tasks done ", "tasks rm ", "tasks done 1"])
    assert re.findall("asked", asked.read_text(encoding="utf-8")) == ["asked"]


def test_a_function_of_the_shell_is_program_enough_for_the_script(folder: Path) -> None:
    # What the README tells a reader to do.
    lines = (
        f'tasks() {{ "{sys.executable}" -m velvet_cli click "$@"; }}',
        'eval "$(tasks completion bash)"',
        'COMP_LINE="tasks list --tag ho" COMP_POINT=19 COMP_WORDBREAKS=: _tasks',
        'echo "${COMPREPLY[@]}"',
        'COMP_LINE="tasks done " COMP_POINT=11 _tasks && echo "${COMPREPLY[@]}"',
    )

    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.decode().split() == ["home:garden", "1"]


def test_powershell_completes_where_it_is_installed(folder: Path) -> None:
    program = shutil.which("pwsh") or shutil.which("powershell")
    if program is None:
        pytest.skip("no PowerShell here: install pwsh to run this")
    made = folder / "complete.ps1"
    made.write_text(
        script("powershell")
        + "\n(TabExpansion2 'tasks list --format nd' 22).CompletionMatches.CompletionText\n",
        encoding="utf-8-sig",
    )

    done = subprocess.run(
        [program, "-NoProfile", "-File", str(made)],
        env=_environment(folder),
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.decode().split() == ["ndjson"], done.stderr.decode()
