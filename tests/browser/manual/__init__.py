"""The documentation as its readers see it: pictures taken by a script, and the built site in a browser."""
