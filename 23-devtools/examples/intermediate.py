"""Intermediate examples: a hunt for defects, a crash explored, a live program stopped, a rename."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_devtools import codemods, matrix, process
from velvet_devtools.contenders.checkers import CHECKERS
from velvet_devtools.contenders.renames import RENAMES
from velvet_devtools.debug import dap, postmortem
from velvet_devtools.samples import corpus

LOOP = """\
import time

def pay(n, total):
    state = {'a': n * 2, 'b': n * 4, 'total': total}
    return state['a']

total = n = 0
while True:
    n += 1
    total += pay(n, total)
    time.sleep(0.005)
"""


@example("defect_hunt")
def defect_hunt() -> None:
    """Run the quick tools on 72 defects with fixed twins, and print what each one finds."""
    found = matrix.measure(
        [("ruff", "pyflakes"), ("ruff", "default"), ("ruff", "wide"), ("vulture", "default"),
         ("ty", "default"), ("pyrefly", "default"), ("pyrefly", "preset")]
    )  # fmt: skip
    print(f"{'tool':18} found unique alarms noise")
    for row in found.rows:
        counts = len(row.found), len(found.unique(row)), len(row.false_alarms), row.noise
        print(
            f"{row.name:18} {counts[0]:5} {counts[1]:6} {counts[2]:6} {counts[3]:5}  {row.problem[:25]}"
        )
    pair = found.best_pair()
    if pair:
        together = len(pair[0].found | pair[1].found)
        print(f"best pair: {pair[0].name} with {pair[1].name} finds {together} of 72")
    print(f"none of these finds {len(found.missed_by_all())}, among them an off-by-one")
    print(f"all {len(CHECKERS)} tools: velvet dashboard 23, or RESULTS.md")


@example("post_mortem")
def post_mortem() -> None:
    """Crash a program, keep a dump without its password, and walk through it in another process."""
    job = (
        "import pathlib, sys\nfrom velvet_devtools.debug import postmortem\n"
        "postmortem.install(pathlib.Path(sys.argv[1]))\n\n"
        "def connect(password):\n    retries = 3\n    raise OSError('refused')\n\nconnect('hunter22')\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file, dump = Path(folder) / "job.py", Path(folder) / "crash.json"
        file.write_text(job, encoding="utf-8")
        crashed = process.run([sys.executable, str(file), str(dump)])
        print(f"the job ended with {crashed.exit_code}: {crashed.stderr.splitlines()[-1]}")
        explorer = postmortem.Explorer(postmortem.Dump.load(dump))
        for command in ("w", "l", "a", "up"):
            print(f"(dump) {command}\n{explorer.do(command)}")
        leaked = "hunter22" in dump.read_text(encoding="utf-8")
        print(f"the password is in the file: {leaked}")


@example("attach_live", needs=["debugpy"])
def attach_live() -> None:
    """Attach to a program that is running, stop it at the ninth turn or later, and let it go on."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "loop.py"
        script.write_text(LOOP, encoding="utf-8")
        line = dap.source_line(script, "return state")
        with dap.target([str(script)], wait=False) as target:
            with dap.DapSession(target.port) as session:
                session.attach({script: [dap.Breakpoint(line, condition="n >= 9")]})
                print(f"stopped: {session.wait_stopped()}")
                print(f"in {session.stack()[0]['name']}, state a is twice n:", end=" ")
                print(session.evaluate("state['a'] == 2 * n and state['b'] == 4 * n"))
                print(f"one step on: {session.step()}")
            alive = target.child.poll() is None
            print(f"after the debugger has left, the program runs: {alive}")


@example("codemod_three_ways")
def codemod_three_ways() -> None:
    """Rename a function in three standard-library modules in three ways, and count what is lost."""
    names = {"textwrap.py": "dedent", "fnmatch.py": "translate", "shlex.py": "quote"}
    print(f"{'way':12} comments kept   in texts and attributes")
    for way in ("regex", "ast_unparse", "libcst"):
        kept = whole = wrong = 0
        for file, old in names.items():
            source = (corpus.LIBRARY / file).read_text(encoding="utf-8")
            made = RENAMES[way](source, old, "renamed")
            whole += codemods.comments(source.encode()).total()
            kept += codemods.comments(made.encode()).total()
            wrong += corpus.wrong_edits(source, made, old, "renamed")
        print(f"{way:12} {kept:4} of {whole:4}   {wrong:4} wrong edits")
    print("the judge is built on symtable, and shares no code with any of the three")


if __name__ == "__main__":
    main()
