"""From damage to encoded pictures: capture, classify, encode, pace."""
