"""Spoils sound files of every layout and demands of each: rows that all count, or a refusal that says what is wrong.

`corpus` makes the sound files, `spoiling` the spoilt ones, `worker` reads them in a process that may be killed,
`watch` keeps time and memory. `python -m tests.fuzz SECONDS` is `make fuzz`.
"""
