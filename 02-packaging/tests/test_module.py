"""What holds for every module, with what each example of this one shows."""

import pytest

from velvet.testing import ModuleTests

pytestmark = pytest.mark.timeout(600)  # the examples build with real backends


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "first_wheel": (r"^findings: \(\)$", r"^run: velvet-demo 1\.0$"),
        "wheel_by_hand": (r"^byhand-1\.0\.dist-info/RECORD,,$", r"^installed: made by hand$"),
        "versions_tour": (r"1\.0\.dev0  1\.0rc1  1\.0  1\.0\+local", r"> leaves out post-releases"),
        "eight_backends": (r"^setuptools .* LOST", r"^hatchling .* kept +yes"),
        "why_not_setup_py": (
            r"^metadata: as told$",
            r"^baked_in: as told$",
            r"^lost_files: as told",
        ),
        "publish_and_install": (r"^raw +new, again, skip existing: \[0, 400, 0\]", r"install 0$"),
        "what_is_in_there": (r"velvet_demo-1\.0\.tar\.gz: ", r"container +\d+ #+"),
        "twenty_bad_wheels": (r"^flagged: ours 20 of 20, uv \d+ of 20$",),
        "byte_for_byte": (r"^hatchling: 3 of 3 equal as built, 3 after", r"first difference"),
        "compiled_three_ways": (r"^setuptools .*(True|needs|not installed)", r"limited API"),
        "prove_it": (r"^as signed:    OK$", r"^one byte on:  the file is not the one"),
        "our_own_wheel": (r"^findings: none$", r"200 stored$", r"^runs: \(\)$"),
    }
