"""Pulls against real servers on the loopback interface: no client of ours is mocked."""
