"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "four_backends": (r"^pillow +[\d.]+  256 x 171 +0\.9", r"^skimage +[\d.]+  256 x 171 "),
        "orientation_and_privacy": (
            r"^opencv resaved +ok   ok   ok   ok   ok   ok   ok   ok",
            r"^pillow resaved +ok +- +- +- ",
            r"^8 leaks -> 0, pixels identical: True$",
        ),
        "formats": (r"^AVIF 70 +[\d,]+ ", r"^PNG +[\d,]+ +[\d.]+ +1\.000$"),
        "aliasing": (r"^opencv lanczos4 ", r"adds \d{2,} times as much"),
        "linear_light": (r"values: 12[78], of light: 188$", r"weight: red 255, green 0$"),
        "bigger_than_memory": (
            r"^-> 250 x 250",
            r"^under a fifth of the pixels: True$",
            "budget=49 KiB",
        ),
        "video_stream": (r"^100 frames, ", r"^under half of the list: True$"),
        "hostile_uploads": (
            r"^bomb_60k .* TooManyPixels$",
            r"^progressive_trap .*opens 8000x6000 +MemoryBudgetExceeded$",
            r"^polyglot_zip .*accepts 320x240 +PolyglotMedia$",
            r"\A(?![\s\S]* accepted$)",
        ),
        "thumbnail_service": (
            r"^a bomb: 413 60000 x 60000",
            r"^answers \{200: 62\}",
            r"^made 8 thumbnails for 62 requests$",
        ),
        "device_choice": (r"^chosen: (torch|opencl|numpy) on ", r"^trusted: True$"),
    }
