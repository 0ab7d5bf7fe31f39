"""Peers that our controller is measured beside; they come with the extra `bench`."""
