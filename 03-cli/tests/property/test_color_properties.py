"""What holds for every environment and every text."""

from __future__ import annotations

import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli.color import (
    COLORS,
    NAMES,
    Decision,
    Level,
    Style,
    decide,
    display_width,
    strip_ansi,
)

VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM", "COLORTERM")
words = st.sampled_from(["", "0", "1", "2", "3", "false", "true", "dumb", "xterm-256color"])
environments = st.dictionaries(st.sampled_from(VARIABLES), words | st.text(max_size=5))
colors = st.sampled_from(NAMES)
decisions = st.sampled_from(Level).map(lambda level: Decision(level > 0, level, ""))


# The first text of a process loads Unicode's tables, which a busy machine takes seconds for.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def decided(env: dict[str, str], flag: str, tty: bool, platform: str = "linux") -> Decision:
    return decide(
        Stream(tty), flag=flag, env=env, platform=platform, virtual_terminal=lambda _: True
    )


@given(environments, st.sampled_from(COLORS), st.booleans(), st.sampled_from(["linux", "win32"]))
@quick
def test_every_environment_has_an_answer_with_a_reason(
    env: dict[str, str], flag: str, tty: bool, platform: str
) -> None:
    found = decided(env, flag, tty, platform)

    assert found.enabled == (found.level is not Level.NONE)
    assert found.reason


@given(environments, st.sampled_from(COLORS), st.booleans(), st.text())
@quick
def test_adding_no_color_never_enables(
    env: dict[str, str], flag: str, tty: bool, value: str
) -> None:
    before = decided(env, flag, tty).enabled
    after = decided({**env, "NO_COLOR": value}, flag, tty).enabled

    # An empty value takes an existing NO_COLOR away.
    if value or not env.get("NO_COLOR"):
        assert after <= before


@given(environments, st.booleans())
@quick
def test_adding_force_color_never_disables(env: dict[str, str], tty: bool) -> None:
    assert decided({**env, "FORCE_COLOR": "1"}, "auto", tty).enabled >= (
        decided(env, "auto", tty).enabled
    )


@given(st.text(), colors, st.booleans(), decisions)
@quick
def test_a_style_changes_no_width(text: str, fg: str, bold: bool, decision: Decision) -> None:
    styled = Style(text, fg, bold).render(decision)

    assert display_width(strip_ansi(styled)) == display_width(strip_ansi(text))


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]m0;\x07\\\x9b")))
@quick
def test_what_is_stripped_holds_no_escape_and_is_stripped_for_good(text: str) -> None:
    plain = strip_ansi(text)

    assert "\x1b" not in plain
    assert not any("\x80" <= character <= "\x9f" for character in plain)
    assert strip_ansi(plain) == plain


@given(st.text(), st.text())
@quick
def test_widths_add_up(first: str, second: str) -> None:
    assert display_width(first + second) == display_width(first) + display_width(second)
