"""The least code that is safe, with the same durable effects as the tool: what its speed is held against."""
