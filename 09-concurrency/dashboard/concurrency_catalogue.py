"""What `benchmarks/measure.py` declares, as JSON, asked in a child.

Importing a measure file puts its folder and its neighbours' names into the process, which a page
that shows several modules must not do to itself. Run as a script this prints one object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_PATIENCE_S = 60.0


def catalogue(measure: Path) -> dict[str, Any]:
    """Return comparisons with their contenders, claims and published figures, or `problem`."""
    if not measure.is_file():
        return {
            "problem": f"{measure.name} is missing: get the module complete, with `git restore`"
        }
    try:
        ended = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), str(measure)],
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
            timeout=_PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
        found: dict[str, Any] = json.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        return {"problem": f"{measure.name} gave no answer within {_PATIENCE_S:g} s"}
    except ValueError:
        last = ended.stderr.strip().splitlines()[-1:] or [f"exit code {ended.returncode}"]
        return {"problem": f"{measure.name} cannot be read: {last[0][:300]}"}
    return found


def describe(measure: Path) -> dict[str, Any]:
    """Import a measure file and describe it; in a process of its own."""
    from velvet.bench.worker import load_suite
    from velvet.needs import all_unmet

    suite = load_suite(measure)
    return {
        "comparisons": [
            {
                "name": one.name,
                "title": one.title,
                "kind": one.kind,
                "unit": one.unit,
                "clock": one.clock,
                "metric": one.main_metric,
                "baseline": one.baseline,
                "contenders": {
                    contender.name: "; ".join(map(str, all_unmet(contender.needs)))
                    for contender in one.contenders.values()
                },
            }
            for one in suite.comparisons.values()
            if one.in_tier("quick")
        ],
        "claims": [
            {
                "text": claim.text,
                "benches": sorted({b for p in claim.condition.parts for b in p.operand.benches}),
                "parts": [f"{part.operand.text} {part.bound}" for part in claim.condition.parts],
            }
            for claim in suite.claims
        ],
    }


if __name__ == "__main__":
    print(json.dumps(describe(Path(sys.argv[1]))))  # noqa: T201 - the answer of this child
