"""The report: a folder with one page that shows a run and opens without a server."""
