"""The parts of the feed page: notifiers/feed.py puts them into one file."""
