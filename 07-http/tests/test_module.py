"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "one_request_seven_clients": r"requests +[\d,]+ us CPU +[\d,]+ us CPU +1 for 25, 8 for 8",
        "call_a_real_api": (
            r"without a token: 401",
            r"with it: 100 items, 100 of them different",
            r"so \d+ answered with 429",
            r"VELVET_HTTP_URL=https://",
        ),
        "timeouts_are_not_deadlines": (
            r"requests, timeout=0.5: +accepted 240 bytes after 1\.\d s",
            r"requests, deadline=0.5: +DeadlineExceeded after 0\.\d s",
        ),
        "retry_after_and_idempotency": (r"requests: 2, different keys: 1", r"charges: 1"),
        "pagination_that_moves": (r"page number +\d+ +[1-9]\d* +0 +0", r"cursor +100 +0 +0 +0"),
        "resume_a_download": (r"bytes 55,000 to 60,000", "StaleValidator: changed", "whole: True"),
        "upload_a_form": (
            r"cat +8,000,000 bytes (\w{8}) cat.png%22%0D%0AX-Admin: 1",
            r"sent as 8\d{6}, largest piece 65536",
            r"sent as chunked",
            r"PartChanged: part 'cat' has more than the 8,000,000 bytes",
            r"whole requests at the server: 2",
        ),
        "conditional_caching": (r"revalidated age +0 s", "origin calls 1 of 50"),
        "tls_done_right": (r"expired +httpx2 +TlsError", "reached the server: 0"),
        "retry_storm": (r"full jitter +.*never", r"jitter \+ 10 % +.* 0 s"),
        "hedge_the_tail": r"hedge at p95 .* sockets left: 0",
        "ten_thousand_urls": (r"'TruncatedBody': \d+", "leaked connections: 0"),
        "pool_that_never_comes_back": (
            r"^httpx +0/5 .*PoolTimeout",
            r"^httpx2 +5/5",
            r"^aiohttp +5/5",
        ),
    }
