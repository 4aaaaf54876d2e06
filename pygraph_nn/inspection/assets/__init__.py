"""The files a picture's page is made of: package data, read by ``page.py``."""
