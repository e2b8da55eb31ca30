"""1EdTech's certification suite for LTI 1.3 tools, case by case."""
