"""The service: a gateway for phones, pages for people, an API for programs."""
