"""The command line: options, commands and progress; what they run and print stands in `jobs` and `reports`."""
