"""The runner behind `python examples/basic.py`: names, lists, sources and refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from velvet import examples
from velvet.errors import VelvetError
from velvet.examples import Example, example, main

HERE = str(Path(__file__))


@pytest.fixture(autouse=True)
def _no_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with an empty registry."""
    monkeypatch.setattr(examples, "_registry", {})


@pytest.fixture
def two() -> list[str]:
    """Two examples of this file, a plain one and a coroutine; the list of those that ran."""
    ran: list[str] = []

    @example("first")
    def first() -> None:
        """A burst passes at once. Then it
        does not."""
        ran.append("first")
        print("the first speaks")

    @example("second")
    async def second() -> None:
        """A task waits"""
        ran.append("second")

    return ran


def ended(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    """Run with these words and return the exit code and what was said on standard error."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    return caught.value.code, capsys.readouterr().err


def test_all_examples_run_in_order_without_a_name(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([])

    assert two == ["first", "second"]
    out = capsys.readouterr().out
    assert "A burst passes at once." in out
    assert "the first speaks" in out


def test_only_the_named_example_runs(two: list[str]) -> None:
    main(["second"])

    assert two == ["second"]


def test_the_words_of_the_command_line_are_used_by_default(
    two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["basic.py", "first"])

    main()

    assert two == ["first"]


def test_the_list_shows_names_and_headlines_and_runs_nothing(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--list"])

    lines = capsys.readouterr().out.splitlines()
    assert two == []
    assert [line.split(maxsplit=1) for line in lines] == [
        ["first", "A burst passes at once."],
        ["second", "A task waits."],
    ]


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_says_how_it_is_used_and_lists_the_examples(
    flag: str, two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([flag])

    out = capsys.readouterr().out
    assert out.startswith("usage: python FILE [NAME ...] [--list] [--source]")
    assert "second" in out
    assert two == []


def test_the_source_of_a_named_example_is_printed_and_not_run(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["first", "--source"])

    out = capsys.readouterr().out
    assert 'print("the first speaks")' in out
    assert "async def" not in out
    assert two == []


def test_an_unknown_example_is_refused_with_the_nearest(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ended(capsys, "frist")

    assert (code, two) == (2, [])
    assert said == (
        "there is no example 'frist' here. Did you mean 'first'? Known are: first, second\n"
    )


def test_an_unknown_option_is_refused_with_those_that_exist(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ended(capsys, "--all")

    assert (code, two) == (2, [])
    assert said == "unknown option --all; known are --list and --source\n"


def test_an_unmet_need_is_told_and_the_next_example_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = []

    @example("needy", needs=["velvet-no-such-thing", "python>=9"])
    def needy() -> None:
        """It will not be seen."""
        ran.append("needy")

    @example("other")
    def other() -> None:
        """It will be seen."""
        ran.append("other")

    main([])

    out = " ".join(capsys.readouterr().out.split())
    assert ran == ["other"]
    assert 'skipped: velvet-no-such-thing is not installed (pip install "velvet-no' in out
    assert "skipped: needs python >= 9" in out


def test_a_server_that_is_refused_after_all_skips_the_example_and_the_next_runs(
    two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    @example("needs-a-server")
    def needs_a_server() -> None:
        """A server is asked."""
        raise VelvetError("no redis here; install it")

    main(["needs-a-server", "second"])

    assert two == ["second"]
    assert "skipped: no redis here; install it" in capsys.readouterr().out


def test_any_other_error_within_an_example_keeps_its_traceback() -> None:
    @example("broken")
    def broken() -> None:
        """It fails."""
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main(["broken"])


def test_ctrl_c_ends_with_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    @example("stopped")
    def stopped() -> None:
        """It is stopped by its reader."""
        raise KeyboardInterrupt

    assert ended(capsys, "stopped") == (130, "")


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without telling it")
def test_sigterm_lets_an_example_end_what_it_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended_well = []

    @example("waits")
    def waits() -> None:
        """Waits for a signal that comes at once, and cleans up."""
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(20)
        finally:
            ended_well.append(True)

    code, _ = ended(capsys)

    assert (code, ended_well) == (130, [True])


def test_an_example_without_a_docstring_is_refused() -> None:
    with pytest.raises(ValueError, match="'silent' needs a docstring"):

        @example("silent")
        def silent() -> None:
            pass


def test_a_name_is_taken_once_in_a_file() -> None:
    @example("taken")
    def first() -> None:
        """The first."""

    with pytest.raises(ValueError, match="already has an example called 'taken'"):

        @example("taken")
        def second() -> None:
            """The second."""


def test_examples_are_registered_with_their_needs_in_the_file_of_their_function() -> None:
    @example("kept", needs=["redis"])
    def kept() -> None:
        """It is kept."""

    assert examples._registry == {HERE: [Example("kept", kept, ("redis",))]}


@pytest.mark.parametrize(
    ("docstring", "headline"),
    [
        ("One sentence.", "One sentence."),
        ("No full stop", "No full stop."),
        ("First. Second.", "First."),
        ("Over\n    two lines. More.", "Over two lines."),
        ("Head.\n\nBody.", "Head."),
    ],
)
def test_the_headline_is_the_first_sentence_on_one_line(docstring: str, headline: str) -> None:
    def function() -> None: ...

    function.__doc__ = docstring

    assert Example("x", function, HERE).headline == headline


def test_a_stream_that_cannot_be_changed_is_used_as_it_is(
    two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        written = ""

        def write(self, text: str) -> int:
            self.written += text
            return len(text)

        def flush(self) -> None: ...

    plain = Plain()
    monkeypatch.setattr(sys, "stdout", plain)

    main(["--list"])

    assert plain.written.startswith("first")


def test_a_file_of_examples_runs_by_itself_on_a_console_without_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "basic.py"
    file.write_text(
        "from velvet.examples import example, main\n\n\n"
        '@example("arrow")\ndef arrow() -> None:\n'
        '    """An arrow is drawn."""\n    print("\\u2192 drawn")\n\n\nmain()\n',
        encoding="utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "basic.py", "arrow"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"? drawn" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGPIPE and another error for it")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_is_closed_early_ends_the_file_without_a_traceback(tmp_path, unbuffered):
    file = tmp_path / "long.py"
    file.write_text(
        "from velvet.examples import example, main\n\n\n"
        '@example("long")\ndef long() -> None:\n    """Prints a lot."""\n'
        "    for line in range(100_000):\n        print(line)\n\n\nmain()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()

    assert (process.wait(), said) == (1, b"")
