"""The host's files, as far as its owner has opened them: what the services of both rights share."""
