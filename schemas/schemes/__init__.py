"""The scoring schemes that come with the product, as documents: data, read by `schemas.scheme.shipped`."""
