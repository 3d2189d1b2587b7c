"""Ready-made beginnings for BI tools that read what is published. Nothing here is part of a run."""
