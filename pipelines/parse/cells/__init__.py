"""What a cell's text means: values of each type, units, and columns that are not what they were."""
