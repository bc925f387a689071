"""What a machine without zone data says, and that nothing outside the database is ever opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from velvet_datetime.clock import get_zone
from velvet_datetime.errors import UnknownZoneError

BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tzdata":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import zoneinfo
zoneinfo.reset_tzpath(to=[])
from velvet_datetime.clock import get_zone
try:
    get_zone("Europe/Berlin")
except Exception as error:
    print(type(error).__name__, error)
"""
WATCHED = """
import sys, zoneinfo
zoneinfo.reset_tzpath(to=[])
from velvet_datetime.clock import get_zone
get_zone("UTC")
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
for key in ("../../etc/passwd", "/etc/localtime", "Europe/../../x", "Europe/Berlin\\0", "", "Europe"):
    try:
        get_zone(key)
    except ValueError:
        pass
print(len(opened), opened[:3])
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_machine_without_data_is_told_what_to_install() -> None:
    assert (
        run(BLOCKED)
        .strip()
        .endswith("'Europe/Berlin': this machine has no time zone database; pip install tzdata")
    )


def test_a_key_from_outside_opens_no_file() -> None:
    assert run(WATCHED).startswith("0 ")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("europe/berlin", "did you mean 'Europe/Berlin'"),
        ("Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("x" * 10**6, "there is no time zone"),
        ("\ud800", "there is no time zone"),
        ("", "there is no"),
        (None, "there is no time zone NoneType"),
        (5, "there is no time zone int"),
        (b"UTC", "bytes"),
        (["UTC"], "there is no time zone list"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(key: object, hint: str) -> None:
    with pytest.raises(UnknownZoneError) as caught:
        get_zone(key)  # type: ignore[arg-type]

    assert hint in str(caught.value)
    assert isinstance(caught.value.hint, str)
    assert len(str(caught.value)) < 200
