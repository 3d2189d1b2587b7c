"""HTTP systems: logins, pages, downloads, and what an answer means."""
