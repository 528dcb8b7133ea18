"""The gateway's part of the audit: its own events, and copies of what hosts recorded."""
