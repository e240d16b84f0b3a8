"""Commands for administrators: doctor, uninstall."""
