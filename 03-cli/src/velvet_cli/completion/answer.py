r"""What `tasks --complete` prints: the questions that the scripts of `script` ask.

Three of them: ``values KIND [WORDS...]`` from a static script, ``words [WORDS...]`` from the
dynamic ones of zsh, fish and PowerShell, and ``bash`` with bash's own variables. Answers are
lines of ``value<TAB>help``; bash gets what it will insert, quoted. Whatever is wrong, the answer
is empty: a message would land in the middle of the user's line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from velvet_cli.completion.engine import Candidate, complete
from velvet_cli.completion.quoting import rest_of
from velvet_cli.completion.values import dynamic_values, store_of
from velvet_cli.completion.words import Words, split
from velvet_cli.contract import CONTRACT


def answer(argv: Sequence[str], env: Mapping[str, str], *, cwd: Path) -> str:
    """Return the answer to a question, with the newline of each line.

    Args:
        argv: what follows ``--complete``.
        env: the environment; bash's `COMP_LINE`, `COMP_POINT` and `COMP_WORDBREAKS` are in it.
        cwd: the user's working directory.
    """
    question, rest = (argv[0], argv[1:]) if argv else ("", [])
    if question == "values" and rest:
        store = store_of(rest[1:], env, cwd=cwd)
        pairs = dynamic_values(rest[0], store=store, cwd=cwd)
        return "".join(f"{value}\t{_one_line(text)}\n" for value, text in pairs)
    if question == "words":
        words = Words(("tasks", *rest[:-1]), "".join(rest[-1:]))
        return "".join(f"{c.value}\t{_one_line(c.help)}\n" for c in _complete(words, env, cwd))
    if question == "bash" and "COMP_LINE" in env:
        point = env.get("COMP_POINT", "")
        words = split(
            env["COMP_LINE"],
            int(point) if point.isdigit() else None,
            env.get("COMP_WORDBREAKS", ":="),
        )
        return "".join(f"{_insert(c, words)}\n" for c in _complete(words, env, cwd))
    return ""


def _complete(words: Words, env: Mapping[str, str], cwd: Path) -> list[Candidate]:
    def dynamic(kind: str, current: str) -> list[tuple[str, str]]:
        store = store_of(words.prefix_words[1:], env, cwd=cwd)
        return list(dynamic_values(kind, current, store=store, cwd=cwd))

    return complete(CONTRACT, words, dynamic=dynamic)


def _insert(candidate: Candidate, words: Words) -> str:
    """Return what bash has to insert after the part of the word that it keeps."""
    text = rest_of(candidate.value[words.wordbreak_at :], words.quote)
    # Bash closes the quote when one candidate is left, unless the text ends with such a mark.
    return text + words.quote if words.quote and text.endswith(words.quote) else text


def _one_line(text: str) -> str:
    return " ".join(text.split())
