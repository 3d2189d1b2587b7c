"""Forms that the province sends, as files, filled from what is published.

A form says what the published marts say, checks it by the form's own rules, and writes it. No figure is made here.
"""
