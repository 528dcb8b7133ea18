"""Farhand: see, operate and look after a computer that is somewhere else."""

__version__ = "0.1.0"
