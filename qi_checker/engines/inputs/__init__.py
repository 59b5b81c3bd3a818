"""The ready tables that compiled queries read, made in whatever database the raw records are in."""
