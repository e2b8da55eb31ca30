"""Everything with a URL: a folder is a first path segment, a file a page or an endpoint."""
