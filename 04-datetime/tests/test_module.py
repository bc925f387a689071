"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "one_instant_five_ways": (
            r"offset and zone .* yes +yes +yes$", r"naive local time +no", r"back as 2026-10-25 01:30:00\+00:00",
        ),
        "the_hour_that_never_was": (
            r"later +01:30Z, the clock shows 03:30", "NonexistentTimeError", "AmbiguousTimeError", "a fold of 1:00:00",
        ),
        "twenty_four_hours_is_not_a_day": (
            r"24 hours: 29 March, 13:00", r"1 day: +29 March, 12:00", r"1 of 23.5 h", "Apia lasted 0:00:00",
        ),
        "who_is_silently_wrong": (r"^zoneinfo_wall .* 2\d$", r"^whenever .* [0-2.]$", r"^pytz .* 1\d$"),
        "parser_shootout": (r"^ours +\.( +\.){7}$", r"^arrow .*TAKEN", r"byte 20: an offset's hour"),
        "nightly_job": (r"^ours +0 +0 +0 +\d+$", r"29 March, 03:00$", r"^utc_plus_24h +\d+ +\d+ +\d{4}"),
        "meeting_finder": (r"16 March .* 5 h$", r"30 March .* 4 h$", "hour together: 21$"),
        "law_change": (r"14 of 40 would move by 1:00:00", r"was 07:00Z, is 08:00Z now"),
        "read_the_binary": (r"TZif version 2", r"M3.5.0,M10.5.0/3$", r"zoneinfo_utc +14:00$"),
        "leap_second_day": (r"23:59:60Z 00:00:36 .*23:59:59.500006", r"byte 17: a leap second", r"clock says 2 s$"),
        "million_timestamps": (r"same answers: True", r"at least 4x: True"),
    }  # fmt: skip
