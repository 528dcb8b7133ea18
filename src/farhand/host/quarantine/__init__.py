"""What arrives is looked at before it gets its name: rules, clamd, archives, and where finds are kept."""
