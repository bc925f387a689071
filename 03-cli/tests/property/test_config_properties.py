"""The winner of many layers equals a five-line reference, and TOML goes round."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli.config import Files, load
from velvet_cli.config.toml_text import parse
from velvet_cli.contract import Param

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAMES = ("alpha", "beta", "gamma")
SPEC = tuple(Param(name, type=int, default=-1, env=f"T_{name.upper()}") for name in NAMES)
LAYERS = ("cli", "env", "project profile", "project", "user profile", "user", "system")
layers = st.fixed_dictionaries(
    {
        layer: st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9), max_size=3)
        for layer in LAYERS
    }
)


def _file(folder: Path, name: str, found: dict[str, Any]) -> Path:
    path = folder / f"{name}.toml"
    profile = found.get(f"{name} profile", {})
    path.write_text(tomlkit.dumps({**found[name], "profile": {"p": profile}}), encoding="utf-8")
    return path


@given(layers)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_winner_is_the_first_layer_that_has_a_word(found: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as made:
        files = Files(*(_file(Path(made), name, found) for name in ("project", "user", "system")))
        env = {f"T_{name.upper()}": str(value) for name, value in found["env"].items()}

        loaded = load(SPEC, cli=found["cli"], env=env, files=files, profile="p")

    for name in NAMES:
        expected = next((found[layer][name] for layer in LAYERS if name in found[layer]), -1)
        assert loaded[name] == expected
        assert [row.won for row in loaded.explain(name)].count(True) == 1
        assert len(loaded.explain(name)) == 1 + sum(name in found[layer] for layer in LAYERS)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | texts
documents = st.recursive(
    st.dictionaries(texts, plain | st.lists(texts, max_size=3), max_size=4),
    lambda inner: st.dictionaries(texts, inner | plain, max_size=3),
    max_leaves=8,
)


@given(documents)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_dumped_is_read_back_and_every_key_has_its_line(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)

    parsed, lines = parse(text.encode(), Path("x.toml"))

    assert parsed == tomllib.loads(text) == document
    written = text.split("\n")
    for keys, line in lines.items():
        assert tomlkit.dumps({keys[-1]: 0}).removesuffix(" = 0\n") in written[line - 1]
    assert {keys[0] for keys in lines} == set(document)
