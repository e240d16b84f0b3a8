"""Requests to the Hub, and what fails."""
