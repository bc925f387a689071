"""No library call has these features by itself; Authlib is the independent client in the tests."""

default = None
