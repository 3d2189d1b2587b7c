"""From the built warehouse to what people read: immutable, versioned files behind pointers, bound by a manifest.

Readers open the published files and never the warehouse. A publish either moves the pointers to complete, checked files
or changes nothing. What a figure means is dbt's matter.
"""
