"""Kho Tỉnh: the code location that carries a province's exports from their source to the published file.

One package a step, one direction: extract, archive, parse, validate, load, build, publish. Each step knows the one
before it by its product only. `assets` wires the steps into Dagster and `cli` is what people type; no step imports
either of them.
"""
