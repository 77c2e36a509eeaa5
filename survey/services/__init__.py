"""Services: writes. Each function is a verb and one transaction."""
