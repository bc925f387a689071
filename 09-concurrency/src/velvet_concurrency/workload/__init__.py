"""The explorer's workload: equal jobs under four concurrency models."""

from __future__ import annotations

from velvet_concurrency.workload.jobs import MODELS, Job, Model, Stop, Workload, calibrate, perform
from velvet_concurrency.workload.models import run_workload

__all__ = ["MODELS", "Job", "Model", "Stop", "Workload", "calibrate", "perform", "run_workload"]
