"""The trusted viewer: the installed bundle, served from this computer to this user's browser alone."""
