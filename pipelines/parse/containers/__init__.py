"""The packing around a file: what it is, and how it is taken out within bounds."""
