"""What holds for every module, with what each example of this one shows.

Figures that depend on the machine are compared by the examples themselves, or only where the
difference is too large for a busy machine to hide.
"""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "wait_vs_compute": (
            r"^wait 10x50 +0\.[5-9]\d* s .*(threads|asyncio)",
            r"^compute 4x60( +[\d.]+ s){4}",
            r"^start, too( +[\d.]+ s){2} +- +[\d.]+ s",
        ),
        "first_rate_limiter": (
            r"(?s)^naive +#{5}\..*^bucket +#{6}\.",
            r"^bucket +admitted 24, in its worst second 9",
            r"instead: 0\.0, 0\.2, 0\.4 s",
            r"^naive +[\d,]+ +\d\d,\d{3}$",
            r"^bucket +[\d,]+ +\d{1,3}$",
        ),
        "dont_block_the_loop": (r"^sleep, inline +(4[5-9]|[5-9]\d)\d", r"sys\.getswitchinterval"),
        "task_group_vs_gather": (
            r"behind the caller's back: child 4, child 5",
            r"(?s)TaskGroup(?=.*child 4 was cancelled)(?=.*child 5 was cancelled)",
            r"\+-- ValueError: child 3 found bad data",
            r"\+-- OSError: child 5 could not close its file",
            r"still running: 0",
        ),
        "bounded_pipeline": (r"^no bound .* at most +\d\d\d? ", r"^bounded .* at most +[1-9] "),
        "breaker_story": (
            r"^calls +\.{12}x+-+x-+\.+$",
            r"closed -> open",
            r"half_open -> closed",
            r"probes = 1, 19 refused; then closed",
        ),
        "failing_dependency": (
            r"^timeout +30 ",
            r"^three tries +90 ",
            r"^with a retry budget +3[0-9] ",
            r"^with a breaker +[12][0-9] ",
            r"^with a bulkhead of 4 +12 ",
        ),
        "let_it_crash": (
            r"ask '10' +-> 10$",
            r"ask '5' +-> ActorStopped: ",
            r"leaving the block: ValueError was the cause",
            r"handlers made: 3, restarts: 2",
        ),
        "cancel_properly": (
            r"(?s)1\. timeout.*cleanup:.*saved all the same.*TimeoutError reaches.*2\. deadline"
            r".*ended by the outer one.*3\. asyncio.*wait 1 was cancelled.*wait 2 finished"
            r".*4\. anyio.*wait 3 was cancelled.*tasks left behind: 0",
        ),
        "ten_thousand_connections": (
            r"^streams .* 0$",
            r"^protocol .* 0$",
            r"^threads .* 0$",
        ),
        "overload_lab": (r"^unbounded +4\.\d %", r"^bounded20 +6\d\.\d %", r"on time: 62\.\d %"),
        "hedged_requests": (
            r"^ 2 % slow, race of two .* 100\.0 %",
            r"^30 % slow, hedged, budget .* [4-7]\.\d %",
            r"tasks left running: 0",
        ),
        "shared_memory_matrix": (r"segments left behind: 0",),
        "redis_fleet": (r"^one Lua script .* 100 +0$",),
        "graceful_shutdown": (
            r"(?s)= 2 of 6 answered, exit code -?[1-9].*= [34] of 6 answered, exit code 0",
            r"cut off: (request of 0\.6 s, )?request of 5\.0 s, request of 6\.0 s",
        ),
    }
