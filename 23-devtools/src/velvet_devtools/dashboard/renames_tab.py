"""One rename, three ways: which lines changed, and which comments are gone."""

from __future__ import annotations

import difflib
from html import escape
from typing import Any

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import MISTY_ROSE, STROKES
from velvet_devtools.codemods import apply, comments
from velvet_devtools.dashboard import tasks

FILES = ("textwrap.py", "shlex.py", "fnmatch.py", "colorsys.py", "bisect.py")
SHOWN = 60


def controls() -> dict[str, Any]:
    """Ask for the file."""
    return {"file": kit.choice("Module of the standard library", FILES, "fnmatch.py")}


def diff_of(before: str, after: str) -> str:
    """Return a diff as HTML; the lines of lost comments stand in red."""
    rows = []
    lost = tuple(comments(before.encode()) - comments(after.encode()))
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0):
        if line.startswith(("---", "+++", "@@")):
            continue
        gone = line[0] == "-" and line.endswith(lost)
        style = f"color:{STROKES[1]};background:{MISTY_ROSE};" if gone else ""
        rows.append(f"<div style='{style}'>{escape(line) or ' '}</div>")
    more = f"<div>... {len(rows) - SHOWN} more lines</div>" if len(rows) > SHOWN else ""
    body = "".join(rows[:SHOWN]) or "<div>nothing changed</div>"
    return f"<pre class='velvet-figure' style='overflow-x:auto'>{body}{more}</pre>"


def draw(seen: kit.Seen) -> None:
    """Draw the counts, and the diff of the way that is chosen."""
    sources, ways = seen.of("source"), seen.of("way")
    if not ways:
        if sources:
            seen.table([{"rename": sources[0]["old"], "to": f"new_{sources[0]['old']}"}])
        return
    seen.table(
        [
            {
                "way": way["name"],
                "comments kept": f"{way['comments']} of {way['of']}",
                "wrong edits": way["wrong"],
            }
            for way in ways
        ]
    )
    chosen = kit.choice("Diff of", [way["name"] for way in ways], ways[-1]["name"])
    text = next(way["text"] for way in ways if way["name"] == chosen)
    html(diff_of(sources[0]["text"], text))


def finding(seen: kit.Seen) -> str:
    """Say what each way loses."""
    ways = {way["name"]: way for way in seen.of("way")}
    if len(ways) < 3:
        return ""
    tree, regex = ways["ast_unparse"], ways["regex"]
    return (
        f"The standard library's tree loses **{tree['of'] - tree['comments']} of {tree['of']} comments**; the "
        f"regular expression makes **{regex['wrong']} wrong edits**; LibCST loses nothing."
    )


TAB = kit.Tab(
    "Codemod diff",
    question="What does a rename lose, by regular expression, by ast, by LibCST?",
    tip="Press Rename and look at the diff of ast_unparse: every comment is a red line.",
    job=kit.Job(tasks.renames, label="Rename", recorded="renames.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(apply,),
    command="velvet run 23 codemod_three_ways",
    next_step="Repo health",
)
