"""A stand-in for Stripe on this machine, for the demo and tests: the official SDK speaks with it; no money moves."""
