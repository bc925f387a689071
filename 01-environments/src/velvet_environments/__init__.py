"""Which tool should create, lock and install an environment, and what does it cost?

`wheelsmith` builds tiny packages, `localindex` and `indexserver` serve them on loopback, `sandbox`
and `toolbox` run the real tools against that index, and `contenders` holds one tool a file.
`locks`, `digest`, `inspector` and `depgraph` read what the tools wrote; `resolve` does itself what
a resolver does, step by step.
"""
