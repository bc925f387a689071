"""See every statement that a library sends: what, how long, from which line of yours.

`capture` is a context manager over any mixture of engines, connections and databases; it installs
the hook that each library offers, and takes it out again. Values of parameters are never stored,
only their types and lengths, so that a log can be shown to all.
"""

from velvet_databases.sqlcapture.capturing import Capture, capture
from velvet_databases.sqlcapture.log import QueryLog, Statement, params_shape
from velvet_databases.sqlcapture.origin import Origin, call_site
from velvet_databases.sqlcapture.scope import current_scope

__all__ = [
    "Capture",
    "Origin",
    "QueryLog",
    "Statement",
    "call_site",
    "capture",
    "current_scope",
    "params_shape",
]
