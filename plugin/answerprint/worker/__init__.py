"""The process that does the work: jobs, their files, and the wire to a host."""
