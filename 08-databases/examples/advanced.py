"""Advanced examples: lost updates, anomalies, live migrations, documents and keys.

Every example is one function to be read from top to bottom; run one of them with
`python examples/advanced.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

from velvet.examples import example, main

if __name__ == "__main__":
    main()
