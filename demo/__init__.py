"""The demo province: real servers with seeded contents, and a ledger of what they should add up to.

`demo.serve` brings it up, `demo.truth` knows the answers, `demo.faults` lists what can go wrong on demand. The pipeline's
steps never import this package; they meet it over the wire.
"""
