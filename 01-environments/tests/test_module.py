"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "anatomy": (r"prefix is the base +False +True", r"pyvenv\.cfg$", "Activation only puts"),
        "four_ways": (r"^venv --without-pip +[\d.]+ +\d+", r"^uv pip +[\d.]+ +\d+|^uv_pip +absent"),
        "guard_rails": (r"^pip, exit 1: +error: externally-managed", r"is_virtual = True"),
        "who_brought_this": (r"^p000 4\.0$", r"->", r"^problems: \[\]$"),
        "drift": (r"^names +DIFFERENT", r"^universal +equal +\[4, 3, 4, 3\]|uv is absent"),
        "tamper": (r"^by name: +exit 0", r"^by lock: +exit [12]$|uv is absent"),
        "lock_rosetta": (
            r"^uv_project: uv\.lock +yes +5 .*\[4, 3, 4, 3\]$",
            r"^venv_pip: requirements\.txt +no +0 ",
            r"added only-old, only-windows$",
        ),
        "one_file_script": (r"^cold: leaf 1\.0", r"^warm: leaf 1\.0 .* 0 requests$"),
        "request_staircase": (
            r"^pip lock: 54 requests .* 1 connections$",
            r"^uv: 54 requests|uv is absent",
        ),
        "conflict_clinic": (
            r"^pip lock +1 +\d+  \[True, True, True\]$",
            r"cannot live together: \['d-left', 'd-right'\]",
            r"^a staircase of 12: 11 releases rejected",
        ),
        "flaky_index": (r"^503 once +exit 0, asked 2 times", r"^stalled .*ended by us"),
    }
