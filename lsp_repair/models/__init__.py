"""Language models: endpoints and their prices, what is sent, what comes back, and every call in the books.

Nothing here runs tests or judges patches; only `wire` knows the SDK.
"""
