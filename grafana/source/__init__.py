"""What the dashboards are made of; make_dashboards.py puts them together."""
