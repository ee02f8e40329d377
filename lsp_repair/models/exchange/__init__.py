"""How a request goes over the wire and what comes back: both of the APIs, their events, errors, figures and recordings."""
