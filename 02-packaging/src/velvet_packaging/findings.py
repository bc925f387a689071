"""What a verifier reports: findings with a code, and the table of all codes.

A finding names the rule (its code), the place, and one sentence. Codes are stable: a build may
allow one of them on purpose, as setuptools' own wheel has a `.pth` file on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Severity = Literal["error", "warning"]
Profile = Literal["strict", "installer"]

CODES: dict[str, str] = {
    "ZIP001": "the archive has no end record, or it is cut off",
    "ZIP002": "bytes stand before the first record",
    "ZIP003": "bytes stand after the end record",
    "ZIP004": "bytes stand between two records",
    "ZIP005": "two records overlap",
    "ZIP006": "a second end record is hidden in the comment",
    "ZIP007": "central directory and local header disagree",
    "ZIP008": "an entry has a data descriptor, so its local header says nothing",
    "ZIP009": "two entries have one name",
    "ZIP010": "an extra field is malformed, duplicated, or contradicts the header",
    "ZIP011": "a name is empty, holds a NUL, is not UTF-8 or not marked as such",
    "ZIP012": "the archive expands beyond the limits (a bomb)",
    "ZIP013": "an entry is encrypted, on another disk, or uses another method than deflate",
    "ZIP014": "zip64 records are absent, malformed, or contradict the end record",
    "ZIP015": "an entry's data do not inflate to the promised size and CRC",
    "REC001": "there is no RECORD",
    "REC002": "a row of RECORD is malformed",
    "REC003": "RECORD lists a file that is absent",
    "REC004": "a file is not listed in RECORD",
    "REC005": "a file's digest is not the recorded one",
    "REC006": "a file's size is not the recorded one",
    "NAM001": "a path leads out of the archive",
    "NAM002": "a path is absolute or names a drive",
    "NAM003": "a path holds a backslash or an empty part",
    "NAM004": "a name is reserved on Windows",
    "NAM005": "two paths differ by case alone",
    "NAM006": "an entry is a link or a device",
    "NAM007": "the file's own name breaks its specification",
    "MET001": "there is not exactly one .dist-info folder, or one root folder of an sdist",
    "MET002": "the folder's name is not the file's name and version",
    "MET003": "METADATA, PKG-INFO, WHEEL or pyproject.toml is absent or unreadable",
    "MET004": "the metadata name another project than the file name",
    "MET005": "the metadata name another version than the file name",
    "MET006": "the Wheel-Version is not supported",
    "MET007": "the Metadata-Version is unknown",
    "MET008": "a field breaks a rule of the core metadata",
    "MET009": "the tags of the file name are not those of WHEEL, or not pure though they say so",
    "HYG001": "a .pth file runs at every start of the interpreter",
    "HYG002": "a top-level name shadows a well-known package",
    "HYG003": "`tests`, `src` or the like is installed at the top level",
    "HYG004": "bytecode is packed",
    "HYG005": "a machine-code file is in a wheel that says it is pure Python",
}
WARNINGS = frozenset({"ZIP008", "NAM004", "MET007", "HYG003", "HYG004"})


@dataclass(frozen=True)
class Finding:
    """One fault: its code, what exactly was seen, and where."""

    code: str
    message: str
    where: str = ""

    @property
    def severity(self) -> Severity:
        """Whether it is an error, or something that a build may allow."""
        return "warning" if self.code in WARNINGS else "error"

    def __str__(self) -> str:
        return f"{self.code} {self.where + ': ' if self.where else ''}{self.message}"


@dataclass(frozen=True)
class Report:
    """All findings of one file under one profile."""

    findings: tuple[Finding, ...]
    profile: Profile = "strict"

    @property
    def ok(self) -> bool:
        """Whether the file passes: `installer` allows warnings and hygiene, `strict` no finding."""
        if self.profile == "strict":
            return not self.findings
        return not any(
            one.severity == "error" and not one.code.startswith("HYG") for one in self.findings
        )

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that were found, sorted, each once."""
        return tuple(sorted({one.code for one in self.findings}))


def report(findings: Iterable[Finding], profile: Profile = "strict") -> Report:
    """Return findings as a report, each once and in their order; an unknown profile is refused."""
    if profile not in get_args(Profile):
        raise ValueError(f"profile {profile!r}: choose one of {', '.join(get_args(Profile))}")
    return Report(tuple(dict.fromkeys(findings)), profile)
