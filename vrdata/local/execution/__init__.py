"""Run shards on worker processes of this machine, with retries."""
