"""The encoders beside the built-in one: what a package brings, and what remembers vectors for any of them."""
