"""What every test of this module shares: the leak check and a bounded wait."""

from __future__ import annotations
