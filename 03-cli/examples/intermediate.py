"""Intermediate examples: settings, colour, progress and completion, each with its reason."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from velvet.examples import example, main
from velvet_cli import contenders
from velvet_cli.color import decide
from velvet_cli.comparisons.colours import ENVIRONMENTS, OURS, survey
from velvet_cli.comparisons.progress import BARE
from velvet_cli.comparisons.progress import HERE as PLACES
from velvet_cli.comparisons.progress import lap
from velvet_cli.comparisons.running import invoke
from velvet_cli.completion.script import script
from velvet_cli.config import ConfigError, Files, load
from velvet_cli.contract import CONTRACT, Param
from velvet_cli.store import TaskStore


@example("where_did_that_come_from")
def where_did_that_come_from() -> None:
    """Five layers of one configuration, and for each value the file and line that won."""
    spec = [*CONTRACT.settings().values(), Param("sync_token", env="TASKS_TOKEN")]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project, user = folder / "tasks.toml", folder / "config.toml"
        project.write_text(
            '# ours\nlimit = 20\n"tags+" = ["garden"]\n\n[profile.work]\norder = "priority"\n',
            encoding="utf-8",
        )
        user.write_text(
            'limit = 5\norder = "title"\ntags = ["home"]\nsync_token = "hunter2"\n',
            encoding="utf-8",
        )
        settings = load(
            spec,
            cli={"color": "never"},
            env={"TASKS_LIMIT": "7"},
            files=Files(project, user),
            profile="work",
        )

        print(f"{'setting':11} {'layer':24} {'from':16} value")
        for name in ("color", "limit", "order", "tags", "sync_token"):
            for origin in settings.explain(name):
                source = origin.source.removeprefix(f"{folder}{os.sep}")
                mark = "<- wins" if origin.won and origin.layer != "default" else ""
                row = f"{name:11} {origin.layer:24} {source:16} {origin.value:10} {mark}"
                print(row.rstrip())
        print(f"\ntags = {settings['tags']}: an appending key adds to the layer below it")

        project.write_text('limit = 20\nodrer = "priority"\n', encoding="utf-8")
        try:
            load(spec, files=Files(project, user))
        except ConfigError as error:
            print(f"a mistake: {str(error).removeprefix(f'{folder}{os.sep}')}")


@example("colour_truth_table")
def colour_truth_table() -> None:
    """Fourteen environments, on a terminal and a pipe: who colours, who only half obeys."""
    names = [*contenders.installed(), OURS]
    asked = [(place, name) for place in PLACES for name in names]
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda one: survey(one[1], one[0], env=os.environ), asked)
        found = dict(zip(asked, answers, strict=True))

    marks = {"colour": "C", "style": "b", "plain": "."}
    print("C colour, b bold without colour, . no escape sequence at all")
    print(f"{'':29}" + "".join(f"{place:{5 * len(names)}}" for place in PLACES).rstrip())
    heads = "".join(f"{name[:4]:5}" for _ in PLACES for name in names)
    print(f"{'environment':29}{heads}".rstrip())
    for at, environment in enumerate(ENVIRONMENTS):
        text = " ".join(f"{name}={value}" for name, value in environment.items()) or "(none)"
        print(f"{text:29}" + "".join(f"{marks[found[one][at]]:5}" for one in asked).rstrip())

    print("\nWhy ours is as it is, on a pipe:")
    for environment in ENVIRONMENTS:
        if environment:
            text = " ".join(f"{name}={value}" for name, value in environment.items())
            print(f"  {text:32} {decide(io.StringIO(), env=environment).reason}")


@example("progress_cost")
def progress_cost() -> None:
    """Six ways to show progress around an empty loop: what an item costs, what is written."""
    items = 30_000
    bars = (BARE, "throttled", "rich", "tqdm", "click", "click_1000", "naive")
    asked = [(bar, place) for bar in bars for place in PLACES]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: lap(*one, items, env=os.environ), asked)
        laps = dict(zip(asked, answers, strict=True))

    head = "".join(f"{f'{place}: ns an item':>20}{'bytes':>10}" for place in PLACES)
    print(f"{'bar':12}{head}")
    for bar in bars:
        found = [laps[bar, place] for place in PLACES]
        print(f"{bar:12}" + "".join(f"{one.cpu_ns:20,.0f}{one.written:10,}" for one in found))

    place = PLACES[0]
    dearest = max(bars, key=lambda bar: laps[bar, place].cpu_ns)
    million = laps[dearest, place].cpu_ns * 1e6 / 1e9
    print(f"\nA million items under `{dearest}` would cost {million:.1f} s of nothing but its bar.")
    print("click_1000 is Click's bar with update_min_steps=1000: one argument.")
    naive, ours = laps["naive", place], laps["throttled", place]
    much = naive.cpu_ns > 3 * ours.cpu_ns and naive.written > 100 * ours.written
    print(f"naive costs three times ours, and writes a hundred times as much: {much}")
    if place == "pty":
        once, seldom, piped = (
            laps[one].cpu_ns for one in (("click", "pty"), ("click_1000", "pty"), ("click", "pipe"))
        )
        print(
            f"click costs three times click_1000, and three times a pipe: {once > 3 * max(seldom, piped)}"
        )


# What is typed before Tab, and what bash then has to add.
TABS = {
    "tasks li": "st ",
    "tasks list --format nd": "json ",
    "tasks done ": "1 ",
    "tasks add -t 'it": "'\\''s' ",
}
PROGRAM = """\
#!/bin/sh
[ "$1" = --complete ] && exec "{python}" -m velvet_cli argparse "$@"
[ -n "$_TASKS_COMPLETE" ] && exec "{python}" -m velvet_cli raw-click
printf '\\nstarted with:'; printf ' <%s>' "$@"; echo .
"""


@example("tab_tab", needs=("posix", "program:bash", "pexpect"))
def tab_tab() -> None:
    """Tab in a real bash: what is inserted and how long it takes, without and with Python."""
    import pexpect

    halves = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        TaskStore(folder / "tasks.jsonl").add("two words", tags=["home:garden", "$(date)", "it's"])
        (folder / "tasks").write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
        (folder / "tasks").chmod(0o755)
        path = f"{folder}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "TERM": "dumb", "TASKS_STORE": "tasks.jsonl"}
        asking = {"env": {"_TASKS_COMPLETE": "bash_source"}, "hardened": False}
        scripts = {
            "ours, from a table": (script("bash"), TABS),
            "Click's own": (invoke("click", [], "subprocess", **asking).out, list(TABS)[:2]),
        }
        for title, (text, lines) in scripts.items():
            (folder / "completion").write_text(text, encoding="utf-8")
            bash = pexpect.spawn("bash", ["--norc", "-i"], env=env, cwd=made, encoding="utf-8")
            bash.delaybeforesend = None
            bash.sendline("bind 'set enable-bracketed-paste off'; . ./completion; PS1='NO''W> '")
            bash.expect("NOW> ")
            waits = []
            print(f"{title}:")
            for line in lines:
                bash.send(line)
                bash.expect_exact(line)
                began = time.perf_counter()
                bash.send("\t")
                bash.expect_exact(TABS[line])
                waits.append((time.perf_counter() - began) * 1e3)
                bash.sendline("")
                bash.expect(r"started with: (.*)\.\r")
                print(f"  {line:24}<Tab> -> {bash.match.group(1):32}{waits[-1]:5.0f} ms")
            bash.close(force=True)
            halves.append(median(waits[:2]))
    print(f"the same two Tabs are sooner without Python: {halves[0] < halves[1]}")


if __name__ == "__main__":
    main()
