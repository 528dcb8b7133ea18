"""The session without a picture on a screen: what the command line, programs and tests use."""
