"""Completion made from the contract: no framework has to be imported for it at Tab time."""

from velvet_cli.completion.answer import answer
from velvet_cli.completion.engine import Candidate, complete
from velvet_cli.completion.quoting import quote
from velvet_cli.completion.script import MODES, script
from velvet_cli.completion.words import Words, split

__all__ = [
    "MODES",
    "Candidate",
    "Words",
    "answer",
    "complete",
    "quote",
    "script",
    "split",
]
