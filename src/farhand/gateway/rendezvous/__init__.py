"""Where both sides meet: routes and host ids on one side, viewers who dial them on the other."""
