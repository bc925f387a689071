"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "fixtures_that_scale": (r"test_order\[below a euro\]", r'"session": 1, .*"function": 3'),
        "edge_table": (r"^split\(100, \[1, 1, 1\]\) == .*X", r"^3 of 5 bugs killed; alive:$"),
        "first_property": (r"^shrunk .*\"", r"round trip|decode\(encode\(rows\)\) == rows"),
        "state_machine": (r"happy path is green", r"^    cache\.\w+\(", r"after \d+ programs"),
        "mocks_that_break": (
            r"^strict_mock +\d+/16",
            r"^fake_with_contract +0/16 +0/14",
            r"missed by autospec",
        ),
        "freeze_and_fast_forward": (r"\['after an hour'\]", r"160 virtual s in \d+ ms"),
        "real_http_and_db": (
            r"requests seen: \['order-1', 'order-1'\]",
            r"charged once: \[100\]",
            r"rows after rollback: 0",
        ),
        "doubles_that_drift": (
            r"beside the scripted peer: 0 of 4 checks differ",
            r"beside routes of respx: 1 of 4 checks differ",
            r"^    test_a_key_is_charged_once",
        ),
        "approve_a_snapshot": (
            r'"made": "<time>"',
            r"nothing asked for: \['report'\]",
            r"\[3, 1, 2\]: 1 snapshot generated",
            r"\[1, 2, 3\]: 1 snapshot failed",
        ),
        "mutation_microscope": (r"happy path: 14 mutants, score 0\.\d+", r"alive, line \d+: "),
        "race_hunter": (
            r"with AsyncMock: balance 20, the test is green",
            r"schedule \[0, 1, 1, 0\], the 2\. tried",
            r"paid out 160 of 100",
            r"with the lock: None",
        ),
        "fuzz_the_parser": (r"^guided: crash at b'VLVT' after", r"^blind: nothing after"),
        "flaky_detective": (
            r"test_39: order dependent",
            r"polluter of test_39: test_04, found in \d runs",
            r"may be red until then: \['test_10', 'test_20'\]",
            r"    test_10 was excused until 2026-12-31: web team mends or deletes it",
            r"1\.75% of the time: 170 reruns",
        ),
    }
