"""The main menu and the crumbs: which page stands in which part of the site."""
