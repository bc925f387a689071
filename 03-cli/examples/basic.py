"""Basic examples: one program four times, and what each step of its evolution mends."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_cli import contenders
from velvet_cli.comparisons.behaviours import Subject
from velvet_cli.comparisons.probe import written
from velvet_cli.comparisons.running import clean_environment, invoke, run_process
from velvet_cli.exits import describe


@example("same_cli_four_times")
def same_cli_four_times() -> None:
    """One program in four frameworks: equal data, unequal manners, and the lines each took."""
    files = Path(contenders.__file__).parent
    data = set()
    print("framework    statements  decorators   `list` prints")
    for front in contenders.installed():
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            invoke(front, ["add", "write the report", "-p", "5"], folder=folder)
            invoke(front, ["add", "buy bread", "--tag", "home"], folder=folder)
            invoke(front, ["done", "2"], folder=folder)
            listed = invoke(front, ["list", "-f", "csv"], folder=folder).out
        rows = [line.rsplit(",", 1)[0] for line in listed.splitlines()]
        data.add(tuple(rows))
        statements, decorators = written(files / f"{front}.py")
        print(f"{front:12} {statements:10}  {decorators:10}   {rows[1]}")
    print(f"\ndifferent answers: {len(data)}")

    print("\nThe same mistake, `tasks lst`, in the words of each bare framework:")
    for front in contenders.installed():
        said = invoke(front, ["lst"], "subprocess", hardened=False, env={"COLUMNS": "60"})
        words = " ".join(word for word in said.err.split() if not set(word) & set("╭─╮│╰╯"))
        print(f"  {front:9} exit {said.exit}: ...{words[-55:]}")


NAIVE = """
import sys
count = int(sys.argv[2])
for number in range(count):
    print(sys.argv[1])
"""
TUTORIAL = """
import argparse
parser = argparse.ArgumentParser(prog="repeat")
parser.add_argument("text")
parser.add_argument("--count", type=int, default=1)
args = parser.parse_args()
for number in range(args.count):
    print(args.text)
"""


@example("first_principles")
def first_principles() -> None:
    """From sys.argv to argparse: which questions a parser answers, and which it leaves open."""

    def ask(title: str, program: str, *argv: str, read: int | None = None) -> None:
        words = [sys.executable, "-c", program, *argv]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.read() if read is None else child.stdout.read(read)
            child.stdout.close()
            last = child.stderr.read().decode().strip().splitlines()[-1:] or ["(nothing)"]
        print(f"  {title:34} exit {child.returncode:3}  {last[0][:32]}")

    print("1. sys.argv and print")
    ask("wrong order: 3 hello", NAIVE, "3", "hello")
    ask("nothing at all", NAIVE)
    ask("--help", NAIVE, "--help")
    print("2. argparse, straight from a tutorial")
    ask("nothing at all", TUTORIAL)
    ask("--count x hello", TUTORIAL, "--count", "x", "hello")
    ask("--help", TUTORIAL, "--help")
    print("...and what it leaves open")
    ask("--coun 2 hello: silently accepted", TUTORIAL, "--coun", "2", "hello")
    ask("| head -c 1: the reader leaves", TUTORIAL, "--count", "90000", "hello", read=1)
    print("3. the runner closes both: see exit_codes_and_pipes, and graceful_exit")


@example("exit_codes_and_pipes")
def exit_codes_and_pipes() -> None:
    """What `$?` says when a reader leaves early: ours, the bare frameworks and coreutils."""
    rows: list[tuple[str, int, str]] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for front in contenders.installed():
            for hardened in (False, True):
                subject = Subject(front, hardened=hardened, folder=folder)
                subject.fill(3000)
                seen = subject.closed_early("export", "-f", "ndjson", read=10)
                title = f"tasks export | head ({front}{', hardened' if hardened else ''})"
                rows.append((title, seen.exit, f"{len(seen.err)} bytes of complaint"))
        bash = shutil.which("bash")
        if bash is not None:
            line = 'seq 100000 | head -n 1; echo "${PIPESTATUS[0]}"'
            found = run_process([bash, "-c", line], env=clean_environment(folder), folder=folder)
            rows.append(
                ("seq | head (coreutils)", int(found.out.split()[-1]), "0 bytes of complaint")
            )
        for argv in (["done", "9999"], ["lst"], ["import", "nothing"], ["add", ""]):
            result = invoke("argparse", argv, folder=folder)
            rows.append((f"tasks {' '.join(argv) or repr('')}", result.exit, describe(result.exit)))
    for title, code, what in rows:
        print(f"{title:41} {code:3}  {what[:33]}")
    if bash is None:
        print("no bash here, so nothing to compare with coreutils")


if __name__ == "__main__":
    main()
