"""Measurements that are not tests: run by hand, compared side by side in one run."""
