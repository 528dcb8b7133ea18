"""What every part shares: settings, logging, tasks and ids."""
