"""CouchDB's replication protocol, both ends. Knows nothing of checklists and is useful on its own."""
