"""What a library costs before it does anything: memory and CPU seconds, in a process of its own.

Each step is a line of Python that a fresh interpreter runs; after each one it reports its memory
and its CPU time. A process that has imported spaCy once cannot be asked what importing it costs, so
nothing here runs in the caller. `without` hides packages from the child, as if they were not
installed: that prices a library's optional friends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
PROGRAM = """
import importlib.abc, json, sys, time
import psutil

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in request["without"]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def state():
    return psutil.Process().memory_info().rss / 2**20, time.process_time()

request = json.loads(sys.argv[1])
sys.meta_path.insert(0, Hidden())
room = {}
memory, spent = state()
for name, code in request["steps"].items():
    exec(code, room)
    now, later = state()
    print(json.dumps([name, now - memory, later - spent]), flush=True)
    memory, spent = now, later
"""


class ProfileError(RuntimeError):
    """The child ended before its last step."""


@dataclass(frozen=True)
class Step:
    """What one step added: MiB of resident memory, CPU seconds."""

    name: str
    mib: float
    cpu_s: float


def measure(
    steps: Mapping[str, str], *, without: Collection[str] = (), limit_s: float = 120.0
) -> list[Step]:
    """Run lines of code in a fresh interpreter and return what each one added.

    Args:
        steps: name -> Python code; all share one namespace.
        without: packages that the child cannot import.
        limit_s: seconds after which the child is ended.

    Raises:
        ValueError: there is no step.
        ProfileError: the child failed, was killed or took too long; its last line is the message.
    """
    if not steps:
        raise ValueError("there is nothing to measure: give at least one step")
    request = json.dumps({"steps": dict(steps), "without": sorted(without)})
    argv = [sys.executable, "-c", PROGRAM, request]
    env = {**os.environ, **ONE_THREAD, **OFFLINE}
    try:
        done = subprocess.run(argv, capture_output=True, env=env, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise ProfileError(f"the child was ended after {limit_s:g} s") from None
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no output"]
        raise ProfileError(f"the child ended with {done.returncode}: {last[0]}")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"[")]
    if len(rows) != len(steps):
        raise ProfileError(f"the child reported {len(rows)} of {len(steps)} steps, then ended")
    return [Step(*row) for row in rows]


def total(steps: Sequence[Step]) -> Step:
    """Return the sum of steps."""
    given = list(steps)
    return Step("total", sum(one.mib for one in given), sum(one.cpu_s for one in given))


# What each approach needs before its first token; `comparisons` and the dashboard price these.
BILLS: dict[str, dict[str, str]] = {
    "nltk": {
        "import": "from nltk.tag.perceptron import PerceptronTagger",
        "load": "tagger = PerceptronTagger(load=False)",
    },
    "spacy": {"import": "import spacy", "load": "nlp = spacy.blank('en'); nlp('one sentence')"},
    "numpy_minilm": {
        "import": "from velvet_nlp.word_vectors import minilm",
        "load": "bert = minilm(); bert.embed(['one sentence'])",
    },
    "torch_minilm": {
        "import": "import torch; from transformers import AutoModel, AutoTokenizer",
        "load": (
            "from velvet_nlp.tiers import minilm_folder as where\n"
            "tok = AutoTokenizer.from_pretrained(where()); model = AutoModel.from_pretrained(where())\n"
            "model(**tok('one sentence', return_tensors='pt'))"
        ),
    },
    "sentence_transformers": {
        "import": "from sentence_transformers import SentenceTransformer",
        "load": (
            "from velvet_nlp.tiers import minilm_folder as where\n"
            "model = SentenceTransformer(str(where())); model.encode(['one sentence'])"
        ),
    },
}
