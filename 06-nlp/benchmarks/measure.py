"""What module 06 claims about NLP on little data, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Rows that need MiniLM's wheel or torch
are listed with the command that installs them where they are absent.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_nlp.comparisons import bills, cutting, meaning, tagging

suite = Suite("06-nlp", __file__)
for subject in (cutting, tagging, meaning, bills):
    subject.add_to(suite)

suite.published(
    "pos_speed",
    {("spacy_cnn", "ops"): 10_014},
    source="spaCy, Facts & Figures: en_core_web_lg, whole pipeline, words per second on a CPU",
)

if __name__ == "__main__":
    main(suite)
