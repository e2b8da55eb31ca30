"""A small, real LTI 1.3 platform to try Creditroll in: it knows the tool by HTTP only, as any LMS does."""
