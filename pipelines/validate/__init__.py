"""From parsed rows and a suite of expectations to a verdict: accepted, accepted with warnings, or refused.

Great Expectations judges; the suites in `expectations/` say what by. Which cells can be read is `parse`'s matter,
what a verdict does to the warehouse is `load`'s. Great Expectations takes seconds to import: it is imported by the
step that validates, never by the code location.
"""
