"""Real publishers and installers against both indexes; nothing leaves this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_packaging import attest, detectors, programs
from velvet_packaging.errors import BackendMissing
from velvet_packaging.publish import PUBLISHERS, Registry, send, upload_form
from velvet_packaging.pypiserver_process import PypiServerProcess
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import METADATA, contents, pack

pytestmark = pytest.mark.timeout(900)


def install(registry: Registry, site: Path, wanted: str, tool: str = "uv") -> programs.Ran:
    """Install by name from an index."""
    words = ["install", "-q", "--no-deps", "--target", str(site), wanted]
    if tool == "uv":
        argv = [programs.find("uv"), "pip", *words, "--default-index", registry.simple_url]
    else:
        argv = [sys.executable, "-m", "pip", *words, "--index-url", registry.simple_url]
    return programs.run(argv)


@pytest.mark.parametrize("name", PUBLISHERS)
def test_a_publisher_is_taken_once_and_refused_twice(
    registry: StrictRegistry, clean: Path, name: str
) -> None:
    first = PUBLISHERS[name].publish([clean], registry)
    again = PUBLISHERS[name].publish([clean], registry)

    assert first.status == 0, first.log
    assert again.status != 0
    assert registry.token not in first.log + again.log
    assert list(registry.files) == [clean.name]


def test_uv_looks_before_it_sends(registry: StrictRegistry, clean: Path) -> None:
    PUBLISHERS["raw"].publish([clean], registry)
    sent = len(registry.requests)

    assert PUBLISHERS["uv"].publish([clean], registry, skip_existing=True).status == 0
    assert [one.method for one in registry.requests[sent:]] == ["GET"]


def test_both_installers_find_a_release_by_name(
    registry: StrictRegistry, clean: Path, tmp_path: Path
) -> None:
    PUBLISHERS["raw"].publish([clean], registry)
    for tool in ("uv", "pip"):
        install(registry, tmp_path / tool, "velvet-demo", tool).demand(tool)
        assert (tmp_path / tool / "velvet_demo" / "core.py").exists()
    assert any(one.path.endswith(".metadata") for one in registry.requests)


def test_a_yanked_release_is_for_those_who_pin_it(
    registry: StrictRegistry, put: Callable[..., Path], tmp_path: Path
) -> None:
    for version in (b"1.0", b"2.0"):
        files = contents(
            f"velvet_demo-{version.decode()}.dist-info", METADATA.replace(b"1.0", version)
        )
        path = put(pack(files), f"velvet_demo-{version.decode()}-py3-none-any.whl")
        assert PUBLISHERS["raw"].publish([path], registry).status == 0
    registry.yank("velvet_demo-2.0-py3-none-any.whl", "broken")

    install(registry, tmp_path / "a", "velvet-demo").demand("any")
    install(registry, tmp_path / "b", "velvet-demo==2.0").demand("pinned")
    assert (tmp_path / "a" / "velvet_demo-1.0.dist-info").exists()
    assert (tmp_path / "b" / "velvet_demo-2.0.dist-info").exists()


def test_pypiserver_takes_what_the_strict_index_refuses(clean: Path, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage-1.0-py3-none-any.whl"
    garbage.write_bytes(b"no archive at all")
    form = upload_form(clean)
    with PypiServerProcess(tmp_path / "index") as lax:
        assert PUBLISHERS["twine"].publish([clean], lax).status == 0
        install(lax, tmp_path / "site", "velvet-demo").demand("install")
        assert send(lax.upload_url, lax.token, {**form, "name": "garbage"}, garbage)[0] == 200
        lax.stop()
        lax.stop()
    assert (tmp_path / "site" / "velvet_demo").exists()


def test_pypiserver_that_is_absent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_packaging.pypiserver_process.MODULE", "velvet_no_such_module")
    with pytest.raises(BackendMissing, match="pip install pypiserver"):
        PypiServerProcess(tmp_path / "index").start()


def test_our_verifier_objects_to_every_hostile_wheel(tmp_path: Path) -> None:
    paths = hostile.write_all(tmp_path / "bad")

    assert detectors.detect("ours", paths) == dict.fromkeys(paths, True)


# Each tool takes a clean wheel, so that its refusal of another is one; and each refuses one.
@pytest.mark.parametrize(
    ("tool", "refused"),
    [("uv", "no_record"), ("installer", "no_record"), ("installer_all", "record_hash"),
     ("pip", "no_record"), ("twine", "metadata_version_9"), ("check_wheel_contents", "bundled_pip")],
)  # fmt: skip
def test_a_tool_takes_a_clean_wheel_and_refuses_a_hostile_one(
    tool: str, refused: str, clean: Path, tmp_path: Path
) -> None:
    paths = {"clean": clean, refused: hostile.write_all(tmp_path / "bad")[refused]}

    assert detectors.detect(tool, paths) == {"clean": False, refused: True}


def test_a_real_attestation_is_checked_offline(tmp_path: Path) -> None:
    try:
        told = attest.verify_index_attestation()
    except BackendMissing as error:
        pytest.skip(str(error))
    if "expired" in told:
        pytest.skip(f"the trusted root is too old: {told}; pip install --upgrade sigstore")
    assert told == ""
    assert "digest" in attest.verify_index_attestation(sha256="0" * 64)
    assert "match" in attest.verify_index_attestation(repository="somewhere/else")
    raw = json.loads(attest.INDEX_SAMPLE.read_text(encoding="utf-8"))
    raw["envelope"]["signature"] = raw["envelope"]["signature"][::-1]
    broken = tmp_path / "broken.attestation"
    broken.write_text(json.dumps(raw), encoding="utf-8")
    assert attest.verify_index_attestation(attestation=broken) != ""
