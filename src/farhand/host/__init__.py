"""The agent on the computer that is reached."""
