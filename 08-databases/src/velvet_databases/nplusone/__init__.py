"""Find N+1 queries while code runs: which relation, which line, and what to paste instead.

A hundred orders are read with one statement, and then each of them asks for its lines with a
statement of its own. On SQLite it goes unnoticed; a millisecond away from the database the page takes
a tenth of a second longer. `Detector` sees it in SQLAlchemy, Django and Peewee. It is a context
manager, a decorator and (with `pytest_plugin`) a fixture.
"""

from velvet_databases.nplusone.detector import Detector, NPlusOne, NPlusOneDetected, NPlusOneWarning

__all__ = ["Detector", "NPlusOne", "NPlusOneDetected", "NPlusOneWarning"]
