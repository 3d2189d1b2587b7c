"""From a published figure back to what it was made of."""
