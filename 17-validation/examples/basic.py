"""Basic examples: one bad payload in many libraries, silent conversions, settings that fail."""

from __future__ import annotations

import os
import subprocess
import sys

from velvet.examples import example, main
from velvet_validation import coercion, errors
from velvet_validation.contender import Invalid, validate
from velvet_validation.contenders import contender, installed
from velvet_validation.samples.cases import valid


@example("first_model")
def first_model() -> None:
    """One sign-up with two faults, as each installed library answers it."""
    payload = {**valid("signup"), "age": "42 years", "password": "short"}
    print("sent: age = '42 years', password = 'short' (8 characters needed)\n")

    found = {}
    for name, library in installed().items():
        compiled = library.build("signup")
        try:
            validate(compiled, payload)
            found[name] = ("accepted it",)
        except Invalid as error:
            found[name] = tuple(p.pointer or "(no path)" for p in error.problems)
        print(f"{library.label:16} {', '.join(found[name])}")

    both = [name for name, paths in found.items() if len(paths) == 2]
    print(f"\n{len(both)} of {len(found)} point to both faults at once")
    print("why: collecting errors costs time and code, so fast libraries stop at the")
    print("     first; a form wants all of them, a message queue does not care.")


SENT = (True, 1.5, "1", " 1 ", "1_000", "\uff11", 1.0)


@example("coercion_table")
def coercion_table() -> None:
    """What becomes of seven inputs where an int is declared, by default and strict."""
    letters = {"same": "ok", "converted": "conv", "lossy": "LOSSY", "rejected": "."}
    print(f"{'':21}" + "".join(f"{given!r:>8}" for given in SENT))
    lossy = {"default": 0, "strict": 0}
    for mode in lossy:
        for name in ("pydantic", "msgspec", "cattrs", "marshmallow", "voluptuous"):
            compiled = contender(name).build_type(int, mode)
            cells = [coercion.cell(compiled, given) for given in SENT]
            words = [letters.get(cell.kind.value, "!") for cell in cells]
            lossy[mode] += words.count("LOSSY")
            print(f"{name:12} {mode:8}" + "".join(f"{word:>8}" for word in words))
    print(f"\nlossy by default: {lossy['default']}, strict: {lossy['strict']}")
    print("msgspec comes strict; its default here is strict=False, on request.")
    print("why: a form sends text, so libraries convert; what a conversion drops is")
    print("     gone without an error. Between machines, switch conversions off.")


PROGRAM = """
from velvet_validation.settings import AppSettings, explain, load_or_exit
for row in explain(load_or_exit(AppSettings)):
    print(f"  {row.field:18} {row.shown:12} {row.origin}")
"""


@example("settings_fail_fast")
def settings_fail_fast() -> None:
    """A service with a wrong environment says every problem at once and no secret."""

    def start(**variables: str) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**plain, "PYTHONIOENCODING": "utf-8", **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    wrong = start(APP_WORKERS="many", APP_DATABASE__PORT="99999", APP_DATABASE__PASSWORD="qX7-9")
    print(f"exit code {wrong.returncode}")
    print(wrong.stderr)
    right = start(APP_API_KEY="kY3-8", APP_WORKERS="4", APP_DATABASE__PASSWORD="qX7-9")
    print(f"exit code {right.returncode}")
    print(right.stdout)
    shown = errors.contains_part(wrong.stderr + right.stdout, "qX7-9")
    print(f"the password was printed: {shown}")
    print("why: a setting that is wrong at night is found at start, before any request;")
    print("     exit code 78 tells the supervisor that a restart will not help.")


if __name__ == "__main__":
    main()
