"""Grids: the sheets of workbooks and the tables of pages, and the heading in them."""
