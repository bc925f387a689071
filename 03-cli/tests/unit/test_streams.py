"""Exit codes, formats and streams: each small rule by itself."""

from __future__ import annotations

import csv
import errno
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.color import Decision, Level
from velvet_cli.exits import Exit, describe, pipe_code
from velvet_cli.formats import render_rows, text_of
from velvet_cli.streams import InputMissing, Output, PipeClosed, encode_safe, open_input

ROWS = [{"a": "x", "b": [1, 2]}, {"a": "né\t|", "b": None}]


def text(form: str, rows: Any = ROWS, fields: Any = ("a", "b")) -> str:
    return "".join(render_rows(iter(rows), fields, form))


class Broken(io.StringIO):
    """A stream that fails in one way."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, s: str) -> int:
        raise self.error

    def flush(self) -> None:
        if not self.closed:
            raise self.error


def test_every_code_of_sysexits_has_its_value_and_a_meaning() -> None:
    values = {"USAGE": 2, "DATAERR": 65, "NOINPUT": 66, "UNAVAILABLE": 69, "SOFTWARE": 70}
    values |= {"IOERR": 74, "TEMPFAIL": 75, "CONFIG": 78}

    assert {name: Exit[name].value for name in values} == values
    assert all(describe(code) for code in Exit)


@pytest.mark.parametrize(
    ("code", "says"),
    [(0, "it worked"), (-9, "killed by signal 9"), (128, "code 128, which"), (42, "no agreed"),
     (129, "by signal 1"), (137, "by signal 9"), (192, "by signal 64"), (193, "code 193, which")],
)  # fmt: skip
def test_any_code_can_be_described(code: int, says: str) -> None:
    assert says in describe(code)


def test_windows_has_no_code_for_a_closed_pipe() -> None:
    assert (pipe_code("linux"), pipe_code("win32")) == (141, 1)


def test_a_table_is_aligned_by_what_is_seen() -> None:
    rows = [{"a": "日本", "b": 1}, {"a": "x", "b": 22}]

    assert text("table", rows) == "a     b\n日本  1\nx     22\n"
    assert text("table", []) == "a  b\n"


def test_json_and_its_lines_are_read_back_equal() -> None:
    assert json.loads(text("json")) == ROWS
    assert [json.loads(line) for line in text("ndjson").splitlines()] == ROWS
    assert text("json", []) == "[]\n"
    assert '"né' in text("json")
    with pytest.raises(ValueError, match="JSON"):
        text("ndjson", [{"a": float("nan"), "b": 1}])


def test_csv_is_read_back_and_tsv_has_a_line_a_row() -> None:
    rows = [{"a": 'x "y", z', "b": "1\n2"}]

    assert list(csv.reader(io.StringIO(text("csv", rows)))) == [["a", "b"], ['x "y", z', "1\n2"]]
    assert text("tsv", rows) == 'a\tb\nx "y", z\t1\\n2\n'


def test_an_unknown_format_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="not 'xml'"):
        render_rows(iter([]), (), "xml")


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (True, "true"), ((1, "a"), "1,a"), (2.5, "2.5")]
)
def test_a_cell_is_shown_as_text(value: object, shown: str) -> None:
    assert text_of(value) == shown


def test_data_and_notes_go_to_different_streams() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Output(out, err, format="ndjson")

    output.rows([{"a": 1}], ("a",))
    output.text("line")
    output.note("aside")

    assert (out.getvalue(), err.getvalue()) == ('{"a": 1}\nline\n', "aside\n")


def test_a_quiet_output_has_no_notes_and_a_missing_stream_is_no_error() -> None:
    err = io.StringIO()

    Output(io.StringIO(), err, quiet=True).note("aside")
    Output(io.StringIO(), None).note("aside")

    assert err.getvalue() == ""


@pytest.mark.parametrize(("enabled", "bold"), [(True, True), (False, False)])
def test_a_header_is_bold_where_colour_is_decided(enabled: bool, bold: bool) -> None:
    out = io.StringIO()
    decision = Decision(enabled, Level.ANSI16 if enabled else Level.NONE, "")

    Output(out, io.StringIO(), color=decision).rows([{"a": 1}], ("a",))

    assert ("\x1b[1m" in out.getvalue()) is bold


def test_a_closed_pipe_has_one_name() -> None:
    output = Output(Broken(BrokenPipeError()), io.StringIO())

    with pytest.raises(PipeClosed):
        output.text("x")


def test_windows_says_invalid_for_a_closed_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(PipeClosed):
        Output(Broken(OSError(errno.EINVAL, "Invalid argument")), None).text("x")


def test_another_error_of_writing_keeps_its_name() -> None:
    with pytest.raises(OSError, match="No space"):
        Output(Broken(OSError(errno.ENOSPC, "No space")), None).text("x")


def test_a_dash_is_standard_input_and_stays_open() -> None:
    stdin = io.StringIO("a")

    with open_input("-", stdin) as stream:
        assert stream.read() == "a"

    assert not stdin.closed


def test_a_file_is_read_as_utf_8_and_a_mark_at_its_beginning_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("\ufeffné".encode())

    with open_input(str(path), None) as stream:
        assert stream.read() == "né"


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    closed = io.StringIO()
    closed.close()

    with (
        pytest.raises(InputMissing, match="nothing-here cannot be read"),
        open_input(str(tmp_path / "nothing-here"), None),
    ):
        pass
    for stdin in (None, closed):
        with pytest.raises(InputMissing, match="standard input is closed"), open_input("-", stdin):
            pass


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", r"n\xe9\u2713"), ("cp1252", "né\\u2713"), ("utf-8", "né✓")]
)
def test_what_a_console_cannot_show_is_escaped(encoding: str, shown: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    assert encode_safe("né✓", stream) == shown
