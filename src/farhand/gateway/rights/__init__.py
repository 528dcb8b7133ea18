"""Who may do what on which host: devices, rules, approvals, and the short-lived grants that come of them."""
