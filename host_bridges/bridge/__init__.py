"""What a host loads: the wire to the worker, the adapter interface, results and sessions.

Standard library only."""
