"""The X11 platform: pictures, input, clipboard and the person's windows on an X server."""
