"""Who owns credits: licences, the courses bound to them, their managers and their machine API keys."""
