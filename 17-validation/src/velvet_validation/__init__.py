"""Which bad data does a validation library let through, and what does each check cost?

`cases` holds the payloads and the sixty faults, `contenders` one adapter a library, `catch` the
score of each; the rest is what stands around a validator in production: a guard for hostile
JSON, problem documents without secrets, streams, settings, versions, and checks of JSON Schemas.
"""
