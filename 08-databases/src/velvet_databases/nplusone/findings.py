"""What a detector reports: the relation, the place, the price and the fix."""

from __future__ import annotations

from dataclasses import dataclass

from velvet_databases.sqlcapture.origin import Origin


@dataclass(frozen=True)
class NPlusOne:
    """One relation that the rows of one result loaded one by one.

    Attributes:
        orm: ``"sqlalchemy"``, ``"django"`` or ``"peewee"``.
        relation: ``"Model.attribute"``, in Django ``"app_label.Model.field"``.
        parents: how many different objects loaded it.
        loads: how many statements that took.
        fingerprint: the shape of these statements.
        origin: the line that ran when the threshold was reached.
        fix: what to paste behind the query that gave the first rows of the path.
    """

    orm: str
    relation: str
    parents: int
    loads: int
    fingerprint: str
    origin: Origin
    fix: str

    def est_saving_ms(self, rtt_ms: float) -> float:
        """Estimate what the fix saves, in ms, where a round trip takes `rtt_ms`.

        One statement remains, whatever was fetched one by one; only the way to the server and back
        is counted, so this is the least that is saved.

        Raises:
            ValueError: the round trip is negative.
        """
        if rtt_ms < 0:
            raise ValueError(f"rtt_ms must be 0 or more, not {rtt_ms!r}")
        return max(0, self.loads - 1) * rtt_ms

    def __str__(self) -> str:
        return f"{self.relation}: {self.loads} loads at {self.origin}; fix: {self.fix}"
