"""Speed and memory, as ratios in one run: machines are noisy, ratios hold.

`python -m benchmarks` prints the table; each contestant runs in a process of its own. Nothing here is a test.
"""
