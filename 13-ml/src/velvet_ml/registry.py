"""Which file is in production, and is it still the one that was registered?

Files are kept under the hash of their content, so that a byte that changes is a file that is not
found. A version's manifest is signed; it ties the file to contract, data, code and seed. Aliases
and the log of their moves are one small file that is replaced whole: a process that is killed leaves
the old state or the new one, and never half of it. Readers take no lock.

Layout: `blobs/ab/ab12…`, `models/NAME/000001.json`, `state.json`, `lock`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velvet_ml import artifacts
from velvet_ml.atomic import FileLock, atomic_write
from velvet_ml.errors import IntegrityError, StageConflict, in_range

if TYPE_CHECKING:  # a service that reads a graph needs no scikit-learn
    from velvet_ml.train import Trained

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
ALIASES = ("staging", "canary", "production")
GENESIS = "0" * 64


@dataclass(frozen=True)
class Manifest:
    """All that is known about one version."""

    name: str
    version: int
    sha256: str
    format: str
    contract: str
    contract_sha256: str
    data_sha256: str
    code_sha256: str
    seed: int
    metrics: Mapping[str, float]
    packages: Mapping[str, str]
    created: str
    threshold: float = 0.5
    signature: str = ""

    def signed_text(self) -> bytes:
        """What the signature covers: everything but itself."""
        about = asdict(self)
        del about["signature"]
        return json.dumps(about, sort_keys=True).encode()


@dataclass(frozen=True)
class Move:
    """One entry of the log: an alias moved from a version to another; each names the one before."""

    name: str
    alias: str
    old: int | None
    new: int
    at: str
    before: str
    digest: str = field(default="")

    def hashed(self) -> str:
        """The hash over the entry and the hash of the entry before."""
        about = asdict(self)
        del about["digest"]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


class Registry:
    """A registry in a folder; any number of processes may use it.

    Args:
        key: signs manifests and checks them; keep it outside of the folder.
    """

    def __init__(self, root: Path, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError(f"the key has {len(key)} bytes: 16 are the least")
        self.root, self._key = root, key
        for folder in ("blobs", "models"):
            (root / folder).mkdir(parents=True, exist_ok=True)

    def _lock(self) -> FileLock:
        return FileLock(self.root / "lock")

    def _blob(self, sha256: str) -> Path:
        return self.root / "blobs" / sha256[:2] / sha256

    def _manifest(self, name: str, version: int) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(f"name {name!r}: small letters, digits, - and _, at most 64")
        in_range("version", version, 1, 999_999)
        return self.root / "models" / name / f"{version:06d}.json"

    def register(self, name: str, content: bytes, trained: Trained) -> Manifest:
        """Keep a file with its manifest as the next version; the file is checked before.

        Raises:
            UntrustedArtifact: the file could run code; nothing is kept.
            ValueError: the name cannot be a folder's name everywhere.
        """
        self._manifest(name, 1)
        is_graph = isinstance(artifacts.loads(content, name), bytes)
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock():
            if not self._blob(sha256).exists():
                atomic_write(self._blob(sha256), content)
            manifest = self._signed(
                Manifest(
                    name=name,
                    version=max(self.versions(name), default=0) + 1,
                    sha256=sha256,
                    format="onnx" if is_graph else "skops",
                    contract=trained.contract.to_json(),
                    contract_sha256=trained.contract.sha256,
                    data_sha256=trained.data_sha256,
                    code_sha256=trained.code_sha256,
                    seed=trained.seed,
                    metrics={key: round(value, 6) for key, value in trained.metrics.items()},
                    packages=dict(trained.packages),
                    created=_now(),
                    threshold=round(trained.threshold, 6),
                )
            )
            text = json.dumps(asdict(manifest), indent=1, sort_keys=True)
            atomic_write(self._manifest(name, manifest.version), text.encode())
        return manifest

    def _signed(self, manifest: Manifest) -> Manifest:
        signature = hmac.new(self._key, manifest.signed_text(), "sha256").hexdigest()
        return Manifest(**{**asdict(manifest), "signature": signature})

    def versions(self, name: str) -> list[int]:
        """Return the versions of a model."""
        folder = self._manifest(name, 1).parent
        found = folder.glob("*.json") if folder.is_dir() else ()
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def manifest(self, name: str, which: int | str) -> Manifest:
        """Return the manifest of a version or an alias, its signature checked.

        Raises:
            LookupError: there is no such version or alias.
            IntegrityError: it was edited, or signed with another key.
        """
        version = self.version_of(name, which) if isinstance(which, str) else which
        if version is None:
            raise LookupError(f"{name} has no {which!r}: promote a version first")
        path = self._manifest(name, version)
        try:
            stored = Manifest(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            raise LookupError(f"{name} has no version {version}") from None
        except (ValueError, TypeError) as error:
            raise IntegrityError(f"{name} version {version}", "a manifest", str(error)) from error
        right = self._signed(stored).signature
        if not hmac.compare_digest(right, str(stored.signature)):
            raise IntegrityError(f"{name} version {version}: signature", right, stored.signature)
        if (stored.name, stored.version) != (name, version):
            raise IntegrityError("manifest", f"{name} {version}", f"{stored.name} {stored.version}")
        return stored

    def read(self, name: str, which: int | str) -> tuple[Manifest, bytes]:
        """Return manifest and file of a version, the hash of the file checked on every read."""
        manifest = self.manifest(name, which)
        try:
            content = self._blob(manifest.sha256).read_bytes()
        except FileNotFoundError:
            raise IntegrityError(f"{name} {manifest.version}", manifest.sha256, "nothing") from None
        found = hashlib.sha256(content).hexdigest()
        if found != manifest.sha256:
            raise IntegrityError(f"{name} version {manifest.version}", manifest.sha256, found)
        return manifest, content

    def state(self) -> tuple[dict[str, int], list[Move]]:
        """Return where the aliases point, and the log.

        Raises:
            IntegrityError: the file is not what a registry writes.
        """
        try:
            stored = json.loads((self.root / "state.json").read_bytes())
            return dict(stored["aliases"]), [Move(**entry) for entry in stored["log"]]
        except FileNotFoundError:
            return {}, []
        except (ValueError, TypeError, LookupError) as error:
            raise IntegrityError("state.json", "aliases and their log", str(error)) from error

    def version_of(self, name: str, alias: str) -> int | None:
        """Return the version that an alias names, None when it names nothing."""
        return self.state()[0].get(f"{name}/{alias}")

    def promote(self, name: str, version: int, alias: str, *, expect: int | None = -1) -> None:
        """Let an alias name a version.

        Args:
            expect: where the caller saw the alias (None: nowhere); -1 does not look.

        Raises:
            StageConflict: it is elsewhere by now.
        """
        if alias not in ALIASES:
            raise ValueError(f"alias {alias!r} is none of {', '.join(ALIASES)}")
        self.read(name, version)
        with self._lock():
            aliases, log = self.state()
            current = aliases.get(f"{name}/{alias}")
            if expect not in (-1, current):
                raise StageConflict(f"{name}/{alias} is at {current} by now, not at {expect}")
            self._move(aliases, log, name, alias, version)

    def rollback(self, name: str, alias: str = "production") -> int:
        """Let an alias name what it named before its last move; returns that version.

        Raises:
            LookupError: it never named anything else.
        """
        with self._lock():
            aliases, log = self.state()
            moves = [one for one in log if (one.name, one.alias) == (name, alias)]
            if not moves or moves[-1].old is None:
                raise LookupError(f"{name}/{alias} has nothing to go back to")
            self.read(name, moves[-1].old)
            self._move(aliases, log, name, alias, moves[-1].old)
            return moves[-1].old

    def _move(
        self, aliases: dict[str, int], log: list[Move], name: str, alias: str, new: int
    ) -> None:
        old = aliases.get(f"{name}/{alias}")
        before = log[-1].digest if log else GENESIS
        entry = Move(name, alias, old, new, _now(), before)
        entry = Move(**{**asdict(entry), "digest": entry.hashed()})
        whole: dict[str, Any] = {
            "aliases": {**aliases, f"{name}/{alias}": new},
            "log": [asdict(one) for one in [*log, entry]],
        }
        atomic_write(self.root / "state.json", json.dumps(whole, indent=1).encode())

    def verify(self) -> list[str]:
        """Return a sentence for everything that is not as it was registered."""
        wrong = []
        for path in sorted((self.root / "models").glob("*/*.json")):
            try:
                self.read(path.parent.name, int(path.stem))
            except (IntegrityError, LookupError, ValueError) as error:
                wrong.append(f"{path.parent.name}/{path.name}: {error}")
        try:
            aliases, log = self.state()
        except IntegrityError as error:
            return [*wrong, str(error)]
        before, last = GENESIS, dict[str, int]()
        for number, entry in enumerate(log, 1):
            if entry.before != before or entry.hashed() != entry.digest:
                wrong.append(f"log: entry {number} does not follow from the one before")
                break
            before, last[f"{entry.name}/{entry.alias}"] = entry.digest, entry.new
        else:
            if last != aliases:
                wrong.append("the aliases are not where the log ends")
        return wrong

    def collect_garbage(self) -> int:
        """Remove files that no manifest names, as a killed writer leaves them; returns how many.

        Raises:
            IntegrityError: a manifest was edited or cannot be read; nothing is removed.
        """
        with self._lock():
            named = {
                self.manifest(path.parent.name, int(path.stem)).sha256
                for path in (self.root / "models").glob("*/*.json")
            }
            orphans = [path for path in (self.root / "blobs").glob("*/*") if path.name not in named]
            orphans += [*(self.root / "models").glob("*/*.tmp"), *self.root.glob("*.tmp")]
            for path in orphans:
                with suppress(FileNotFoundError):
                    path.unlink()
        return len(orphans)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def model_card(manifest: Manifest) -> str:
    """Return the card of a version in Markdown, written from its manifest and nothing else."""
    auc, low, high, brier, apart = (
        f"{manifest.metrics[name]:.3f}"
        for name in ("auc", "auc_low", "auc_high", "brier", "calibration_error")
    )
    packages = ", ".join(f"{name} {number}" for name, number in manifest.packages.items())
    columns = json.loads(manifest.contract)
    rows = "\n".join(f"| {one['name']} | {one['dtype']} | {_range(one)} |" for one in columns)
    return f"""# {manifest.name}, version {manifest.version} ({manifest.created[:10]})

- **score**: AUC {auc}, 95 % {low} to {high}
- **probabilities**: Brier {brier}, off by {apart}
- **act from**: a probability of {manifest.threshold:.2f}
- **file**: {manifest.format}, sha256 {manifest.sha256[:12]}
- **data**: {manifest.data_sha256[:12]}
- **code**: {manifest.code_sha256[:12]}, seed {manifest.seed}
- **packages**: {packages}

| column | type | accepted |
| --- | --- | --- |
{rows}

Not for rows outside these ranges: the contract sets them aside.
"""


def _range(column: Mapping[str, Any]) -> str:
    if column["dtype"] == "category":
        return ", ".join(column["allowed"])
    empty = ", or nothing" if column["nullable"] else ""
    return f"{column['low']:g} to {column['high']:g}{empty}"
