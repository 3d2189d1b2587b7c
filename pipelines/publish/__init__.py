"""From the built warehouse to what people read: an immutable, versioned DuckDB file behind a pointer.

Readers open the published file and never the warehouse. A publish either moves the pointer to a complete, checked
file or changes nothing. What a figure means is dbt's matter.
"""
