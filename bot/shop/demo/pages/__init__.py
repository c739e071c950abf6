"""The hand-written product pages, one file a department."""
