"""What only the Android package needs, read when it is built: a manifest entry, a resource, the hook that adds them."""
