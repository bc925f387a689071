"""The parts of HTTP that no framework of the five does for a JSON API by itself.

Content negotiation, media types, entity tags and their precedence, and query strings, each after
the section of RFC 9110 that defines it. All functions are pure.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from velvet_web.domain import FieldError, Problem, invalid

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')


def accepts(header: str | None, offered: str) -> bool:
    """Tell whether an `Accept` header allows a media type (RFC 9110, 12.5.1).

    >>> accepts("text/html, application/*;q=0.5", "application/json")
    True
    >>> accepts("*/*, application/json;q=0", "application/json")
    False
    """
    if not (header or "").strip():
        return True
    best, quality = -1, 0.0
    major = offered.partition("/")[0]
    for part in (header or "").split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        precision = {"*/*": 0, f"{major}/*": 1, offered: 2}.get(media, -1)
        if precision > best:
            best, quality = precision, _quality(parameters)
    return quality > 0


def _quality(parameters: Sequence[str]) -> float:
    pairs = (parameter.partition("=") for parameter in parameters)
    try:
        return float(next((value for name, _, value in pairs if name.strip() == "q"), 1))
    except ValueError:
        return 0.0


def require_acceptable(header: str | None, offered: str) -> None:
    """Raise 406 when the client does not take the only type that we have."""
    if not accepts(header, offered):
        raise Problem(406, f"this resource is available as {offered} only")


def require_media_type(header: str | None, allowed: Sequence[str]) -> None:
    """Raise 415 unless `Content-Type` is one of ours, in UTF-8 (RFC 9110, 8.3)."""
    media, *parameters = (piece.strip().lower() for piece in (header or "").split(";"))
    charset = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    if media not in allowed or any(name != "utf-8" for name in charset):
        raise Problem(
            415,
            f"the body must be {' or '.join(allowed)} in UTF-8",
            headers={"accept-patch" if MERGE_PATCH in allowed else "accept": ", ".join(allowed)},
        )


def entity_tags(header: str) -> list[tuple[bool, str]]:
    """Return (weak, tag) pairs of a list of entity tags; a malformed list gives none."""
    found, position = [], 0
    while position < len(header):
        match = _TAG.match(header, position)
        if match is None:
            return []
        found.append((match[1] is not None, match[2]))
        position = match.end()
    return found


def check_preconditions(method: str, headers: Mapping[str, str], etag: str) -> None:
    """Evaluate `If-Match`, then `If-None-Match`, against an existing task (RFC 9110, 13.2.2).

    A missing task is not evaluated: without the header its answer is 404, and a precondition
    is ignored where the answer would be no success anyway (13.2.1).

    Raises:
        Problem: 412, or 304 for a GET or HEAD whose copy is current.
    """
    wanted = headers.get("if-match")
    # Strong comparison: a weak tag never matches.
    if wanted is not None and wanted.strip() != "*" and (False, etag) not in entity_tags(wanted):
        raise Problem(412, "the task has changed since; read it again", headers={"etag": etag})
    known = headers.get("if-none-match")
    if known is None:
        return
    if known.strip() == "*" or etag in (tag for _, tag in entity_tags(known)):
        if method in ("GET", "HEAD"):
            raise Problem(304, "not modified", headers={"etag": etag})
        raise Problem(412, "the task has the entity tag that was excluded")


def read_query(text: str, names: Sequence[str]) -> dict[str, str]:
    """Read known parameters from a query string; frameworks differ in what they do with two.

    Raises:
        Problem: 422 when a known parameter is given twice.
    """
    found, known = dict[str, str](), tuple(names)
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in known and name in found:
            raise invalid(FieldError(f"?{name}", "is given twice"))
        if name in known:
            found[name] = value
    return found


def host_name(header: str | None) -> str:
    """Return the name of a `Host` header without its port; empty when it is malformed."""
    pattern = r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::(\d{1,5}))?"
    match = re.fullmatch(pattern, (header or "").lower(), re.ASCII)
    # Two of five frameworks raise on a port that cannot be one.
    return match[1] if match and int(match[2] or 0) < 65536 else ""


def body_length(declared: str) -> int:
    """Return a declared `Content-Length`; what is no length counts as an endless one."""
    short = declared.isascii() and declared.isdigit() and len(declared) < 19
    return int(declared) if short else sys.maxsize
