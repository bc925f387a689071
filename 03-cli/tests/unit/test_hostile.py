"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import io
from pathlib import Path

from velvet.hostile import Fixed, HostileTests, call
from velvet_cli import color, config, contract, exits, formats, progress, signals, streams
from velvet_cli.completion import answer, script
from velvet_cli.config import layers, toml_text

HERE = Path("tasks.toml")


class TestHostile(HostileTests):
    errors = (contract.UsageError,)
    calls = (
        call(color.decide, Fixed(io.StringIO()), flag="auto", env={}),
        call(color.strip_ansi, "\x1b[31mred"),
        call(color.display_width, "wide"),
        call(answer.answer, ["tasks", "li"], {}, cwd=Path()),
        call(script.script, "bash"),
        call(config.find_files, {}, cwd=Path()),
        call(config.user_folder, {"HOME": "/somewhere/x"}, "linux"),
        call(layers.suggest, "lst", ["list", "add"]),
        call(toml_text.parse, b"limit = 3\n", HERE),
        call(contract.nearest, "lst", ["list", "add"]),
        call(contract.attached, ["list"]),
        call(exits.describe, 2).but(nan="any code is described"),
        call(exits.pipe_code, "linux"),
        call(formats.render_rows, Fixed([{"id": 1}]), ["id"], "tsv").but(errors=(KeyError,)),
        call(progress.Throttled, Fixed(io.StringIO()), width=Fixed(80))
        .then("wrap", [1, 2], 2.0, "label")
        .but(nan="a total that is no number is unknown"),
        call(progress.format_interval, 1.0).but(nan="shown as unknown"),
        call(progress.format_count, 1.0),
        call(signals.CancelToken).then("set", 2),
        call(streams.encode_safe, "text", Fixed(io.StringIO())),
    )
    excepted = {
        "actions": "does what a front end has parsed; tests/unit",
        "color": "asks a terminal",
        "completion": "`store_of` finds a file; tests/unit",
        "config": "reads and writes files; tests/unit/test_config.py",
        "files": "locks a file; tests/unit",
        "lazy": "builds a group from a manifest of ours",
        "program": "the program itself; tests/integration/test_faults.py",
        "runner": "runs the program itself; tests/unit/test_runner.py",
        "signals": "handlers of signals; tests/integration",
        "store": "reads and writes a file; tests/unit/test_store.py",
        "streams": "writes to streams that the program opened; tests/unit",
    }
