"""Every zone of the database, against the standard library and against the system's own tools."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import zoneinfo
from importlib.metadata import version
from pathlib import Path

import pytest

from velvet_datetime.bulk import ZoneTable
from velvet_datetime.clock import EPOCH, SECOND
from velvet_datetime.contenders import load
from velvet_datetime.resolve import transitions
from velvet_datetime.truth import INSTANTS, divergence, only_tzdata
from velvet_datetime.tzif import TZif, compiled

UTC = dt.timezone.utc
with only_tzdata():
    KEYS = sorted(zoneinfo.available_timezones())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FAR = int(dt.datetime(2400, 1, 1, tzinfo=UTC).timestamp())
OLDEST = int(dt.datetime(1800, 1, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("share", range(4))
def test_our_reader_agrees_at_every_change_and_to_the_year_2400(share: int) -> None:
    with only_tzdata():
        for key in KEYS[share::4]:
            ours, theirs = TZif.parse(compiled(key)), zoneinfo.ZoneInfo(key)
            edges = [at + n for at in ours.transitions if at > OLDEST for n in (-1, 0)]
            for epoch in [*edges, *range(edges[-1] if edges else 0, FAR, 1_234_567_890)]:
                local = (EPOCH + epoch * SECOND).astimezone(theirs)
                found = ours.at(epoch)
                assert found.utoff * SECOND == local.utcoffset(), (key, epoch)
                assert (found.abbr, found.dst) == (local.tzname(), bool(local.dst())), (key, epoch)


def test_probing_finds_every_change_of_offset_that_the_files_list() -> None:
    start, end = dt.datetime(1946, 1, 1, tzinfo=UTC), dt.datetime(2037, 1, 1, tzinfo=UTC)
    with only_tzdata():
        for key in KEYS[::9]:
            zone = TZif.parse(compiled(key))
            low, high = (int(one.timestamp()) for one in (start, end))
            listed = [
                EPOCH + at * SECOND
                for at in zone.transitions
                if low <= at < high and zone.at(at - 1).utoff != zone.at(at).utoff
            ]
            last = EPOCH + zone.transitions[-1] * SECOND if zone.transitions else start
            probed = [one.instant for one in transitions(key, start, end)]
            assert [one for one in probed if one <= last] == listed, key


def test_a_table_has_every_change() -> None:
    table = ZoneTable.build(
        "Europe/Berlin", dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 1, tzinfo=UTC)
    )

    assert len(table.starts) == 41


@pytest.mark.parametrize("engine", ["whenever", "pandas", "arrow", "pytz"])
def test_engines_against_the_standard_library_on_one_version(engine: str) -> None:
    with only_tzdata():
        found = divergence(load(engine), KEYS[::4] if engine == "pandas" else KEYS)

    assert len(INSTANTS) == 26
    assert found.zones >= 598 // 4
    if engine == "pytz" or (engine == "pandas" and version("pandas") < "3"):
        assert found.zones_after(2037) >= found.zones // 6
        assert found.by_year[2030] == 0
    else:
        assert found.zones_after(1960) == 0


@pytest.mark.parametrize("key", ["Europe/Berlin", "America/Havana", "Africa/Casablanca"])
def test_zdump_prints_the_same_changes(key: str, tmp_path: Path) -> None:
    zdump = shutil.which("zdump")
    if zdump is None:
        pytest.skip("zdump is not installed: apt-get install libc-bin (Debian), tzcode elsewhere")
    file = tmp_path / "zone"
    file.write_bytes(compiled(key))
    done = subprocess.run(
        [zdump, "-v", "-c", "1990,2030", str(file)], capture_output=True, text=True, check=False
    )
    ours = TZif.parse(compiled(key))
    seen = 0
    for line in done.stdout.splitlines():
        words = line.split()
        if "UT" not in words or not words[-1].startswith("gmtoff="):
            continue
        text = " ".join(words[words.index("UT") - 4 : words.index("UT")])
        if int(text.split()[-1]) not in range(1990, 2031):
            continue
        moment = dt.datetime.strptime(text, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        assert ours.at(int(moment.timestamp())).utoff == int(words[-1].removeprefix("gmtoff="))
        seen += 1
    assert seen > 50
