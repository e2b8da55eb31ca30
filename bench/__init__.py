"""What the tool costs, measured on the machine at hand."""
