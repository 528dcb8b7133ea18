"""What a caller may use on the host: one service a file, none importing another."""
