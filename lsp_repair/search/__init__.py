"""The built-in repair engine: templates that turn suspicious lines into candidate patches."""
