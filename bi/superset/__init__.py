"""Apache Superset: a dashboard to begin with, as a bundle that Superset's own import takes."""
