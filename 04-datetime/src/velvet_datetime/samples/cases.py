"""The cases of the matrix as data: category, question, kind, arguments, expected value, source.

An expected value of None means that a right engine refuses; `parse_iso` may refuse or be right. Walls and instants are written as
`datetime.fromisoformat` of Python 3.10 reads them; instants are UTC. The kinds are functions of
`velvet_datetime.matrix`. Every value holds by IANA 2025b and later.
"""

from __future__ import annotations

BERLIN, NEW_YORK, HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
RFC5545, PEP495, RFC3339, TEMPORAL = "RFC 5545 3.3.5", "PEP 495", "RFC 3339 5.6", "TC39 Temporal"
IANA, ISO = "IANA tz database", "ISO 8601; RFC 3339 forbids it"

Row = tuple[str, str, tuple[object, ...], "str | None", str]
CASES: dict[str, list[Row]] = {
    "a wall time in a gap": [
        ("Berlin, 02:30 in March", "construct", (BERLIN, "2026-03-29T02:30"), "2026-03-29 01:30Z", RFC5545),
        ("New York, 02:30 in March", "construct", (NEW_YORK, "2026-03-08T02:30"), "2026-03-08 07:30Z", RFC5545),
        ("Lord Howe, a gap of 30 minutes", "construct", (HOWE, "2025-10-05T02:15"), "2025-10-04 15:45Z", RFC5545),
        ("Troll, a gap of two hours", "construct", ("Antarctica/Troll", "2025-03-30T02:00"), "2025-03-30 02:00Z", RFC5545),
        ("Havana, midnight in a gap", "construct", ("America/Havana", "2025-03-09T00:30"), "2025-03-09 05:30Z", RFC5545),
        ("Apia, a whole day in a gap", "construct", ("Pacific/Apia", "2011-12-30T12:00"), "2011-12-30 22:00Z", RFC5545),
        ("what the clock shows afterwards", "shown", (BERLIN, "2026-03-29T02:30"), "03:30", RFC5545),
    ],
    "a wall time in a fold": [
        ("Berlin, 02:30 in October", "construct", (BERLIN, "2026-10-25T02:30"), "2026-10-25 00:30Z", RFC5545),
        ("New York, 01:30 in November", "construct", (NEW_YORK, "2025-11-02T01:30"), "2025-11-02 05:30Z", RFC5545),
        ("Lord Howe, a fold of 30 minutes", "construct", (HOWE, "2025-04-06T01:45"), "2025-04-05 14:45Z", RFC5545),
        ("Havana, midnight in a fold", "construct", ("America/Havana", "2025-11-02T00:30"), "2025-11-02 04:30Z", RFC5545),
        ("Dublin, where winter time is the exception", "construct", ("Europe/Dublin", "2025-10-26T01:30"), "2025-10-26 00:30Z", RFC5545),
        ("the second 02:30 keeps its instant", "convert", (BERLIN, "2026-10-25T01:30"), "02:30 = 2026-10-25 01:30Z", PEP495),
    ],
    "exact time over a change": [
        ("Berlin, 24 h into the long side of a gap", "exact", (BERLIN, "2026-03-28T11:00", 24), "13:00 = 2026-03-29 11:00Z", TEMPORAL),
        ("Berlin, one hour over a gap", "exact", (BERLIN, "2026-03-29T00:30", 1), "03:30 = 2026-03-29 01:30Z", TEMPORAL),
        ("Berlin, one hour inside a fold", "exact", (BERLIN, "2026-10-25T00:30", 1), "02:30 = 2026-10-25 01:30Z", TEMPORAL),
        ("Berlin, 24 h over a fold", "exact", (BERLIN, "2026-10-24T22:00", 24), "23:00 = 2026-10-25 22:00Z", TEMPORAL),
        ("New York, minus 4 h over a gap", "exact", (NEW_YORK, "2026-03-08T08:00", -4), "23:00 = 2026-03-08 04:00Z", TEMPORAL),
        ("Lord Howe, one hour over half an hour", "exact", (HOWE, "2025-10-04T15:00", 1), "03:00 = 2025-10-04 16:00Z", TEMPORAL),
        ("Apia, 24 h over the day that was not", "exact", ("Pacific/Apia", "2011-12-29T22:00", 24), "12:00 = 2011-12-30 22:00Z", TEMPORAL),
    ],
    "calendar days over a change": [
        ("Berlin, noon to noon over a gap", "days", (BERLIN, "2026-03-28T11:00", 1), "12:00 = 2026-03-29 10:00Z", TEMPORAL),
        ("Berlin, noon to noon over a fold", "days", (BERLIN, "2026-10-24T10:00", 1), "12:00 = 2026-10-25 11:00Z", TEMPORAL),
        ("Berlin, a day into a gap", "days", (BERLIN, "2026-03-28T01:30", 1), "03:30 = 2026-03-29 01:30Z", TEMPORAL),
        ("Berlin, a day into a fold", "days", (BERLIN, "2026-10-24T00:30", 1), "02:30 = 2026-10-25 00:30Z", TEMPORAL),
        ("Berlin, a day back out of the second 02:30", "days", (BERLIN, "2026-10-25T01:30", -1), "02:30 = 2026-10-24 00:30Z", TEMPORAL),
        ("Sao Paulo, a day into a midnight gap", "days", ("America/Sao_Paulo", "2018-11-03T03:30", 1), "01:30 = 2018-11-04 03:30Z", TEMPORAL),
    ],
    "calendar months": [
        ("31 January and a month", "months", (BERLIN, "2026-01-31T08:00", 1), "09:00 = 2026-02-28 08:00Z", TEMPORAL),
        ("29 February and a year", "months", (BERLIN, "2024-02-29T08:00", 12), "09:00 = 2025-02-28 08:00Z", TEMPORAL),
        ("a month into a gap", "months", (BERLIN, "2026-02-28T01:30", 1), "02:30 = 2026-03-28 01:30Z", TEMPORAL),
        ("a month over a gap keeps the clock", "months", (BERLIN, "2026-03-15T08:00", 1), "09:00 = 2026-04-15 07:00Z", TEMPORAL),
    ],
    "difference": [
        ("Berlin, the day of 23 hours", "difference", (BERLIN, "2026-03-29T22:00", "2026-03-28T23:00"), "23:00:00", TEMPORAL),
        ("Berlin, the day of 25 hours", "difference", (BERLIN, "2026-10-25T23:00", "2026-10-24T22:00"), "1 day, 1:00:00", TEMPORAL),
        ("Berlin, first 02:30 to second", "difference", (BERLIN, "2026-10-25T01:30", "2026-10-25T00:30"), "1:00:00", TEMPORAL),
        ("Lord Howe, the day of 23 h 30 min", "difference", (HOWE, "2025-10-05T13:00", "2025-10-04T13:30"), "23:30:00", TEMPORAL),
        ("Apia, around the day that was not", "difference", ("Pacific/Apia", "2011-12-30T22:00", "2011-12-29T22:00"), "1 day, 0:00:00", TEMPORAL),
    ],
    "equality in a fold": [
        ("the two 02:30 are different", "equal", (BERLIN, "2026-10-25T00:30", BERLIN, "2026-10-25T01:30"), "False", TEMPORAL),
        ("the first 02:30 equals itself in UTC", "equal", (BERLIN, "2026-10-25T00:30", "UTC", "2026-10-25T00:30"), "True", TEMPORAL),
        ("the second 02:30 equals itself in UTC", "equal", (BERLIN, "2026-10-25T01:30", "UTC", "2026-10-25T01:30"), "True", TEMPORAL),
        ("the first 02:30 is before the second", "before", (BERLIN, "2026-10-25T00:30", BERLIN, "2026-10-25T01:30"), "True", TEMPORAL),
        ("first 02:45 is before second 02:15", "before", (BERLIN, "2026-10-25T00:45", BERLIN, "2026-10-25T01:15"), "True", TEMPORAL),
        ("a set keeps both", "distinct", (BERLIN, "2026-10-25T00:30", "2026-10-25T01:30"), "2", TEMPORAL),
    ],
    "after 2037": [
        ("Berlin, July 2038", "convert", (BERLIN, "2038-07-01T10:00"), "12:00 = 2038-07-01 10:00Z", IANA),
        ("New York, July 2050", "convert", (NEW_YORK, "2050-07-01T16:00"), "12:00 = 2050-07-01 16:00Z", IANA),
        ("Berlin, a wall time in July 2060", "construct", (BERLIN, "2060-07-01T12:00"), "2060-07-01 10:00Z", IANA),
        ("Sydney, January 2100", "convert", ("Australia/Sydney", "2100-01-15T01:00"), "12:00 = 2100-01-15 01:00Z", IANA),
        ("one second past 2038-01-19T03:14:07Z", "exact", (BERLIN, "2038-01-19T03:14:07", 1 / 3600), "04:14 = 2038-01-19 03:14Z", IANA),
        ("Berlin, an hour over the gap of 2040", "exact", (BERLIN, "2040-03-25T00:30", 1), "03:30 = 2040-03-25 01:30Z", IANA),
    ],
    "history": [
        ("Berlin 1890, local mean time", "convert", (BERLIN, "1890-01-01T12:00"), "12:53 = 1890-01-01 12:00Z", IANA),
        ("Berlin 1945, double summer time", "convert", (BERLIN, "1945-06-01T12:00"), "15:00 = 1945-06-01 12:00Z", IANA),
        ("London 1970, a winter at UTC+1", "convert", ("Europe/London", "1970-01-15T12:00"), "13:00 = 1970-01-15 12:00Z", IANA),
        ("Kathmandu 1985, before its quarter hour", "convert", ("Asia/Kathmandu", "1985-06-01T12:00"), "17:30 = 1985-06-01 12:00Z", IANA),
        ("New York 1918, the first summer time", "construct", (NEW_YORK, "1918-07-01T12:00"), "1918-07-01 16:00Z", IANA),
        ("Sitka 1867, the day that came twice", "convert", ("America/Sitka", "1867-10-18T20:00"), "10:58 = 1867-10-18 20:00Z", IANA),
    ],
    "laws that changed": [
        ("Pyongyang 2018, half an hour skipped", "construct", ("Asia/Pyongyang", "2018-05-04T23:45"), "2018-05-04 15:15Z", IANA),
        ("Sao Paulo 2019, summer time abolished", "construct", ("America/Sao_Paulo", "2019-11-03T00:30"), "2019-11-03 03:30Z", IANA),
        ("Moscow 2012, summer time for ever", "convert", ("Europe/Moscow", "2012-01-15T12:00"), "16:00 = 2012-01-15 12:00Z", IANA),
        ("Istanbul 2016, winter time abolished", "convert", ("Europe/Istanbul", "2016-12-01T12:00"), "15:00 = 2016-12-01 12:00Z", IANA),
        ("Mexico City 2023, no gap any more", "construct", ("America/Mexico_City", "2023-04-02T02:30"), "2023-04-02 08:30Z", IANA),
        ("Almaty 2024, an hour given back", "difference", ("Asia/Almaty", "2024-02-29T19:00", "2024-02-28T18:00"), "1 day, 1:00:00", IANA),
    ],
    "round trips": [
        ("pickle, the second 02:30", "pickle", (BERLIN, "2026-10-25T01:30"), "02:30 = 2026-10-25 01:30Z", PEP495),
        ("text, the second 02:30", "text", (BERLIN, "2026-10-25T01:30"), "2026-10-25 01:30Z", "RFC 9557"),
        ("text, Lord Howe", "text", (HOWE, "2025-10-04T15:45"), "2025-10-04 15:45Z", RFC3339),
        ("text, Monrovia's offset of -00:44:30", "text", ("Africa/Monrovia", "1950-01-01T12:00"), "1950-01-01 12:00Z", "ISO 8601"),
        ("text, one microsecond", "text", (BERLIN, "2026-07-01T12:00:00.000001"), "2026-07-01 12:00:00.000001Z", RFC3339),
    ],
    "texts": [
        ("an offset", "parse", ("2026-03-29T01:30:45+02:00",), "2026-03-28 23:30:45Z", RFC3339),
        ("Z", "parse", ("2026-03-29T01:30:45Z",), "2026-03-29 01:30:45Z", RFC3339),
        ("lower case t and z", "parse", ("2026-03-29t01:30:45z",), "2026-03-29 01:30:45Z", RFC3339),
        ("one digit of a second", "parse", ("2026-03-29T01:30:45.5Z",), "2026-03-29 01:30:45.500000Z", RFC3339),
        ("an offset of 14 hours", "parse", ("2026-01-01T00:00:00+14:00",), "2025-12-31 10:00Z", RFC3339),
        ("a leap second", "parse", ("2016-12-31T23:59:60Z",), None, "datetime has no :60"),
        ("hour 24", "parse_iso", ("2026-01-01T24:00:00Z",), "2026-01-02 00:00Z", ISO),
        ("an offset of 24 hours", "parse", ("2026-01-01T12:00:00+24:00",), None, RFC3339),
        ("an offset minute of 60", "parse", ("2026-01-01T12:00:00+10:60",), None, RFC3339),
        ("29 February of a common year", "parse", ("2026-02-29T12:00:00Z",), None, RFC3339),
        ("a final newline", "parse", ("2026-01-01T12:00:00Z\n",), None, RFC3339),
        ("a Bengali digit", "parse", ("1963-06-1\u09eaT12:00:00Z",), None, RFC3339),
        ("a week date", "parse_iso", ("2026-W01-1T12:00:00Z",), "2025-12-29 12:00Z", ISO),
        ("no seconds", "parse_iso", ("2026-01-01T12:00Z",), "2026-01-01 12:00Z", ISO),
        ("no offset", "parse", ("2026-01-01T12:00:00",), None, RFC3339),
    ],
}  # fmt: skip

# Texts for parsers: what RFC 3339 says of each, as the instant or None for "not valid".
TEXTS: dict[str, str | None] = {
    **{
        str(args[0]): None if kind == "parse_iso" else expected
        for _, kind, args, expected, _ in CASES["texts"]
    },
    "2026-03-29T01:30:45.123456+02:00": "2026-03-28 23:30:45.123456Z",
    "2026-03-29T01:30:45.123456789Z": "2026-03-29 01:30:45.123456Z",
    "1985-04-12T23:20:50.52Z": "1985-04-12 23:20:50.520000Z",
    "1937-01-01T12:00:27.87-08:00": "1937-01-01 20:00:27.870000Z",
    "2026-01-01T12:00:00-00:00": "2026-01-01 12:00Z",
    "2026-01-01T12:00:00,5Z": None,
    "20260101T120000Z": None,
    "2026-01-01T12Z": None,
    "2026-001T12:00:00Z": None,
    "0000-01-01T00:00:00Z": None,
    "2026-01-01T12:00:00+2": None,
}
