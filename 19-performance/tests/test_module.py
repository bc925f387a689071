"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "find_it": (
            r"^network_of +\d\d\.\d% +[\d.]+x *$",
            r"^fix this first: network_of, at most [\d.]+x",
        ),
        "fix_it": (
            r"^all steps agree on \d+ addresses, \d+ rows: yes$",
            r"^bisect_networks +[\d.]+ +[\d.]+x +\[[\d.]+, [\d.]+\] +[\d.]+x +[\d.]+x  helps$",
        ),
        "cache_it": (
            r"^1,000 questions, 60 computations",
            "10 of 10 objects live",
            r"single_flight=True\) +1 times",
        ),
        "the_profiler_lies": (
            r"^many_small by timers, nothing watching: +\d\d%$",
            r"^cprofile +\d\d% +\d\d% +[\d.]+x  counts all$",
        ),
        "flame": (
            r"^all +█+ 100\.0%$",
            "before.json, before.txt, difference.svg$",
            r"^ +-\d+\.\d  <built-in method _hashlib\.pbkdf2_hmac>$",
        ),
        "fit_more_in_memory": (r"^dict +1\d\d|^dict +2\d\d", "^equal all the same: True$"),
        "import_diet": (r"^'import numpy' loads \d+ modules", r"never used +[\d.]+ ms"),
        "vectorise_compile": ("^all counts equal: yes$", r"^numpy +[\d.]+ +[\d.]+x"),
        "gc_tuning": (r"^paused +\d+ +\d", r"^the same after freeze: 0\.\d+ ms$"),
        "where_amdahl_stops": ("10.00x, and there it stops", r"peak at \d+ workers$"),
        "find_the_leak": (r"^leaky_cache\.py:\d+  \+0\.1\d\d MB", r"in 2,000 keys$"),
        "from_profile_to_fix": (
            r"^40 answers are equal at every stage: yes$",
            r"^derive the key once +2  signing_key +[\d.]+x",
            r"\((\d|1\d|2\d)%\) hold 80 % of the time$",
        ),
    }
