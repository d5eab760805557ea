"""Brings a data set onto the disk: resumed where it was cut, checked, unpacked."""
