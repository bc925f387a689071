"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from velvet.hostile import Fixed, HostileTests, call
from velvet_packaging import (
    attest,
    findings,
    forms,
    metadata,
    normalize,
    programs,
    record,
    registry,
    rendering,
    sizes,
    versions,
    wheel,
    wheelhouse,
    zipaudit,
)
from velvet_packaging.errors import PackagingLabError
from velvet_packaging.project import ProjectSpec
from velvet_packaging.samples import hostile

WHEEL = hostile.clean()
SHA256 = hashlib.sha256(WHEEL).hexdigest()
FORM = {":action": "file_upload", "protocol_version": "1", "name": "velvet-demo", "version": "1.0"}
BODY = forms.body_of([("name", "demo")], "demo.whl", b"data", "b")
ROW = record.RecordEntry.of("a.py", b"data")
FAULT = findings.Finding("ZIP001", "cut off")


def zipped(epoch: int) -> bytes:
    out = io.BytesIO()
    normalize.canonical_zip(out, {"a.py": (b"data", 0o644)}, epoch)  # type: ignore[arg-type]
    return out.getvalue()


class TestHostile(HostileTests):
    errors = (PackagingLabError,)
    mutable = {"registry.Stored", "zipaudit.Scan"}
    calls = (
        call(attest.Envelope, b"{}", b"sig").then("from_json", attest.Envelope(b"", b"").as_json()),
        call(attest.pae, b"payload", "kind"),
        call(findings.report, [FAULT], "strict"),
        call(forms.body_of, [("name", "demo")], "demo.whl", b"data", "b"),
        call(forms.multipart, "multipart/form-data; boundary=b", BODY),
        call(metadata.validate, b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"),
        call(metadata.license_ok, "MIT OR Apache-2.0"),
        call(normalize.source_date_epoch, "1600000000"),
        call(normalize.with_record, {"a.py": (b"data", 0o644)}, "demo-1.0.dist-info").but(
            errors=(csv.Error,)
        ),
        call(zipped, 1_600_000_000).but(of=(normalize.canonical_zip,)),
        call(programs.clean_env, {"A": "b"}),
        call(record.RecordEntry.of, "a.py", b"data", "sha256").but(of=(record.RecordEntry,)),
        call(record.parse_record, f"a.py,sha256={'A' * 43},0\n", "demo-1.0.dist-info"),
        call(record.write_record, [ROW]),
        call(registry.StrictRegistry, Path(), max_bytes=1000, store=lambda *_: None)
        .then("accept", FORM | {"sha256_digest": SHA256}, hostile.FILENAME, WHEEL)
        .then("yank", hostile.FILENAME, "broken")
        .but(same=False, shares="`copy.copy` is shallow, as of any plain class"),
        call(rendering.pyproject, Fixed(ProjectSpec()), "hatchling"),
        call(sizes.classify, "demo/core.py"),
        call(versions.explain, "1.0rc1"),
        call(versions.explain_match, "~=1.4", "2.0"),
        call(versions.next_version, "1.2.3", "minor"),
        call(versions.from_semver, "1.2.0-beta.3+build.7"),
        call(versions.release_order, ["1.0", "1.0.dev0"]),
        call(versions.local_allowed_on_index, "1.0"),
        call(wheel.parse_wheel_filename, hostile.FILENAME),
        call(wheelhouse.closure, ["pytest"]),
        call(zipaudit.audit_zip, WHEEL),
        call(zipaudit.scan, WHEEL),
        call(zipaudit.Limits, 100.0, 1 << 30, 1 << 20),
    )
    excepted = {
        "attest": "verifies with a peer that may be absent; tests/integration/test_publishing.py",
        "detectors": "runs installers on a wheel",
        "frontends": "starts builds",
        "legacy": "writes and builds projects of experiments",
        "normalize": "rewrites a file; tests/unit/test_normalize.py",
        "programs": "starts programs; tests/failure/test_faults.py",
        "publish": "sends files to an index; tests/unit/test_registry.py",
        "registry": "writes a file; tests/failure/test_faults.py",
        "rendering": "writes a project; tests/property/test_properties.py",
        "repro": "builds projects",
        "sizes": "reads a file; tests/unit/test_normalize.py",
        "wheel": "reads a file; tests/unit/test_wheel.py",
        "wheelhouse": "packs what is installed",
        "zipaudit": "takes faults that the audit found",
    }
