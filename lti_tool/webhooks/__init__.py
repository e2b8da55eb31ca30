"""What other programs are told of a licence's books: endpoints, signed messages, and the log of each delivery."""
