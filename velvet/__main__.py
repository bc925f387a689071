"""``python3 -m velvet``: the same command as `velvet`, which can also set itself up.

This file and `velvet/__init__.py` parse on every Python since 2.7, so that an old one is
refused in one sentence; the rest needs 3.10 and lies in `velvet.bootstrap`.
"""

import sys

OLDEST = (3, 10)  # as in velvet.bootstrap, which an old Python cannot read


def main():
    # type: () -> int
    """Refuse an old Python, else hand over to `velvet.bootstrap`."""
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write(
            "Velvet Python needs Python 3.10 or newer, this is {}.{}; "
            "run the same command with python3.12, for example\n".format(*sys.version_info[:2])
        )
        return 1
    from velvet import bootstrap

    return bootstrap.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
