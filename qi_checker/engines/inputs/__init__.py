"""Make the ready tables that compiled queries read, in the database of the raw records."""
