"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import ast
from pathlib import Path

from velvet.hostile import Fixed, HostileTests, Key, call
from velvet_devtools import codemods, commits, documents, formatters, health, matrix, profiling
from velvet_devtools.contenders.checkers import Diagnostic
from velvet_devtools.debug import postmortem, query, recorder, trace, values
from velvet_devtools.errors import DevtoolsError
from velvet_devtools.ide import jsonc
from velvet_devtools.lint import Status
from velvet_devtools.samples.defects import Defect

SOURCE = b"def old():  # why\n    return 1\n"
COMMITS = [commits.Commit("feat", "coupons")]
DEFECT = Defect("a", "bugs", "", "", 1, frozenset({"F1"}))
ROWS = tuple(
    matrix.Row(tool, "default", Status.OK, {DEFECT.stem: "F1"}, frozenset(), 0, 1.0)
    for tool in ("ruff", "mypy")
)
EVENT = (0, 1, (lambda: None).__code__, 1, 0, "call", {"x": 2})
FRAME = postmortem.Frame("pay", "shop.py", 1, ("pay()",), 1, {"total": "3"})
DUMP = postmortem.Dump("ValueError", "no", (), (FRAME,), "3.12", "Linux", "main")


class TestHostile(HostileTests):
    errors = (DevtoolsError,)
    calls = (
        call(codemods.parse, SOURCE).but(same=False),
        call(codemods.apply, SOURCE, codemods.rename("old", "new")),
        call(codemods.comments, SOURCE),
        call(codemods.rename, "old", "new").but(same=False),
        call(commits.parse, "feat(api)!: drop v1"),
        call(commits.next_version, "1.4.2", COMMITS),
        call(commits.section, "1.5.0", "2026-01-02", COMMITS),
        call(commits.insert, "# Changelog\n", "## [1.5.0] - 2026-01-02\n"),
        call(documents.docstring_coverage, [ast.parse(SOURCE)]),
        call(documents.dead_links, Path(__file__).parent, ["README.md"]),
        call(documents.api_page, "x = 1\n", "Shop").but(errors=(SyntaxError,)),
        call(formatters.shape, SOURCE),
        call(health.entropy, "correct horse"),
        call(jsonc.loads, '{"a": 1}'),
        call(jsonc.spans, '{"a": 1}'),
        call(jsonc.edit, '{"a": 1}', ["a"], 1.5).but(errors=(KeyError,)),
        call(matrix.Matrix, ROWS, (DEFECT,))
        .then("unique", Fixed(ROWS[0]))
        .then("cheapest_cover", 9.0),
        call(matrix.judge, [Diagnostic("a.py", 1, 1, "F1", "unused")], [DEFECT]),
        call(postmortem.Explorer, DUMP).then("do", "w"),
        call(profiling.exact, lambda: None).but(same=False),
        call(profiling.sampler, lambda: None).but(same=False),
        call(profiling.memory, lambda: None).but(same=False),
        call(query.Query, "x > 10").then("holds", {"x": 11}),
        call(recorder.code_of, [codemods.parse]),
        call(
            recorder.Recorder,
            [codemods.parse],
            max_events=9,
            mode="delta",
            watch=["x"],
            backend="settrace",
        ),
        call(trace.Trace, [EVENT])
        .then("at", 0)
        .then("history", "x")
        .then("last_write", "x", before=1)
        .then("when", "x > 1")
        .but(large=lambda: trace.Trace([EVENT] * 10_000)),
        call(values.written, Key("a"), 0).but(nan="it raises nothing, as its docstring says"),
    )
    excepted = {
        "__main__": "reads and writes a project",
        "bump": "runs git; tests/unit/test_release.py",
        "codemods": "writes files; tests/unit/test_code_tools.py",
        "debug.dap": "attaches to a program; tests/integration/test_live.py",
        "formatters": "runs formatters on files",
        "health": "asks a git repository",
        "ide.vscode": "writes a folder; tests/unit/test_editors.py",
        "lint": "runs checkers; tests/unit/test_lint.py",
        "matrix": "runs every checker",
        "nav": "reads a folder; tests/unit/test_code_tools.py",
        "process": "starts programs; tests/integration/test_started.py",
        "profiling": "needs pyinstrument, or compares profiles; tests/unit/test_code_tools.py",
        "sessions": "writes what other programs run",
    }
