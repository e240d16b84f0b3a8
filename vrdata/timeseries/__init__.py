"""Multimodal time series in Parquet: one row is one episode of text, trajectories and video."""
