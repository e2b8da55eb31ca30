"""The protocol: who may launch, and what a launch says. No credits, no Flask; the only room that sees PyLTI1p3."""
