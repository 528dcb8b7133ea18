"""The sans-IO protocol: bytes, time and randomness come in as arguments, events and bytes go out."""
