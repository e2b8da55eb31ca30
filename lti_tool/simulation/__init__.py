"""A seeded school term, told to the real tool and to a plain model, which must agree after every step."""
