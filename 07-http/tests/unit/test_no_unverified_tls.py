"""Nothing in this module switches verification off, and a test knows what that would look like."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parents[2]
OFF = re.compile(
    r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|SSL_VERIFYPEER,\s*0|ssl=False"
)


def test_the_pattern_finds_what_it_looks_for() -> None:
    assert OFF.search("requests.get(url, verify=False)")


def test_no_file_switches_verification_off() -> None:
    files = [*HERE.glob("src/**/*.py"), *HERE.glob("examples/*.py"), *HERE.glob("benchmarks/*.py")]

    assert files
    assert [path.name for path in files if OFF.search(path.read_text(encoding="utf-8"))] == []
