"""What an operator does at the command line, one file per noun."""
