"""The command as its user meets it: help, mistakes, catalogue, narrow and plain consoles."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from velvet import __version__, catalog, cli
from velvet.commands import catalogue

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDS_A_FOLDER = ("run", "bench", "compare", "dashboard", "start", "test")
TAKES_A_MODULE = ("info", *NEEDS_A_FOLDER)
# Rich, Streamlit and friends may colour by these; a plain child inherits none of them.
COLOUR_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PYTHONIOENCODING", "PYTHONUTF8")


def child(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    env = {name: text for name, text in os.environ.items() if name not in COLOUR_VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "velvet", *words],
        cwd=ROOT,
        env={**env, **variables},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_explains_itself(velvet, name, flag):
    result = velvet(name, flag)

    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: velvet {name}")


@pytest.mark.parametrize("name", ["up", "down", "status"])
def test_every_services_command_explains_itself(velvet, name):
    result = velvet("services", name, "--help")

    assert result.exit_code == 0
    assert f"Usage: velvet services {name}" in result.output


def test_the_help_lists_every_command_with_one_line_of_its_own(velvet):
    result = velvet("--help")

    assert result.exit_code == 0
    for name, (_, text) in cli.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text[:30])}", result.output, re.MULTILINE)


def test_the_group_knows_its_commands_without_importing_them():
    context = click.Context(cli.main)

    assert cli.main.list_commands(context) == list(cli.COMMANDS)
    assert cli.main.get_command(context, "nothing") is None


def test_the_version_is_the_packages_own(velvet):
    result = velvet("--version")

    assert result.exit_code == 0
    assert result.output.strip() == f"velvet, version {__version__}"


def test_an_unknown_command_suggests_the_nearest(velvet):
    result = velvet("lst")

    assert result.exit_code == 2
    assert "there is no command 'lst'. Did you mean 'list'?" in result.output


def test_an_unknown_command_lists_those_that_exist(velvet):
    result = velvet("xyzzy")

    assert result.exit_code == 2
    assert "Did you mean" not in result.output
    assert all(name in result.output for name in cli.COMMANDS)


@pytest.mark.parametrize("name", TAKES_A_MODULE)
def test_an_unknown_module_suggests_the_nearest(velvet, name):
    result = velvet(name, "concurency")

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "there is no module 'concurency'. Did you mean 'concurrency'?" in result.output


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("name", NEEDS_A_FOLDER)
def test_a_planned_module_is_said_to_be_planned(velvet, paper, name):
    result = velvet(name, "29")

    assert result.exit_code == 2
    assert "module 29-delta is planned and has no folder yet" in result.output


@pytest.mark.usefixtures("planned")
def test_a_prefix_of_several_modules_names_them_all(velvet):
    result = velvet("info", "de")

    assert result.exit_code == 2
    assert "'de' fits more than one module: " in result.output
    assert "23-devtools, 29-delta" in result.output


@pytest.mark.parametrize(
    ("change", "line", "rule"),
    [
        (("phase = 2", "phase = = 2"), "line 2", "not valid TOML"),
        (("phase = 2", "phase = 9"), "line 2", "must be 1 to 6, not 9"),
        (("hours = 1", 'hours = "one"'), "line 4", "must be number, not str"),
        (("hours = 1", "hours = 0"), "line 4", "must be over 0"),
        (('difficulty = "Beginner"', 'difficulty = "Easy"'), "line 3", "must be one of Beginner"),
        (("question", "qestion"), "line 1", "'question' is missing"),
        (("services = []", 'services = ["oracle"]'), "line 7", "names 'oracle'"),
        (("services = []", "servces = []"), "line 7", "Did you mean 'services'?"),
    ],
)
def test_a_broken_module_toml_names_file_line_and_rule(velvet, paper, change, line, rule):
    file = paper.module() / "module.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")

    result = velvet("list")

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert str(file) in result.output
    assert line in result.output
    assert rule in result.output


def test_a_missing_module_toml_says_where_to_read_about_it(velvet, paper):
    (paper.module() / "module.toml").unlink()

    result = velvet("info", "30")

    assert result.exit_code == 1
    assert "module.toml: missing" in result.output
    assert "CONTRIBUTING.md" in result.output


def test_ctrl_c_ends_with_130_and_no_traceback(velvet, monkeypatch):
    def interrupted() -> list[catalog.Module]:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "everything", interrupted)

    result = velvet("list")

    assert result.exit_code == 130
    assert result.output.strip() == "stopped"


def test_the_list_holds_every_module_under_its_phase(velvet):
    result = velvet("list")

    assert result.exit_code == 0
    for module in catalog.everything():
        assert f" {module.slug} " in result.output
    assert all(f"Phase {n}: {title}" in result.output for n, title in catalog.PHASES.items())


def test_the_list_leaves_out_phases_without_a_chosen_module(velvet, paper):
    paper.module()

    result = velvet("list", "--working")

    assert "30-tiny" in result.output
    assert "Phase 3" not in result.output
    assert "planned" not in result.output


@pytest.mark.usefixtures("planned")
def test_the_list_for_programs_parses_and_holds_no_path_of_this_machine(velvet, paper):
    paper.module()
    paper.module("31-half", whole=False)

    found = {one["slug"]: one for one in json.loads(velvet("list", "--json").stdout)}

    assert found["30-tiny"]["state"] == "working"
    assert found["31-half"]["state"] == "incomplete"
    assert found["29-delta"]["folder"] is None
    assert str(paper.root) not in json.dumps(found)


def test_info_shows_a_working_module_and_what_to_type_next(velvet, paper):
    paper.module(services='["redis"]')

    output = velvet("info", "tiny").output

    assert "30-tiny: Tiny Things" in output
    assert "services       redis" in output
    assert "state          working" in output
    assert "velvet run 30; velvet bench 30 --quick; velvet dashboard 30" in output


def test_info_names_the_parts_that_an_incomplete_module_lacks(velvet, paper):
    paper.module(whole=False)

    output = velvet("info", "30").output

    assert "state          incomplete" in output
    assert "src/velvet_tiny/__init__.py" in output


def test_info_shows_a_planned_module_without_commands_that_cannot_work(velvet, paper):
    output = velvet("info", "25").output

    assert "state          planned" in output
    assert "velvet run" not in output


def test_info_for_programs_parses(velvet):
    found = json.loads(velvet("info", "9", "--json").stdout)

    assert found["slug"] == "09-concurrency"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_completion_script(velvet, monkeypatch, shell):
    monkeypatch.setattr("click.shell_completion.BashComplete._check_version", lambda *_: None)

    result = velvet("completion", shell)

    assert result.exit_code == 0
    assert "_VELVET_COMPLETE" in result.output
    assert f"{shell}_complete" in result.output


def test_an_unknown_shell_is_refused_with_those_that_are_known(velvet):
    result = velvet("completion", "tcsh")

    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.output


def test_completion_offers_the_commands_that_begin_so():
    done = subprocess.run(
        [sys.executable, "-c", "from velvet.cli import main; main(prog_name='velvet')"],
        cwd=ROOT,
        env={
            **os.environ,
            "_VELVET_COMPLETE": "bash_complete",
            "COMP_WORDS": "velvet do",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == ["plain,doctor"]


def test_a_console_without_utf_8_gets_the_list_and_no_traceback():
    done = child("list", PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr
    assert b"09-concurrency" in done.stdout
    assert done.stdout.isascii()


def test_a_pipe_carries_no_escape_sequences():
    done = child("list")

    assert done.returncode == 0
    assert b"\x1b" not in done.stdout


def test_a_narrow_terminal_loses_no_command():
    done = child("--help", COLUMNS="40")

    assert done.returncode == 0
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("  ")]
    assert set(cli.COMMANDS) <= {line.split()[0] for line in lines}
    assert max(len(line) for line in lines) <= 50  # the narrowest that Click writes


def test_a_mistake_in_a_real_process_is_one_sentence_on_standard_error():
    done = child("info", "concurency")

    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.decode().strip().splitlines()) == 1


def on_a_terminal(*words: str, **variables: str) -> str:
    """Run the command on a pseudo-terminal of 40 columns and return what it wrote."""
    import pty

    env = {name: text for name, text in os.environ.items() if name not in COLOUR_VARIABLES}
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "velvet", *words],
        cwd=ROOT,
        env={**env, "TERM": "xterm-256color", "COLUMNS": "40", **variables},
        stdout=secondary,
        stderr=subprocess.DEVNULL,
    )
    os.close(secondary)
    said = b""
    with contextlib.suppress(OSError):  # Linux says EIO when the other end is closed
        while chunk := os.read(primary, 65536):
            said += chunk
    os.close(primary)
    assert process.wait() == 0
    return said.decode("utf-8", errors="replace")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are a POSIX thing")
def test_no_color_is_respected_on_a_terminal():
    said = on_a_terminal("list", NO_COLOR="1", PYTHONIOENCODING="utf-8")

    colours = re.findall(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9\d|10\d)(?:;[\d;]*)?m", said)
    assert "09-concurrency" in said
    assert colours == []


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are a POSIX thing")
def test_a_terminal_shows_each_state_as_a_mark_and_as_a_word():
    said = on_a_terminal("list", PYTHONIOENCODING="utf-8")

    working = next(line for line in said.splitlines() if "09-concurrency" in line)
    assert catalogue.GLYPHS["working"] in working
    assert "working" in working


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are a POSIX thing")
def test_a_terminal_without_utf_8_shows_question_marks_for_the_marks():
    said = on_a_terminal("list", PYTHONIOENCODING="latin-1")

    working = next(line for line in said.splitlines() if "09-concurrency" in line)
    assert working.lstrip().startswith("?")


def test_streams_that_cannot_be_reconfigured_are_left_alone(monkeypatch):
    class Plain:
        """A stream as some graphical consoles give: it can only write."""

        def write(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(sys, "stdout", Plain())

    cli.soften_streams()

    assert isinstance(sys.stdout, Plain)


def ended(words: list[str], **options: Any) -> tuple[int, str]:
    """Run the command as a shell does and give its exit code and what it complained about."""
    done = subprocess.run(
        [sys.executable, "-m", "velvet", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGPIPE to act as if")
@pytest.mark.parametrize("words", [["list"], ["--help"]])
def test_a_reader_that_went_away_ends_the_command_as_a_shell_expects(words):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ended(words, stdout=writer) == (141, "")
    finally:
        os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_is_one_sentence():
    with Path("/dev/full").open("wb") as full:
        code, complaint = ended(["list"], stdout=full)

    assert code == 1
    assert complaint == "the output could not be written: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes a stream is POSIX")
def test_a_closed_standard_output_is_one_sentence():
    code, complaint = ended(["list"], preexec_fn=lambda: os.close(1))

    assert (code, complaint) == (
        1,
        "standard output is closed; give it a file or a terminal\n",
    )


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (click.Abort(), 130, "stopped\n"),
        (OSError(errno.ENOSPC, "full"), 1, "the output could not be written: full\n"),
    ],
)
def test_an_ending_that_is_no_mistake_has_its_own_code(monkeypatch, capsys, error, code, said):
    monkeypatch.setattr(os, "dup2", lambda *_: 1)

    def fail(self: Any, ctx: Any) -> None:
        raise error

    monkeypatch.setattr(cli.LazyGroup, "invoke", fail)

    with pytest.raises(SystemExit) as caught:
        cli.main(["list"])

    assert (caught.value.code, capsys.readouterr().err) == (code, said)


def test_an_error_of_another_file_keeps_its_traceback(monkeypatch):
    def fail(self: Any, ctx: Any) -> None:
        raise PermissionError(errno.EACCES, "no", "x")

    monkeypatch.setattr(cli.LazyGroup, "invoke", fail)

    with pytest.raises(PermissionError):
        cli.main(["list"])


@pytest.mark.parametrize("words", [["list"], ["--help"], ["--version"]])
def test_a_broken_pipe_is_ended_in_this_process_too(monkeypatch, words):
    quieted: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda *_: quieted.append(1))

    class Gone(io.StringIO):
        """A pipe without a reader."""

        def write(self, text: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "gone")

    monkeypatch.setattr(sys, "stdout", Gone())

    with pytest.raises(SystemExit) as caught:
        cli.main(words)

    assert (caught.value.code, quieted) == (141, [1])
