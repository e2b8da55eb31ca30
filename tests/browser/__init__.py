"""The tool as people see it: in Chromium, inside the demo LMS's frame, with third-party cookies blocked."""
