"""Wheels are readable and repeatable; the index answers as the specification says."""

from __future__ import annotations

import io
import json
import re
import socket
import tarfile
import zipfile
from collections.abc import Callable
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import Metadata

from velvet_environments.channel import CondaChannel
from velvet_environments.errors import BadSpec, DuplicateFile, UnknownProject
from velvet_environments.indexserver import FaultPlan, IndexServer, Request, Stats
from velvet_environments.localindex import JSON_TYPE, LocalIndex
from velvet_environments.samples import graphs
from velvet_environments.wheelsmith import (
    PackageSpec,
    build_conda,
    build_wheel,
    match_spec,
    normalize,
)

FULL = PackageSpec(
    "Demo_App",
    "1.2",
    requires=("leaf>=1; python_version >= '3.8'",),
    extras={"all": ("more", "other; sys_platform == 'win32'")},
    requires_python=">=3.9",
    yanked='"bad" <release>',
)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("Friendly-Bard", "friendly-bard"), ("friendly.bard", "friendly-bard"),
     ("FRIENDLY_bard", "friendly-bard"), ("FrIeNdLy-._.-bArD", "friendly-bard")],
)  # fmt: skip
def test_names_are_normalized_as_the_standard_lists(given: str, wanted: str) -> None:
    assert normalize(given) == wanted


def test_a_wheel_is_read_by_the_standard_library_and_by_packaging(tmp_path: Path) -> None:
    made = build_wheel(FULL)

    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        archive.extractall(tmp_path)
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    (dist,) = Distribution.discover(path=[str(tmp_path)])
    metadata = Metadata.from_email(made.metadata)

    assert isinstance(dist, PathDistribution)
    assert (dist.name, dist.version) == ("Demo_App", "1.2")
    assert len(dist.files or []) == FULL.files + 1 + 3
    assert all(file.locate().is_file() for file in dist.files or [])
    assert [str(one) for one in metadata.requires_dist or []] == [
        'leaf>=1; python_version >= "3.8"',
        'more; extra == "all"',
        'other; sys_platform == "win32" and extra == "all"',
    ]


def test_a_conda_package_lists_what_it_holds() -> None:
    made = build_conda(PackageSpec("demo", "1.0", requires=("leaf>=1,<2",)))

    with tarfile.open(fileobj=io.BytesIO(made.data)) as archive:
        paths = json.loads(archive.extractfile("info/paths.json").read())  # type: ignore[union-attr]
        listed = archive.extractfile("info/files").read().decode()  # type: ignore[union-attr]
        names = set(archive.getnames())

    assert json.loads(made.metadata)["depends"] == ["leaf <2,>=1"]
    assert {one["_path"] for one in paths["paths"]} < names
    assert listed.splitlines() == [one["_path"] for one in paths["paths"]]
    assert match_spec("leaf") == "leaf"
    served = CondaChannel([FULL]).served()
    told = json.loads(served["/conda/noarch/repodata.json"])["packages"]
    assert list(told) == ["demo-app-1.2-0.tar.bz2"]


def test_both_forms_of_a_page_say_the_same() -> None:
    index = LocalIndex([FULL, PackageSpec("demo-app", "2.0")])
    page = index.project_html("Demo.App")
    told = index.project_json("demo-app")

    links = re.findall(r'href="(/files/[^#]+)#sha256=(\w+)"', page)
    assert links == [(one["url"], one["hashes"]["sha256"]) for one in told["files"]]
    assert told["versions"] == ["1.2", "2.0"]
    assert told["files"][0]["core-metadata"] == told["files"][0]["dist-info-metadata"]
    digest = told["files"][0]["core-metadata"]["sha256"]
    assert page.count(f"sha256={digest}") == 2
    assert told["files"][0]["yanked"] == '"bad" <release>'
    assert 'data-yanked="&quot;bad&quot; &lt;release&gt;"' in page
    assert 'data-requires-python="&gt;=3.9"' in page
    assert [one.get("requires-python") for one in told["files"]] == [">=3.9", None]
    assert page.count("data-core-metadata=") == page.count("data-dist-info-metadata=") == 2
    bare = LocalIndex([FULL], core_metadata=False)
    assert "core-metadata" not in bare.project_html("demo-app") + str(bare.project_json("demo-app"))
    assert bare.answer(f"/files/{FULL.filename}.metadata", as_json=False) is None


def test_the_root_lists_every_project_once_in_both_forms() -> None:
    releases = (("Zed", "1"), ("demo", "1"), ("demo", "2"))
    index = LocalIndex(PackageSpec(name, version) for name, version in releases)

    as_json, as_html = (index.answer("/simple/", as_json=wanted) for wanted in (True, False))

    assert as_json is not None
    assert as_html is not None
    assert json.loads(as_json[1])["projects"] == [{"name": "demo"}, {"name": "zed"}]
    links = re.findall(r'<a href="(/simple/[^"]+)">(\w+)</a>', as_html[1].decode())
    assert links == [("/simple/demo/", "demo"), ("/simple/zed/", "zed")]


def test_a_release_is_changed_under_its_name() -> None:
    index = LocalIndex([PackageSpec("demo", "1.0"), PackageSpec("demo", "2.0")])
    before = index.entries("demo")[1]

    index.tamper("demo-2.0-py3-none-any.whl")
    after = index.entries("demo")[1]

    assert before.artifact.sha256 != after.artifact.sha256
    assert before.artifact.metadata == after.artifact.metadata
    for act in (lambda: index.tamper("x"), lambda: index.entries("y")):
        with pytest.raises(UnknownProject):
            act()
    with pytest.raises(DuplicateFile, match="already in the index"):
        index.add(PackageSpec("demo", "2.0"))


@pytest.mark.parametrize(
    "broken",
    [
        {"name": "-x"},
        {"name": "x\n"},
        {"version": "one"},
        {"requires_python": "three"},
        {"files": -1},
        {"requires": ("foo >> 1",)},
        {"extras": {"a": ("?",)}},
    ],
)
def test_a_broken_specification_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(BadSpec):
        PackageSpec(**{"name": "demo", "version": "1", **broken})  # type: ignore[arg-type]


def test_the_server_speaks_as_the_public_index(
    server: IndexServer, fetch: Callable[..., Any]
) -> None:
    wheel = f"{server.base}/files/app-1.0-py3-none-any.whl"
    status, headers, body = fetch(wheel)
    page = fetch(server.url + "app/", Accept=f"{JSON_TYPE}, text/html;q=0.1")

    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    assert "immutable" in headers["Cache-Control"]
    assert page[1]["Content-Type"] == JSON_TYPE
    assert page[1]["Cache-Control"].startswith("max-age=600")
    assert fetch(server.url + "app/")[1]["Content-Type"].startswith("text/html")
    assert fetch(wheel, If_None_Match=headers["ETag"])[0] == 304
    assert fetch(wheel, "HEAD")[2] == b""
    assert fetch(wheel, Range="bytes=0-3")[::2] == (206, body[:4])
    assert fetch(wheel, Range="bytes=-5")[::2] == (206, body[-5:])
    assert fetch(wheel, Range="bytes=-999999")[::2] == (206, body)
    assert fetch(wheel, Range=f"bytes={len(body) - 2}-")[2] == body[-2:]
    assert fetch(wheel, Range="bytes=999999-")[0] == 416
    assert fetch(wheel, Range="bytes=-0")[0] == 416
    assert fetch(f"{wheel}.metadata")[2].startswith(b"Metadata-Version")
    missing = [fetch(server.base + path)[0] for path in ("/simple/none/", "/x", "/files/a/b", "/")]
    assert missing == [404] * 4
    told = server.stats()
    assert (told.metadata, told.not_found, told.range) == (1, 6, 4)
    assert told.requests == len(server.log)


def test_an_answer_leaves_in_one_piece(server: IndexServer) -> None:
    """Headers alone would wait for an acknowledgement that the client delays."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        client.sendall(b"GET /simple/app/ HTTP/1.1\r\nHost: x\r\n\r\n")
        first = client.recv(65536)

    assert b"\r\n\r\n" in first
    assert first.endswith(b"</html>\n")


def test_one_connection_serves_many_requests_and_ends_with_the_server() -> None:
    import http.client

    with IndexServer(graphs.diamond().to_index(), latency_s=0.001) as server:
        host = server.base.removeprefix("http://")
        client = http.client.HTTPConnection(host, timeout=20)
        for _ in range(3):
            client.request("GET", "/simple/d-base/")
            assert client.getresponse().read()
    client.close()

    assert server.stopping.is_set()
    assert len({one.client_port for one in server.log}) == 1
    assert all(one.t_end - one.t_start >= 0.001 for one in server.log)


@pytest.mark.parametrize(("status", "found"), [(200, 1), (304, 1), (399, 1), (400, 0), (404, 0)])
def test_what_is_refused_counts_apart(status: int, found: int) -> None:
    one = Request(1.0, 2.0, "wheel", "GET", "/files/a.whl", status, 10, 99)

    told = Stats.of([one, one])

    assert (told.wheel, told.not_found, told.bytes) == (2 * found, 2 - 2 * found, 20)
    assert (told.index, told.metadata, told.range, told.requests) == (0, 0, 0, 2)


def test_a_fault_of_no_times_never_comes() -> None:
    plan = FaultPlan().status("*", 500, times=0).close_after("*/app/", 0).stall("*", 0, times=1)

    found = [plan.take(path) for path in ("/app/", "/x/", "/x/")]

    assert [one and (one.kind, one.amount) for one in found] == [("close", 0), ("stall", 0), None]


def test_faults_come_in_the_order_of_their_plan(fetch: Callable[..., Any]) -> None:
    plan = FaultPlan().status("*/app/", 503, times=2).corrupt("*.whl", times=1)
    with IndexServer(graphs.platform_split().to_index(), faults=plan) as server:
        assert [fetch(server.url + "app/")[0] for _ in range(3)] == [503, 503, 200]
        wheel = f"{server.base}/files/leaf-1.0-py3-none-any.whl"
        bad, good = fetch(wheel)[2], fetch(wheel)[2]

    assert bad[:-1] == good[:-1]
    assert bad != good


def test_a_body_that_is_cut_is_shorter_than_announced(fetch: Callable[..., Any]) -> None:
    import http.client

    plan = FaultPlan().close_after("*.whl", 10, times=1).stall("*.whl", 0.01, times=1)
    with IndexServer(graphs.platform_split().to_index(), faults=plan) as server:
        wheel = f"{server.base}/files/leaf-1.0-py3-none-any.whl"
        for _ in range(2):
            with pytest.raises(http.client.IncompleteRead):
                fetch(wheel)
    assert server.log[0].sent == 10
