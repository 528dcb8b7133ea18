"""The blind relay: two legs of one call, bytes passed and counted, never read."""
