"""Review and sign-off: what a run made, looked at beside what it was, and what somebody says."""
