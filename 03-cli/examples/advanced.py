"""Advanced examples: where a start goes, how a program ends, what a test can see."""

from __future__ import annotations

import signal
import sys
import tempfile
import textwrap
import time
from importlib.metadata import version
from pathlib import Path

import click
import typer

from velvet.examples import example, main
from velvet_cli.comparisons.behaviours import Subject
from velvet_cli.comparisons.probe import import_tree
from velvet_cli.comparisons.running import clean_environment, invoke, run_process
from velvet_cli.exits import describe
from velvet_cli.store import TaskStore

COMMAND = '"""Does {name} things."""\nimport click, {imports}\n\n@click.command()\ndef command():\n    click.echo("{name}")\n'
HEAVY = {"mail": "email.mime.text", "web": "http.server", "table": "sqlite3", "tests": "unittest"}
EAGER = """
import click
tasks = click.Group()
for name in {names}:
    tasks.add_command(__import__("cmd_" + name).command, name)
"""
LAZY = """
from velvet_cli.lazy import Entry, lazy_click
tasks = lazy_click("tasks", {{n: Entry("cmd_" + n, "Does things.") for n in {names}}})
"""


@example("why_is_it_slow")
def why_is_it_slow() -> None:
    """An import tree before and after lazy loading: what was paid for and never used."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, imports in HEAVY.items():
            text = COMMAND.format(name=name, imports=imports)
            (folder / f"cmd_{name}.py").write_text(text, encoding="utf-8")
        env = {**clean_environment(folder), "PYTHONPATH": made}
        counts: dict[str, list[int]] = {}
        for title, body in (("eager", EAGER), ("lazy, with a manifest", LAZY)):
            source = f"{body.format(names=list(HEAVY))}\ntasks(prog_name='tasks')\n"
            module = f"program_{title.partition(',')[0]}"
            (folder / f"{module}.py").write_text(source, encoding="utf-8")
            for argv in (["table"], ["--help"]):
                import_tree(module, argv, env=env, cwd=folder)  # warms the bytecode
                tree = import_tree(module, argv, env=env, cwd=folder)
                count = sum(1 for _ in tree.walk())
                counts.setdefault(title[:5], []).append(count)
                called = " ".join(argv)
                print(f"{title:22} {called:7} {count:4} modules {tree.total_ms:7.1f} ms")
                for node in tree.worst(3):
                    print(f"    {node.self_ms:6.1f} ms by itself  {node.name}")
    fewer = [late < soon for soon, late in zip(counts["eager"], counts["lazy,"], strict=True)]
    print(f"\nLazy imports fewer modules, for a command and for help: {all(fewer)}")
    print("Lazy without the summaries of a manifest would not help --help: it asks")
    print("every command for its first line, and so imports them all.")


@example("graceful_exit")
def graceful_exit() -> None:
    """Ctrl-C once, twice, and SIGTERM: the store stays whole, and the code says what came."""
    if sys.platform == "win32":
        print("Windows has no signals for other processes; see Ctrl-Break in the README.")
        return
    once, twice, term = (signal.SIGINT,), (signal.SIGINT,) * 2, (signal.SIGTERM,)
    cases = (("Ctrl-C", once, 0.0), ("Ctrl-C twice", twice, 15.0), ("SIGTERM", term, 0.0))
    print(f"{'':14}{'framework':10} {'bare':>28}   {'with our runner':>18}")
    for front in ("argparse", "click"):
        for title, signals, linger in cases:
            told = []
            for hardened in (False, True):
                with tempfile.TemporaryDirectory() as made:
                    subject = Subject(front, hardened=hardened, folder=Path(made))
                    TaskStore(Path(made) / "tasks.jsonl").add("precious")
                    seen = subject.signalled(*signals, linger=linger)
                    whole = len(TaskStore(Path(made) / "tasks.jsonl").list()) == 1
                    marker = "left a marker" if subject.leftovers() else "clean"
                told.append(f"{seen.exit}, {len(seen.err)} B told, {marker}")
                assert whole
            print(f"{title:14}{front:10} {told[0]:>28}   {told[1]:>18}")
    print(f"\n130 is '{describe(130)}', 143 is '{describe(143)}'.")
    print("store intact in all of them: True")


@example("testing_four_ways")
def testing_four_ways() -> None:
    """In-process, subprocess, terminal, golden file: what each test sees, and what it costs."""
    modes = ["inprocess", "subprocess"] + ([] if sys.platform == "win32" else ["pty"])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        TaskStore(folder / "tasks.jsonl", clock=lambda: 0.0).add("x")
        costs = []
        for mode in modes:
            began = time.perf_counter()
            for _ in range(3):
                result = invoke("click", ["list", "-f", "ndjson"], mode, folder=folder)  # type: ignore[arg-type]
            cost = (time.perf_counter() - began) / 3 * 1e3
            costs.append(cost)
            table = invoke("click", ["list"], mode, folder=folder)  # type: ignore[arg-type]
            seen = {
                "data": '"title": "x"' in result.out,
                "exit code": result.exit == 0,
                "terminal": b"\x1b[" in table.tty,
                "a process": mode != "inprocess",
            }
            sees = ", ".join(name for name, yes in seen.items() if yes)
            print(f"{mode:11} {cost:7.1f} ms   sees {sees}")
        golden = folder / "list.golden"
        golden.write_text(result.out, encoding="utf-8")
        again = invoke("argparse", ["list", "-f", "ndjson"], folder=folder).out
        same = again == golden.read_text(encoding="utf-8")
        print(f"a process costs more than a call: {costs[0] < costs[1]}")
        print(f"golden file           compares all of it at once; argparse equals it: {same}")
        ascii_only = {"PYTHONIOENCODING": "ascii"}
        TaskStore(folder / "tasks.jsonl").add("né")
        for hardened in (False, True):
            form = "hardened" if hardened else "bare"
            seen_by = invoke(
                "click", ["list"], "subprocess", hardened=hardened, env=ascii_only, folder=folder
            )
            print(f"ascii console, {form:8}: exit {seen_by.exit}")
    print("An in-process test of the bare program passes: it never meets an encoding.")


@example("typer_is_not_click")
def typer_is_not_click() -> None:
    """A Typer command inside a Click group: no instance of Click's, so its errors escape."""
    app = typer.Typer()

    @app.command()
    def double(number: int) -> None:
        typer.echo(number * 2)

    command = typer.main.get_command(app)
    print(f"typer {version('typer')}, click {version('click')}")
    print(f"isinstance(get_command(app), click.Command): {isinstance(command, click.Command)}")
    print(f"it comes from: {type(command).__mro__[1].__module__}")

    source = textwrap.dedent("""
        import click, typer
        app = typer.Typer()
        @app.command()
        def double(number: int): typer.echo(number * 2)
        group = click.Group("mixed")
        group.add_command(typer.main.get_command(app), "double")
        group(["double", {value!r}], "mixed")
        """)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for value in ("21", "nonsense"):
            words = [sys.executable, "-c", source.format(value=value)]
            seen = run_process(words, env=clean_environment(folder), folder=folder)
            last = (seen.err.strip().splitlines() or ["(nothing)"])[-1]
            print(f"mixed double {value:9} exit {seen.exit}, prints {seen.out.strip()!r}")
            print(f"    {last[:70]}")
    print("Way out: mount it in a Typer group, or translate its exceptions.")


if __name__ == "__main__":
    main()
