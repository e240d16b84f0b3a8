"""pip, with the settings of the user; the builds that it starts do not see them."""
