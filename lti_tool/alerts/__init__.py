"""When a licence runs low: what its managers are told on the Overview and, where they asked for it, by e-mail."""
