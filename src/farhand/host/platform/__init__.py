"""The only modules that import operating-system libraries for screens and input."""
