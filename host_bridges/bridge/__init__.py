"""What a host loads: the wire to the worker. Standard library only."""
