"""Set-up and start: what stands behind `make run` and `make test`. Knows no part of the product."""
