"""Tests of the demo LMS: it must be a platform that a careful tool can believe."""
