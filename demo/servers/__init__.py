"""The servers of the demo province: one module a protocol. What they serve is made elsewhere in `demo`."""
