"""pip with the settings of the user, which the builds that it starts do not see."""
