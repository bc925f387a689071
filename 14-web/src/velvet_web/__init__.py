"""One task board built five times over the same store and contract, its servers, and a load generator.

`board` holds the contract's operations, `contenders` their five front ends, `servers` starts them
as real processes, `conformance` and `attacks` judge them, and `loadgen` measures them.
"""
