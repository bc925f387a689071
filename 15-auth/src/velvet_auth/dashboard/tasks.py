"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from velvet_auth import contenders

TOPICS = ("tokens", "passwords", "web", "oauth", "saml", "factors")
MAX_MIB, MAX_PASSES = 256, 6
MIN_S = 0.05


def attack(topic: str = "tokens") -> Iterator[dict[str, Any]]:
    """Run a topic's attacks against three builds of each feature; `all` runs every topic."""
    from velvet_auth.samples import lab

    if topic not in (*TOPICS, "all"):
        raise ValueError(f"topic is {topic!r}: choose one of {', '.join(TOPICS)} or all")
    chosen = [one for one in lab.load_attacks().values() if topic in (one.topic, "all")]
    yield {"type": "plan", "total": len(chosen) * len(lab.Target)}
    for one in chosen:
        for target in lab.Target:
            row = lab.run_one(one, target)
            yield {
                "type": "row",
                "id": one.id,
                "target": target.value,
                "title": f"{one.title} ({one.cwe}, {one.standard})",
                "outcome": "-" if row is None else "won" if row.exploited else row.code,
                "exploited": row is not None and row.exploited,
                "present": row is not None,
                "control": row is None or row.control_ok,
                "transcript": [] if row is None else list(row.transcript)[-12:],
            }


def hashes(mib: int = 19, passes: int = 2, cost: int = 12) -> Iterator[dict[str, Any]]:
    """Time one verification by each scheme, argon2id and bcrypt with the given parameters."""
    if not 1 <= mib <= MAX_MIB or not 1 <= passes <= MAX_PASSES or not 4 <= cost <= 14:
        raise ValueError(f"choose 1 to {MAX_MIB} MiB, 1 to {MAX_PASSES} passes, cost 4 to 14")
    asked: dict[str, dict[str, int]] = {
        "argon2id": {"m_kib": mib * 1024, "t": passes},
        "salted_sha256": {},
        "bcrypt": {"cost": cost},
        "pbkdf2": {},
        "scrypt": {},
    }
    yield {"type": "plan", "total": len(asked)}
    for name, options in asked.items():
        hasher = contenders.load("hashing", name).Hasher(**options)
        row, count, spent = hasher.hash("a password"), 0, 0.0
        begun = time.process_time()
        while spent < MIN_S:
            hasher.verify(row, "another password")
            count += 1
            spent = time.process_time() - begun
        yield {"type": "hash", "name": name, "ms": spent / count * 1000, "mib": hasher.memory_mib}
