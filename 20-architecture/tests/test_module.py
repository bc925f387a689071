"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "ports_and_adapters": (
            r"^memory +confirmed +8 +\d+ +[\d.]+",
            r"^SQLite, full +confirmed +8 ",
            r"^group commit +confirmed +8 ",
        ),
        "dependency_injection_by_hand": (
            "two orders, one session: True$",
            r"the singleton Orders holds the scoped Session: Orders -> Session$",
        ),
        "event_sourced_stock": (
            r"^ +1  BatchReceived .* 10$",
            r"^ +7  BatchQuantityChanged",
            r"^ +8  Deallocated",
            r"^ +9  OutOfStock",
        ),
        "lost_update_race": (
            r"^hexagonal +100 +100 +0 +\d+$",
            r"^event_sourced +100 +100 +0 +\d+$",
            r"^naive +100 +\d+ +\d+ +0$",
        ),
        "projection_rebuild_live": (
            "^lag before the first run: 301 events$",
            "^verify.. finds the damage: True$",
            r"^rows that readers saw while it was built: \[0\]$",
            r"^read model: (\d+)  fold: \1$",
        ),
        "upcasting": (
            r"^stored:   ..sku.:.lamp.,.qty.:2,.price.:1999,.customer.:.ada..$",
            "^schema 1: .'sku': 'lamp'",
            "^schema 3: .'customer': 'ada', 'lines'",
            r"2 x lamp at Money\(minor=1999, currency='EUR'\)",
        ),
        "tampering_and_erasure": (
            "^chain: None$",
            r"^  1 ada: \[erased\]$",
            "^the chain after the erasure is whole: True$",
            "^the chain breaks at version 2$",
        ),
        "the_gap": (
            r"^  lost for ever: 1 of 4$",
            r"^naive +[1-9]\d* +[1-9]\d* +0$",
            r"^lock +0 +0 +[1-9]",
            r"^wait_for_gaps +0 +[1-9]\d* +0$",
            r"^xid +0 +0 +0$",
        ),
        "kill_nine": (
            r"^ +25 acks +\d+ +\d+ +0 +0$",
            "^log cut at 10 places: 10 open as whole commits$",
            r"^direct +2 +12 +[1-9]",
            r"^outbox_inbox +2 +12 +0 +[1-9]\d* +0$",
        ),
        "saga_with_compensation": (
            r"StepFailed    authorise +6000 EUR is above the limit",
            r"(?s)StepUndone +reserve 1 vase.*StepUndone +reserve 0 lamp",
            "^order: cancelled; free: lamp 10, vase 10; payments taken: 0$",
        ),
        "price_of_change": (
            r"^c03 +1 +\d+ +\d+ +4 ",
            "^naive: 8 of 8 open yesterday's data; knows the whole past: no$",
            "^eventsourced: 8 of 8 open yesterday's data; knows the whole past: yes$",
        ),
    }
