"""What an analysis stores and publishes, as types, and the checks of records that come from outside."""
