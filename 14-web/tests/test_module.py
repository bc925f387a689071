"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "same_api_five_times": r"different bodies after the PATCH: 1",
        "contract_first": (r"65 of 65 pass", r"curl -i -X"),
        "problem_details": (r"^413 POST", r"^422 POST"),
        "fast_and_wrong": r"a member twice +json\.loads: takes",
        "coordinated_omission": r"p99 is \d+ times as long",
        "blocked_event_loop": r"await asyncio\.sleep +\d+ requests/s",
        "probe_behind_forty_threads": r"/healthz-in-thread +\d+\.\d ms",
        "live_updates": (r"fast listener: 501 of 501", r"\[499, 500, 501\]"),
        "middleware_that_costs": r"one BaseHTTPMiddleware costs about \d+ us",
        "deploy_without_dropping": (r"uvicorn +10 of 10", r"waitress +0 of 10"),
        "overload": r"LoadShed +in time +\d+/s",
        "metastable": r"no limit, 3 retries .* 0/s at the end",
        "capacity_plan": r"500/s need \d+ of them",
        "a_configuration_with_reasons": r"ExecStart=.*uvicorn",
        "slow_reader": r"taken from the handler: \d+\.\d of 100 MB",
    }
