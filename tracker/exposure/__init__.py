"""What others may reach: headers, cookies, proxies, and the open example."""
