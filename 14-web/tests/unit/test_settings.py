"""Settings that make no sense end the start."""

from __future__ import annotations

import pytest

from velvet_web.settings import Settings


def test_the_environment_gives_back_what_was_put_in() -> None:
    chosen = Settings(dsn="board.db", cors_origins=("https://a", "https://b"), max_wait=0.25)

    assert Settings.from_env(chosen.to_env()) == chosen


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"VELVET_WEB_DNS": "x"}, "is no setting"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_MAX_QUEUE": "many"}, "is no int"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_BUSY": "nan"}, "busy is nan"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_STORE": "fork"}, "one of inline, threads"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_MAX_BODY": "0"}, "1 or more"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_SECRET": "short"}, "shorter than 16"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_PUBLIC_URL": "board.example"}, "give https://"),
        ({"VELVET_WEB_DSN": "x", "VELVET_WEB_PUBLIC_URL": "https://board.example/"}, "a slash"),
        ({}, "dsn is empty"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Settings.from_env(variables)


def test_other_variables_are_not_looked_at() -> None:
    assert Settings.from_env({"VELVET_WEB_DSN": "x", "PATH": "/bin"}).dsn == "x"


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings(dsn="postgresql://user:marmalade@127.0.0.1/board"))

    assert "marmalade" not in shown
    assert "secret" not in shown
