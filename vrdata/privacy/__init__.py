"""Keep the user's secrets from generators and from the programs that vrdata starts."""
