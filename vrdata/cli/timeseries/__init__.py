"""Commands about time series in Parquet."""
