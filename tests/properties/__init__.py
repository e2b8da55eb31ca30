"""Promises that hold for every input or every order of events, searched for a counterexample."""
