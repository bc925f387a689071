"""What is in the file, which backend made it, and can you prove it?

`project` writes one project for any backend of `contenders`, and `frontends` builds it. `zipaudit`,
`record`, `wheel`, `sdist` and `metadata` read what came out; `repro` and `normalize` rebuild it
and compare bytes. `registry` and `publish` send it over the wire, `attest` signs it, and `legacy`
shows why all this replaced `setup.py`.
"""
