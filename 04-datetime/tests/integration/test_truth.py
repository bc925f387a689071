"""Every zone of the database, against the standard library and against the system's own tools."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import zoneinfo
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from velvet_datetime.bulk import ZoneTable, column
from velvet_datetime.clock import EPOCH, SECOND
from velvet_datetime.contenders import load
from velvet_datetime.resolve import PROBE, transitions
from velvet_datetime.truth import INSTANTS, Divergence, divergence, only_tzdata
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


def test_no_zone_changes_there_and_back_between_two_probes() -> None:
    for key in KEYS:
        zone = TZif.parse(compiled(key))
        changes = [
            (at, zone.at(at - 1).utoff, zone.at(at).utoff)
            for at in zone.transitions
            if at > OLDEST and zone.at(at - 1).utoff != zone.at(at).utoff
        ]
        for n, (start, before, _) in enumerate(changes):
            for end, _, after in changes[n + 1 : n + 4]:
                assert after != before or (end - start) * SECOND > PROBE, key


def test_a_summer_of_a_week_is_in_the_table() -> None:
    """Recife kept summer time for 6 days and 23 hours in 2000; a probe a week stepped over it."""
    start, end = dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2001, 1, 1, tzinfo=UTC)
    inside = dt.datetime(2000, 10, 11, 12)

    table = ZoneTable.build("America/Recife", start, end)

    assert table.utc_to_wall(column([inside])).tolist() == [dt.datetime(2000, 10, 11, 10)]


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


def test_what_differs_after_a_year_leaves_the_year_itself_out() -> None:
    found = Divergence(Counter({1930: 9, 2030: 1, 2040: 3}), 10, 0, SECOND)

    assert [found.zones_after(year) for year in (1900, 1930, 2030, 2040)] == [9, 3, 3, 0]


def test_a_zone_that_was_kept_is_read_anew_inside_and_afterwards() -> None:
    path, outer = zoneinfo.TZPATH, zoneinfo.ZoneInfo("Europe/Berlin")
    with only_tzdata():
        inner = zoneinfo.ZoneInfo("Europe/Berlin")
        assert zoneinfo.TZPATH == ()

    assert path == zoneinfo.TZPATH
    assert len({id(outer), id(inner), id(zoneinfo.ZoneInfo("Europe/Berlin"))}) == 3


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
