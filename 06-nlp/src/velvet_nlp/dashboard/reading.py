"""Read: one text, cut by every tokenizer and labelled by every tagger."""

from __future__ import annotations

from collections import Counter
from typing import Any

from velvet.ui import kit
from velvet_nlp.contenders.tokenizers import regex
from velvet_nlp.dashboard import tasks
from velvet_nlp.dashboard.arena import tell_absent

SAMPLE = "Dr. Vell can't pay $2.1m for gran's e-mail, says Ama from Port Sable :-)"
TASKS = {"Parts of speech": "pos", "Entities": "ner"}


def controls() -> dict[str, Any]:
    """Ask for the text and what is labelled."""
    text = kit.text("Text", SAMPLE, max_chars=tasks.MAX_TEXT)
    return {"text": text, "task": TASKS[kit.choice("Labels", list(TASKS), "Parts of speech")]}


def cuts_of(cuts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each tokenizer's tokens; those that fewer than half of the others have are marked."""
    seen = Counter(token for one in cuts for token in set(one["tokens"]))
    return [
        {
            "tokenizer": one["name"].replace("_", " "),
            "tokens": len(one["tokens"]),
            "text": " ┃ ".join(
                token if 2 * seen[token] >= len(cuts) else f"[{token}]" for token in one["tokens"]
            ),
        }
        for one in cuts
    ]


def labels_of(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a row for each word with every tagger's label; where they differ, a mark."""
    rows = []
    for at, word in enumerate(found[0]["words"]):
        labels = {one["name"].replace("_", " "): one["labels"][at] for one in found}
        differ = "≠" if len(set(labels.values())) > 1 else ""
        rows.append({"word": word, **labels, "differ": differ})
    return rows


def draw(seen: kit.Seen) -> None:
    """Draw the cuts, then the labels."""
    if cuts := seen.of("cut"):
        seen.table(cuts_of(cuts))
    if found := seen.of("labels"):
        seen.table(labels_of(found))
    tell_absent(seen)


def finding(seen: kit.Seen) -> str:
    """Say how far tokenizers and taggers are apart."""
    cuts, found = seen.of("cut"), seen.of("labels")
    if len(cuts) < 2 or len(found) < 2:
        return ""
    counts = [len(one["tokens"]) for one in cuts]
    rows = labels_of(found)
    differ = sum(bool(row["differ"]) for row in rows)
    return (
        f"The same text is **{min(counts)} to {max(counts)}** tokens, and the {len(found)} taggers "
        f"disagree about **{differ} of {len(rows)}** words."
    )


TAB = kit.Tab(
    "Read",
    question="What does each library make of one sentence?",
    tip="Write a sentence with a price, a link or a name that no corpus has.",
    job=kit.Job(tasks.read, label="Read", cap_s=240, recorded="read.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(regex.Regex.spans,),
    command="velvet run 06 basic same_text_seven_tokenizers",
    next_step="Search",
)
