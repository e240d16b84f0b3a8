"""Layouts of exported samples: which file of a sample is where, and with which bytes. Pure."""
