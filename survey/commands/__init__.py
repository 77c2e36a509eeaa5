"""Commands: one file per noun typed after `flask --app survey`."""
