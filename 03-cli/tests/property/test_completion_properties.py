"""Taking a line apart is the inverse of quoting, and a candidate always continues the line."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli.completion import complete, quote, split
from velvet_cli.completion.quoting import rest_of
from velvet_cli.contract import CONTRACT

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
special = st.sampled_from(" \t\n'\"\\$`!:=()*~#&|;<>é漢\x07")
texts = st.text(special | st.characters(exclude_characters="\0"), max_size=8)
styles = st.sampled_from(["\\", "'", '"'])


@given(st.lists(st.tuples(texts, styles), min_size=1, max_size=4))
@quick
def test_splitting_is_the_inverse_of_quoting(words: list[tuple[str, str]]) -> None:
    line = " ".join(quote(word, style) for word, style in words)

    found = split(line)

    assert [*found.prefix_words, found.current] == [word for word, _ in words]
    assert found.quote == ""


@given(texts, st.sampled_from(["'", '"']), st.integers(0, 8))
@quick
def test_the_rest_continues_an_open_quote(word: str, style: str, at: int) -> None:
    typed = f"tasks {style}{rest_of(word[:at], style)}"

    before = split(typed)
    after = split(typed + rest_of(word[at:], style) + style)

    assert before.current == word[:at]
    assert before.quote == style
    assert (after.current, after.quote) == (word, "")


@given(texts, st.integers(-1, 10), texts)
@quick
def test_no_line_is_refused_and_what_the_shell_keeps_is_a_part(
    line: str, point: int, wordbreaks: str
) -> None:
    found = split(line, point, wordbreaks)

    assert 0 <= found.wordbreak_at <= len(found.current)
    assert found.quote in ("", "'", '"')


pieces = st.sampled_from(
    [
        *(word for command in CONTRACT.commands for word in command.words),
        *(flag for command in CONTRACT.commands for p in command.params for flag in p.flags),
        *("--", "-", "--store", "--color=", "-qv", "-p5", "--format=j", "", "1", "x y"),
    ]
)


@given(st.lists(pieces, max_size=5), pieces)
@quick
def test_a_candidate_continues_the_word_and_the_line_stays_completable(
    words: list[str], current: str
) -> None:
    line = " ".join(map(quote, ["tasks", *words]))

    for candidate in complete(CONTRACT, split(f"{line} {current}")):
        assert candidate.value.startswith(split(f"tasks {current}").current)
        assert split(f"{line} {quote(candidate.value)}").current == candidate.value
