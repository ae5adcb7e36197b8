"""Policy, provenance and what a later disclosure needs."""
