"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "first_model": (r"pydantic +/age, /password$", r"msgspec +/age$", r"\d of \d+ point to both"),
        "coercion_table": (r"cattrs +default +LOSSY +LOSSY +conv", r"lossy by default: \d\d, strict: 0"),
        "settings_fail_fast": (
            r"^exit code 78$", "3 problems in the settings", r"database.password +\*{4} +set",
            "the password was printed: False",
        ),
        "unions_of_events": (r"pydantic_smart .* (4\d|39)$", r"pydantic_discriminated .* 1$"),
        "custom_types": r"JPY 12.30 +refused +refused +refused +refused$",
        "good_errors": (r"pydantic +yes +LEAKED", r"marshmallow +yes +no$", '"pointer": "#/password"'),
        "accept_an_order": (r"naive +0 +\d+ +\d+", r"production +4\d +0 +[0-2]$"),
        "stream_a_large_file": "good 199997, bad 3, peak below 5 MB: True",
        "schema_evolution": (r"read today: amber birch, \d+ cents", r"a status less +BREAKS"),
        "hostile_json": (r"equal keys +accepted .* -$", r"^the guard: rejected$", "UnsafePattern"),
        "contract_test": (r"duplicate list item +accepted by the schema only", "1.0 "),
    }  # fmt: skip
