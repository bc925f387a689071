"""A parser that fails behind four right bytes: what a fuzzer has to get through."""

STAGED = """
def parse(data):
    if data[:1] == b"V":
        if data[1:2] == b"L":
            if data[2:3] == b"V":
                if data[3:4] == b"T":
                    return 1 // 0
    return len(data)
"""
