"""Database systems: drivers, ORMs, pools, isolation and migrations, each with its price.

Import what you need from its own module: `domain` is the shop that everything stores, `stores`
holds the contenders.
"""
